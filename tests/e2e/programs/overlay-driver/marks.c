// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "layers.h"
#include "operation.h"
#include "scenarios.h"

void set_up_five(struct union_fs *u)
{
	for (int layer = 1; layer <= 5; layer++) {
		char *path = format("/in%d", layer);

		lower_file(u, layer, path, layer * 1000);
		path = format("/gone%d", layer);
		lower_file(u, layer, path, 10);
		path = format("/shadow/in%d", layer);
		lower_file(u, layer, path, 10);
		/* stacked%d stands in layer %d and all below it */
		for (int below = layer; below <= 5; below++) {
			path = format("/stacked%d", layer);
			lower_file(u, below, path, below * 11);
		}
	}
	/* A whiteout and an opaque directory in the middle. */
	lower_file(u, 5, "/hidden", 10);
	lower_node(u, 3, "/hidden", S_IFCHR | 0600, makedev(0, 0));
	lower_opaque(u, 2, "/opaque");
	lower_file(u, 2, "/opaque/two", 10);
	lower_file(u, 4, "/opaque/four", 10);
}

void set_up_rich(struct union_fs *u)
{
	lower_file(u, 1, "/meta", 7777);
	lower_file(u, 2, "/meta-chown", 5000);
	lower_file(u, 2, "/meta-rename", 5000);
	lower_file(u, 2, "/meta-link", 5000);
	lower_file(u, 2, "/meta-truncate", 5000);
	lower_file(u, 1, "/data", 5000);
	lower_file(u, 2, "/meta-delete", 5000);
	lower_file(u, 1, "/dir/inside", 5000);
	lower_file(u, 2, "/dir/below/inside", 5000);
	lower_file(u, 2, "/dir/stays", 50);
	lower_file(u, 2, "/dir2/inside", 5000);
	lower_file(u, 1, "/other/file", 5000);
	lower_file(u, 2, "/swap-dir/x", 10);
	lower_file(u, 2, "/swap-file", 10);
	lower_file(u, 1, "/h/one", 6000);
	lower_link(u, 1, "/h/one", "/h/two");
	lower_link(u, 1, "/h/one", "/h/three");
	lower_file(u, 2, "/h/a", 6000);
	lower_link(u, 2, "/h/a", "/h/b");
}

void do_five(struct union_fs *u, bool cold)
{
	enum who who = SELF;

	for (int layer = 1; layer <= 5; layer++) {
		IN_UNION("chmod", format("/in%d", layer), .mode = 0600);
		IN_UNION("unlink", format("/gone%d", layer));
		IN_UNION("unlink", format("/shadow/in%d", layer));
		IN_UNION("open", format("/stacked%d", layer), .flags = O_WRONLY);
		IN_UNION("unlink", format("/stacked%d", layer));
	}
	IN_UNION("rmdir", "/shadow");
	IN_UNION("open", "/hidden", .flags = O_WRONLY);
	IN_UNION("open", "/hidden", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	/* No lower shows below the whiteout of layer 3: nothing to hide. */
	IN_UNION("unlink", "/hidden");
	IN_UNION("unlink", "/opaque/four");
	IN_UNION("unlink", "/opaque/two");
	IN_UNION("open", "/opaque/four", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	IN_UNION("unlink", "/opaque/four");
	IN_UNION("rmdir", "/opaque");
}

void do_rich(struct union_fs *u, bool cold)
{
	enum who who = SELF;

	IN_UNION("chmod", "/meta", .mode = 0600);
	IN_UNION("utimensat", "/meta");
	IN_UNION("open", "/meta", .flags = O_WRONLY);
	IN_UNION("open", "/meta", .flags = O_WRONLY);
	IN_UNION("chown", "/meta-chown", .mode = USER);
	IN_UNION("open", "/meta-chown", .flags = O_WRONLY | O_TRUNC);
	IN_UNION("rename", "/meta-rename", .path2 = "/meta-renamed");
	IN_UNION("open", "/meta-renamed", .flags = O_RDWR);
	IN_UNION("link", "/meta-link", .path2 = "/meta-linked");
	IN_UNION("open", "/meta-linked", .flags = O_RDWR);
	IN_UNION("chmod", "/meta-truncate", .mode = 0600);
	IN_UNION("truncate", "/meta-truncate", .mode = 10);
	IN_UNION("open", "/data", .flags = O_WRONLY);
	IN_UNION("chmod", "/data", .mode = 0600);
	IN_UNION("chmod", "/meta-delete", .mode = 0600);
	IN_UNION("unlink", "/meta-delete");

	IN_UNION("rename", "/dir", .path2 = "/dir-new");
	IN_UNION("open", "/dir-new/inside", .flags = O_WRONLY);
	IN_UNION("unlink", "/dir-new/below/inside");
	IN_UNION("rename", "/dir-new/stays", .path2 = "/other/went");
	IN_UNION("rename", "/dir-new", .path2 = "/other/dir-newer");
	IN_UNION("rename", "/dir2", .path2 = "/other/dir2");
	IN_UNION("rmdir", "/other/dir2");
	IN_UNION("unlink", "/other/dir2/inside");
	IN_UNION("rmdir", "/other/dir2");
	IN_UNION("rename", "/swap-dir", .path2 = "/swap-file", .flags = RENAME_EXCHANGE);
	IN_UNION("mkdir", "/dir", .mode = 0755);
	IN_UNION("rename", "/dir", .path2 = "/other/plain-dir");

	IN_UNION("open", "/h/one", .flags = O_WRONLY);
	IN_UNION("open", "/h/two", .flags = O_WRONLY);
	IN_UNION("chmod", "/h/three", .mode = 0600);
	IN_UNION("unlink", "/h/one");
	IN_UNION("chmod", "/h/a", .mode = 0600);
	IN_UNION("open", "/h/b", .flags = O_WRONLY);
	IN_UNION("unlink", "/h/b");
	IN_UNION("unlink", "/h/a");
}
