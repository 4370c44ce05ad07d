// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "layers.h"
#include "longest_name.h"
#include "operation.h"
#include "scenarios.h"

enum kind { FILE_OF_DATA, HOLES, ONLY_HOLE, LINK, FIFO, DEVICE, DIRECTORY, NOTHING };

/** One object of one layer, and one call on it. */
static const struct object {
	const char *path;
	int layer;
	enum kind kind;
	long size;
	const char *call;
	long flags, mode;
	enum who who;
} objects[] = {
	{ "/f/wronly", 1, FILE_OF_DATA, 5000, "open", O_WRONLY, 0, SELF },
	{ "/f/rdwr", 2, FILE_OF_DATA, 4096, "open", O_RDWR, 0, THREAD },
	{ "/f/append", 3, FILE_OF_DATA, 1, "open", O_WRONLY | O_APPEND, 0, OTHER_NS },
	{ "/f/trunc", 1, FILE_OF_DATA, 70000, "open", O_WRONLY | O_TRUNC, 0, SELF },
	{ "/f/creat", 1, FILE_OF_DATA, 70000, "creat", 0, 0644, SELF },
	{ "/f/rdonly-trunc", 2, FILE_OF_DATA, 70000, "open", O_RDONLY | O_TRUNC, 0, SELF },
	{ "/f/rdonly", 3, FILE_OF_DATA, 100, "open", O_RDONLY, 0, SELF },
	{ "/f/opath", 3, FILE_OF_DATA, 100, "open", O_PATH, 0, SELF },
	{ "/f/o_creat-read", 1, FILE_OF_DATA, 100, "open", O_RDONLY | O_CREAT, 0644, SELF },
	{ "/f/o_creat-write", 1, FILE_OF_DATA, 100, "open", O_WRONLY | O_CREAT, 0644, SELF },
	{ "/f/o_excl", 1, FILE_OF_DATA, 100, "open", O_WRONLY | O_CREAT | O_EXCL, 0644, SELF },
	{ "/f/truncate", 2, FILE_OF_DATA, 70000, "truncate", 0, 100, SELF },
	{ "/f/grow", 2, FILE_OF_DATA, 100, "truncate", 0, 70000, THREAD },
	{ "/f/chmod", 3, FILE_OF_DATA, 12345, "chmod", 0, 0600, SELF },
	{ "/f/fchmod", 3, FILE_OF_DATA, 12345, "fchmod", 0, 0600, OTHER_NS },
	{ "/f/chown", 1, FILE_OF_DATA, 9999, "chown", 0, USER, SELF },
	{ "/f/utimes", 1, FILE_OF_DATA, 9999, "utimensat", 0, 0, SELF },
	{ "/f/setxattr", 1, FILE_OF_DATA, 9999, "setxattr", 0, 0, SELF },
	{ "/f/removexattr", 1, FILE_OF_DATA, 9999, "removexattr", 0, 0, SELF },
	{ "/f/acl", 1, FILE_OF_DATA, 9999, "setacl", 0, 0, SELF },
	{ "/f/setflags", 1, FILE_OF_DATA, 9999, "setflags", 0, 0, SELF },
	{ "/f/symlink", 2, LINK, 0, "lchown", 0, USER, SELF },
	{ "/f/fifo", 2, FIFO, 0, "chmod", 0, 0600, SELF },
	{ "/f/device", 2, DEVICE, 0, "chmod", 0, 0600, SELF },
	{ "/f/directory", 2, DIRECTORY, 0, "chmod", 0, 0700, SELF },
	{ "/deep/a/b/c/file", 3, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/deep-new/a/b/c/new", 3, NOTHING, 0, "open", O_WRONLY | O_CREAT, 0644, SELF },
	{ "/f/holes", 1, HOLES, 0, "chmod", 0, 0600, SELF },
	{ "/f/only-hole", 1, ONLY_HOLE, 3 * MIB + 5, "open", O_WRONLY, 0, SELF },
	{ "/f/empty", 1, FILE_OF_DATA, 0, "open", O_WRONLY, 0, SELF },
	{ "/f/mebibyte", 1, FILE_OF_DATA, MIB, "open", O_WRONLY, 0, SELF },
	{ "/f/" NAME_255, 1, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/f/with spaces  ", 2, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/f/quote\"back\\slash", 2, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/f/new\nline\ttab\033", 2, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/f/Grüße-日本", 2, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/f/latin1-\xe9", 2, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/f/not-permitted", 1, FILE_OF_DATA, 10, "open", O_WRONLY, 0, OTHER_USER },
	{ "/f/not-owner", 1, FILE_OF_DATA, 10, "chmod", 0, 0777, OTHER_USER },
	{ "/free/by-user", 1, NOTHING, 0, "open", O_WRONLY | O_CREAT | O_EXCL, 0600, OTHER_USER },
	{ "/free/dir-by-user", 1, NOTHING, 0, "mkdir", 0, 0700, OTHER_USER },
	{ "/mine/file", 2, FILE_OF_DATA, 33, "open", O_RDWR, 0, OTHER_USER },
	{ "/mine/times", 2, FILE_OF_DATA, 33, "utimensat", 0, 0, OTHER_USER },
};

static void lower_object(struct union_fs *u, const struct object *o)
{
	int fd;

	switch (o->kind) {
	case FILE_OF_DATA:
		lower_file(u, o->layer, o->path, o->size);
		break;
	case HOLES: /* a hole at the start, a short one inside, a long one, and one at the end */
		fd = lower_open(u, o->layer, o->path);
		write_data(fd, 64 * KIB, 4096);
		write_data(fd, 80 * KIB, 4096);
		write_data(fd, 5 * MIB, 100 * KIB + 77);
		if (ftruncate(fd, 8 * MIB) < 0)
			die("ftruncate");
		close(fd);
		break;
	case ONLY_HOLE:
		fd = lower_open(u, o->layer, o->path);
		if (ftruncate(fd, o->size) < 0)
			die("ftruncate");
		close(fd);
		break;
	case LINK:
		lower_symlink(u, o->layer, o->path);
		break;
	case FIFO:
		lower_node(u, o->layer, o->path, S_IFIFO | 0644, 0);
		break;
	case DEVICE:
		lower_node(u, o->layer, o->path, S_IFCHR | 0644, makedev(1, 3));
		break;
	case DIRECTORY:
		lower_directory(u, o->layer, o->path);
		break;
	case NOTHING:
		(void)in_layer(u, o->layer, o->path);
		break;
	}
	if (strncmp(o->path, "/mine/", 6) == 0 && chown(in_layer(u, o->layer, o->path), USER, USER) < 0)
		die(o->path);
}

void set_up_files(struct union_fs *u)
{
	for (size_t i = 0; i < COUNT(objects); i++)
		lower_object(u, &objects[i]);
	for (int layer = 1; layer <= u->layers; layer++)
		if (chmod(in_layer(u, layer, "/free/"), 0777) < 0 && layer == 1)
			die("/free");
}

void do_files(struct union_fs *u, bool cold)
{
	enum who who = SELF;

	for (size_t i = 0; i < COUNT(objects); i++) {
		const struct object *o = &objects[i];

		who = o->who;
		IN_UNION(o->call, o->path, .flags = o->flags, .mode = o->mode);
	}
	who = SELF;
	/* Once more on what is up already: nothing is copied up again. */
	IN_UNION("open", "/f/wronly", .flags = O_WRONLY);
	IN_UNION("open", "/f/wronly", .flags = O_WRONLY | O_TRUNC);
	IN_UNION("chmod", "/f/chmod", .mode = 0640);
	IN_UNION("truncate", "/f/grow", .mode = 5);
}
