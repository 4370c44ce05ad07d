// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/strings.h"
#include "container/table.h"
#include "store/tree.h"

#define PATH_LIMIT 65536

struct walk {
	int (*visit)(const struct mica_tree_entry *entry, void *userdata);
	void *userdata;
	struct mica_buffer path;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(int fd, struct mica_strings *names)
{
	_cleanup_closedir_ DIR *directory = mica_tree_read(fd);
	const struct dirent *entry;
	int r = 0;

	if (!directory)
		return -errno;
	while (r == 0 && (errno = 0, entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = mica_strings_add(names, entry->d_name);
	if (r == 0)
		r = -errno;
	if (names->count)
		qsort(names->items, names->count, sizeof(*names->items), compare_names);
	return r;
}

static int walk_directory(struct walk *walk, int fd);

static int walk_entry(struct walk *walk, int fd, const char *name)
{
	_cleanup_close_ int below = -EBADF;
	size_t size = walk->path.size;
	struct stat stat;
	int r;

	if (fstatat(fd, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (size)
		(void)mica_buffer_append_byte(&walk->path, '/');
	(void)mica_buffer_append_string(&walk->path, name);
	if (!mica_buffer_string(&walk->path))
		return -ENOMEM;
	if (walk->path.size > PATH_LIMIT)
		return -ENAMETOOLONG;
	r = walk->visit(
		&(struct mica_tree_entry){ .directory_fd = fd, .name = name, .path = walk->path.data, .stat = &stat },
		walk->userdata);
	if (r == 0 && S_ISDIR(stat.st_mode)) {
		below = mica_tree_open(fd, name, O_RDONLY | O_DIRECTORY);
		r = below < 0 ? below : walk_directory(walk, below);
	}
	walk->path.size = size;
	return r < 0 ? r : 0;
}

static int walk_directory(struct walk *walk, int fd)
{
	_cleanup_strings_ struct mica_strings names = {};
	int r = read_names(fd, &names);

	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = walk_entry(walk, fd, names.items[i]);
	return r;
}

int mica_tree_walk(int directory_fd, int (*visit)(const struct mica_tree_entry *entry, void *userdata), void *userdata)
{
	struct walk walk = { .visit = visit, .userdata = userdata };
	int r = walk_directory(&walk, directory_fd);

	mica_buffer_free(&walk.path);
	return r;
}

struct sizes {
	uint64_t bytes;
	/** Inodes with several links that were counted. */
	struct mica_table seen;
};

static int add_size(const struct mica_tree_entry *entry, void *userdata)
{
	struct sizes *sizes = userdata;
	const struct stat *stat = entry->stat;

	if (!S_ISREG(stat->st_mode) || (stat->st_nlink > 1 && mica_table_get(&sizes->seen, stat->st_ino)))
		return 0;
	sizes->bytes += (uint64_t)stat->st_size;
	return stat->st_nlink > 1 ? mica_table_put(&sizes->seen, stat->st_ino, sizes) : 0;
}

int mica_tree_size(int directory_fd, uint64_t *ret_bytes)
{
	struct sizes sizes = {};
	int r = mica_tree_walk(directory_fd, add_size, &sizes);

	mica_table_free(&sizes.seen, NULL);
	if (r == 0)
		*ret_bytes = sizes.bytes;
	return r;
}
