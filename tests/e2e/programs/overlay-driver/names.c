// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "layers.h"
#include "longest_name.h"
#include "operation.h"
#include "scenarios.h"

static void set_up_links_and_renames(struct union_fs *u)
{
	lower_file(u, 1, "/r/linked", 100);
	lower_file(u, 1, "/r/plain", 100);
	lower_file(u, 2, "/r/over-a", 200);
	lower_file(u, 1, "/r/over-b", 300);
	lower_file(u, 3, "/r/onto-whiteout", 300);
	lower_file(u, 3, "/r/gone", 300);
	lower_file(u, 2, "/r/gone2", 300);
	lower_file(u, 1, "/r/swap-a", 10);
	lower_file(u, 3, "/r/swap-b", 20);
	lower_file(u, 1, "/r/half-a", 10);
	lower_file(u, 2, "/r/noreplace", 10);
	lower_file(u, 2, "/r/there", 10);
	lower_file(u, 2, "/far/away/file", 10);
	lower_file(u, 3, "/r/up-and-away", 10);
	lower_file(u, 2, "/r/directory/inside", 10);
	lower_symlink(u, 2, "/r/symlink");
	lower_file(u, 2, "/r/hard1", 5000);
	lower_link(u, 2, "/r/hard1", "/r/hard2");
}

static void set_up_removals(struct union_fs *u)
{
	lower_file(u, 1, "/d/lower", 10);
	lower_file(u, 2, "/d/lower2", 10);
	lower_file(u, 3, "/d/both", 10);
	lower_file(u, 1, "/d/both", 20);
	lower_file(u, 2, "/d/copied", 10);
	lower_file(u, 3, "/d/again", 10);
	lower_file(u, 3, "/d/by-ns", 10);
	lower_directory(u, 2, "/d/dir");
	lower_file(u, 2, "/d/merged/two", 10);
	lower_file(u, 3, "/d/merged/three", 10);
	lower_directory(u, 1, "/d/merged");
	lower_file(u, 3, "/d/full/inside", 10);
	lower_symlink(u, 1, "/d/symlink");
	lower_node(u, 1, "/d/fifo", S_IFIFO | 0600, 0);
	lower_file(u, 3, "/only/here/file", 10);
	lower_directory(u, 3, "/reborn");
	lower_file(u, 3, "/reborn/old", 10);
}

static void set_up_creates(struct union_fs *u)
{
	lower_directory(u, 1, "/c");
	lower_directory(u, 2, "/c");
	lower_directory(u, 3, "/c3");
}

void set_up_names(struct union_fs *u)
{
	set_up_links_and_renames(u);
	set_up_removals(u);
	set_up_creates(u);
}

static void do_links(struct union_fs *u, bool cold)
{
	enum who who = SELF;

	IN_UNION("link", "/r/linked", .path2 = "/r/linked-new");
	IN_UNION("link", "/r/linked-new", .path2 = "/c/linked-newer");
	IN_UNION("link", "/r/nothing", .path2 = "/r/linked-nothing");
	IN_UNION("link", "/r/linked", .path2 = "/r/plain");
}

