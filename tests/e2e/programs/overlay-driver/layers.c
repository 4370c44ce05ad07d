// SPDX-License-Identifier: BSD-2-Clause
#include "layers.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base.h"

void write_data(int fd, off_t at, long bytes)
{
	char block[4096];

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = 'a' + i % 26;
	while (bytes > 0) {
		size_t size = bytes < (long)sizeof(block) ? bytes : (long)sizeof(block);

		if (pwrite(fd, block, size, at) != (ssize_t)size)
			die("pwrite");
		at += size;
		bytes -= size;
	}
}

char *in_layer(const struct union_fs *u, int layer, const char *path)
{
	char *whole = format("%s%s", u->lower[layer - 1], path);

	for (char *at = whole + strlen(u->lower[layer - 1]) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		make_directory(whole);
		*at = '/';
	}
	return whole;
}

void lower_directory(struct union_fs *u, int layer, const char *path)
{
	make_directory(in_layer(u, layer, path));
}

int lower_open(struct union_fs *u, int layer, const char *path)
{
	char *whole = in_layer(u, layer, path);
	int fd = open(whole, O_RDWR | O_CREAT | O_EXCL, 0644);

	if (fd < 0)
		die(whole);
	return fd;
}

void lower_file(struct union_fs *u, int layer, const char *path, long size)
{
	int fd = lower_open(u, layer, path);

	write_data(fd, 0, size);
	/* Whoever needs an attribute to remove has one. */
	if (fsetxattr(fd, "trusted.there", "y", 1, 0) < 0)
		die("fsetxattr");
	close(fd);
}

void lower_node(struct union_fs *u, int layer, const char *path, mode_t mode, dev_t device)
{
	if (mknod(in_layer(u, layer, path), mode, device) < 0)
		die(path);
}

void lower_link(struct union_fs *u, int layer, const char *path, const char *path2)
{
	if (link(in_layer(u, layer, path), in_layer(u, layer, path2)) < 0)
		die(path2);
}

void lower_symlink(struct union_fs *u, int layer, const char *path)
{
	if (symlink("nowhere", in_layer(u, layer, path)) < 0)
		die(path);
}

void lower_opaque(struct union_fs *u, int layer, const char *path)
{
	lower_directory(u, layer, path);
	if (setxattr(in_layer(u, layer, path), "trusted.overlay.opaque", "y", 1, 0) < 0)
		die(path);
}