static void do_renames(struct union_fs *u, bool cold)
{
	enum who who = SELF;

	IN_UNION("rename", "/r/plain", .path2 = "/r/renamed");
	IN_UNION("rename", "/r/renamed", .path2 = "/r/renamed-again");
	IN_UNION("rename", "/r/renamed-again", .path2 = "/r/plain");
	IN_UNION("rename", "/r/over-a", .path2 = "/r/over-b");
	IN_UNION("unlink", "/r/gone");
	IN_UNION("rename", "/r/onto-whiteout", .path2 = "/r/gone");
	IN_UNION("unlink", "/r/gone2");
	who = THREAD;
	IN_UNION("open", "/r/upper", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	IN_UNION("rename", "/r/upper", .path2 = "/r/gone2");
	who = SELF;
	IN_UNION("rename", "/r/swap-a", .path2 = "/r/swap-b", .flags = RENAME_EXCHANGE);
	IN_UNION("open", "/r/half-b", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	IN_UNION("rename", "/r/half-a", .path2 = "/r/half-b", .flags = RENAME_EXCHANGE);
	IN_UNION("rename", "/r/noreplace", .path2 = "/r/there", .flags = RENAME_NOREPLACE);
	IN_UNION("rename", "/r/noreplace", .path2 = "/r/not-there", .flags = RENAME_NOREPLACE);
	IN_UNION("rename", "/far/away/file", .path2 = "/c3/file");
	who = OTHER_NS;
	IN_UNION("rename", "/r/up-and-away", .path2 = "/c/up-and-away");
	who = SELF;
	IN_UNION("rename", "/r/directory", .path2 = "/r/directory-new");
	IN_UNION("rename", "/r/symlink", .path2 = "/r/symlink-new");
	IN_UNION("rename", "/r/hard1", .path2 = "/r/hard2");
	IN_UNION("open", "/r/same1", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	IN_UNION("link", "/r/same1", .path2 = "/r/same2");
	IN_UNION("rename", "/r/same1", .path2 = "/r/same2");
	IN_UNION("rename", "/r/nothing", .path2 = "/r/nothing-new");
}

static void do_creates(struct union_fs *u, bool cold)
{
	enum who who = SELF;
	long unnamed;

	IN_UNION("open", "/c/excl", .flags = O_WRONLY | O_CREAT | O_EXCL, .mode = 0644);
	IN_UNION("open", "/c/read", .flags = O_RDONLY | O_CREAT, .mode = 0444);
	IN_UNION("creat", "/c/creat", .mode = 0600);
	IN_UNION("mkdir", "/c/dir", .mode = 0755);
	IN_UNION("mkdir", "/c/dir/sub", .mode = 0755);
	IN_UNION("mkdir", "/c3/dir", .mode = 0755);
	IN_UNION("mkdir", "/c/dir", .mode = 0755);
	IN_UNION("mknod", "/c/fifo", .mode = S_IFIFO | 0600);
	IN_UNION("mknod", "/c/file", .mode = S_IFREG | 0600);
	IN_UNION("mknod", "/c/device", .mode = S_IFCHR | 0600, .flags = makedev(1, 3));
	IN_UNION("mknod", "/c/whiteout", .mode = S_IFCHR | 0600, .flags = makedev(0, 0));
	IN_UNION("symlink", "/c/symlink", .text = "some where");
	IN_UNION("bind", "/c/socket");
	IN_UNION("open", "/c/nowhere/file", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	IN_UNION("mkdir", "/c/dir/" NAME_255, .mode = 0755);
	IN_UNION("open", "/c/dir/" NAME_255 "/" NAME_255, .flags = O_WRONLY | O_CREAT, .mode = 0644);
	IN_UNION("rename", "/c/dir/sub", .path2 = "/c/sub-moved");
	unnamed = IN_UNION("tmpfile", "/c");
	if (unnamed >= 0) {
		IN_UNION("linktmp", "/c/was-tmpfile");
		close(unnamed);
	}
}

static void do_removals(struct union_fs *u, bool cold)
{
	enum who who = SELF;

	IN_UNION("unlink", "/d/lower");
	IN_UNION("unlink", "/d/lower");
	IN_UNION("unlink", "/d/both");
	who = THREAD;
	IN_UNION("unlink", "/d/lower2");
	who = OTHER_NS;
	IN_UNION("unlink", "/d/by-ns");
	who = SELF;
	IN_UNION("open", "/d/copied", .flags = O_WRONLY);
	IN_UNION("unlink", "/d/copied");
	IN_UNION("open", "/d/upper", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	IN_UNION("unlink", "/d/upper");
	IN_UNION("unlink", "/d/again");
	IN_UNION("open", "/d/again", .flags = O_WRONLY | O_CREAT | O_EXCL, .mode = 0644);
	IN_UNION("unlink", "/d/again");
	IN_UNION("symlink", "/d/again", .text = "once more");
	IN_UNION("unlink", "/d/again");
	IN_UNION("mkdir", "/d/again", .mode = 0755);
	IN_UNION("rmdir", "/d/again");
	IN_UNION("rmdir", "/d/full");
	IN_UNION("unlink", "/d/full");
	IN_UNION("unlink", "/d/symlink");
	IN_UNION("unlink", "/d/fifo");
	IN_UNION("rmdir", "/d/dir");
	IN_UNION("mkdir", "/d/dir", .mode = 0755);
	IN_UNION("mkdir", "/d/dir/inside", .mode = 0755);
	IN_UNION("rmdir", "/d/dir");
	IN_UNION("rmdir", "/d/dir/inside");
	IN_UNION("rmdir", "/d/dir");
	IN_UNION("rmdir", "/d/merged");
	IN_UNION("unlink", "/d/merged/two");
	IN_UNION("unlink", "/d/merged/three");
	IN_UNION("rmdir", "/d/merged");
	IN_UNION("rmdir", "/d/nothing");
	IN_UNION("unlink", "/only/here/file");
	IN_UNION("unlink", "/reborn/old");
	IN_UNION("rmdir", "/reborn");
	IN_UNION("mkdir", "/reborn", .mode = 0755);
	IN_UNION("open", "/reborn/old", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	IN_UNION("unlink", "/reborn/old");
	IN_UNION("rmdir", "/reborn");
	who = OTHER_USER;
	IN_UNION("unlink", "/d/full/inside");
	IN_UNION("unlink", "/free/by-user");
	IN_UNION("rmdir", "/free/dir-by-user");
}

void do_names(struct union_fs *u, bool cold)
{
	do_links(u, cold);
	do_renames(u, cold);
	do_creates(u, cold);
	do_removals(u, cold);
}
