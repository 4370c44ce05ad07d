// SPDX-License-Identifier: BSD-2-Clause
#include "store/archive_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "container/table.h"
#include "store/archive_attributes.h"
#include "store/archive_library.h"
#include "store/digest.h"
#include "store/lower.h"
#include "store/tree.h"

#define CHUNK (256 * 1024)

struct output {
	struct archive *tar;
	struct archive_entry *entry;
	/* Inode of a file with several links -> its first name. */
	struct mica_table firsts;
	struct mica_buffer name;
	char *chunk;
	char *reason;
	size_t reason_size;
};

static void end(struct output *output)
{
	mica_table_free(&output->firsts, free);
	free(output->chunk);
	mica_buffer_free(&output->name);
	libarchive.archive_entry_free(output->entry);
	if (output->tar)
		(void)libarchive.archive_write_free(output->tar);
}

static int fail(struct output *output, int error, const char *path)
{
	if (!output->reason[0])
		(void)snprintf(output->reason, output->reason_size, "%s", path);
	return error;
}

static int put_header(struct output *output, const char *path)
{
	int r = libarchive.archive_write_header(output->tar, output->entry);

	/* A warning: a name is no text, and is written as bytes. */
	if (r == ARCHIVE_OK || r == ARCHIVE_WARN)
		return 0;
	return fail(output, libarchive.archive_errno(output->tar) > 0 ? -libarchive.archive_errno(output->tar) : -EIO,
		    path);
}

/* A whiteout file: `name` below the directory of `path`. */
static int put_mark(struct output *output, const char *directory, size_t directory_size, const char *prefix,
		    const char *name, const struct stat *stat)
{
	mica_buffer_reset(&output->name);
	(void)mica_buffer_append(&output->name, directory, directory_size);
	if (directory_size)
		(void)mica_buffer_append_byte(&output->name, '/');
	(void)mica_buffer_append_string(&output->name, prefix);
	(void)mica_buffer_append_string(&output->name, name);
	if (!mica_buffer_string(&output->name))
		return -ENOMEM;
	(void)libarchive.archive_entry_clear(output->entry);
	libarchive.archive_entry_set_pathname(output->entry, output->name.data);
	libarchive.archive_entry_set_filetype(output->entry, AE_IFREG);
	libarchive.archive_entry_set_size(output->entry, 0);
	libarchive.archive_entry_set_mtime(output->entry, stat->st_mtim.tv_sec, 0);
	return put_header(output, output->name.data);
}

static int add_xattr(struct output *output, const char *path, const char *name)
{
	char value[65536];
	ssize_t size;

	if (mica_is_overlay_xattr(name))
		return 0;
	size = lgetxattr(path, name, value, sizeof(value));
	if (size < 0)
		return errno == ENODATA ? 0 : -errno;
	libarchive.archive_entry_xattr_add_entry(output->entry, name, value, (size_t)size);
	return 0;
}

static int add_xattrs(struct output *output, const struct mica_tree_entry *entry)
{
	_cleanup_free_ char *path = NULL;
	char names[65536];
	ssize_t size;
	int r = 0;

	if (asprintf(&path, "/proc/self/fd/%d/%s", entry->directory_fd, entry->name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	size = llistxattr(path, names, sizeof(names));
	if (size < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *name = names; r == 0 && name < names + size; name += strlen(name) + 1)
		r = add_xattr(output, path, name);
	return r;
}

/* The name that a file's inode was written under; NULL: it is the first. */
static const char *first_name(struct output *output, const struct mica_tree_entry *entry)
{
	const char *first = mica_table_get(&output->firsts, entry->stat->st_ino);
	char *path = first ? NULL : strdup(entry->path);

	/* Without room it is written twice: right, but larger. */
	if (path && mica_table_put(&output->firsts, entry->stat->st_ino, path) < 0)
		free(path);
	return first;
}

static int put_data(struct output *output, const struct mica_tree_entry *entry)
{
	_cleanup_close_ int fd = mica_tree_open(entry->directory_fd, entry->name, O_RDONLY);
	off_t left = entry->stat->st_size;

	if (fd < 0)
		return fd;
	while (left) {
		ssize_t got = read(fd, output->chunk, left < CHUNK ? (size_t)left : CHUNK);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -ESTALE; /* it became shorter meanwhile */
		if (libarchive.archive_write_data(output->tar, output->chunk, (size_t)got) != got)
			return libarchive.archive_errno(output->tar) > 0 ? -libarchive.archive_errno(output->tar)
									 : -EIO;
		left -= got;
	}
	return 0;
}

static int put_link_target(struct output *output, const struct mica_tree_entry *entry)
{
	char target[4096];
	ssize_t size = readlinkat(entry->directory_fd, entry->name, target, sizeof(target) - 1);

	if (size < 0)
		return -errno;
	target[size] = '\0';
	libarchive.archive_entry_set_symlink(output->entry, target);
	return 0;
}

static int put_file(struct output *output, const struct mica_tree_entry *entry)
{
	const struct stat *stat = entry->stat;
	const char *first = S_ISREG(stat->st_mode) && stat->st_nlink > 1 ? first_name(output, entry) : NULL;
	int r = 0;

	(void)libarchive.archive_entry_clear(output->entry);
	libarchive.archive_entry_copy_stat(output->entry, stat);
	libarchive.archive_entry_set_pathname(output->entry, entry->path);
	libarchive.archive_entry_unset_atime(output->entry);
	libarchive.archive_entry_unset_ctime(output->entry);
	libarchive.archive_entry_unset_birthtime(output->entry);
	if (!S_ISREG(stat->st_mode))
		libarchive.archive_entry_set_size(output->entry, 0);
	if (S_ISLNK(stat->st_mode))
		r = put_link_target(output, entry);
	if (first) {
		libarchive.archive_entry_set_hardlink(output->entry, first);
		libarchive.archive_entry_set_size(output->entry, 0);
	} else if (r == 0)
		r = add_xattrs(output, entry);
	if (r == 0)
		r = put_header(output, entry->path);
	if (r == 0 && S_ISREG(stat->st_mode) && !first)
		r = put_data(output, entry);
	return r;
}

static int put_opaque(struct output *output, const struct mica_tree_entry *entry)
{
	_cleanup_close_ int fd = mica_tree_open(entry->directory_fd, entry->name, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd;
	return mica_is_opaque(fd) ? put_mark(output, entry->path, strlen(entry->path), "", ".wh..wh..opq", entry->stat)
				  : 0;
}

static int put_entry(const struct mica_tree_entry *entry, void *userdata)
{
	struct output *output = userdata;
	size_t directory_size = strlen(entry->path) - strlen(entry->name);
	int r;

	if (S_ISSOCK(entry->stat->st_mode))
		return 0;
	if (mica_is_whiteout(entry->stat))
		r = put_mark(output, entry->path, directory_size ? directory_size - 1 : 0, ".wh.", entry->name,
			     entry->stat);
	else
		r = put_file(output, entry);
	if (r == 0 && S_ISDIR(entry->stat->st_mode))
		r = put_opaque(output, entry);
	return r < 0 ? fail(output, r, entry->path) : 0;
}

static la_ssize_t add_to_digest(struct archive *tar, void *userdata, const void *data, size_t size)
{
	(void)tar;
	mica_digest_add(userdata, data, size);
	return (la_ssize_t)size;
}

/* To a descriptor, or to a digest. */
static int open_output(const struct output *output, int fd, struct mica_digest *digest)
{
	if (libarchive.archive_write_set_format_pax_restricted(output->tar) != ARCHIVE_OK ||
	    libarchive.archive_write_add_filter_none(output->tar) != ARCHIVE_OK ||
	    libarchive.archive_write_set_bytes_in_last_block(output->tar, 1) != ARCHIVE_OK)
		return -ENOMEM;
	if (digest)
		return libarchive.archive_write_open(output->tar, digest, NULL, add_to_digest, NULL) == ARCHIVE_OK
			       ? 0
			       : -ENOMEM;
	return libarchive.archive_write_open_fd(output->tar, fd) == ARCHIVE_OK ? 0 : -ENOMEM;
}

/* The directory itself: of a volume its mode and owner count. */
static int put_top(struct output *output, int directory_fd)
{
	struct stat stat;
	const struct mica_tree_entry entry = { .directory_fd = directory_fd, .name = ".", .path = "./", .stat = &stat };

	return fstat(directory_fd, &stat) < 0 ? -errno : put_file(output, &entry);
}

static int write_tree(int directory_fd, int fd, struct mica_digest *digest, bool top, char *reason, size_t reason_size)
{
	_cleanup_(end) struct output output = {
		.tar = libarchive.archive_write_new(),
		.entry = libarchive.archive_entry_new(),
		.chunk = malloc(CHUNK),
		.reason = reason,
		.reason_size = reason_size,
	};
	int r;

	if (!output.tar || !output.entry || !output.chunk)
		return -ENOMEM;
	r = open_output(&output, fd, digest);
	if (r == 0 && top)
		r = put_top(&output, directory_fd);
	if (r == 0)
		r = mica_tree_walk(directory_fd, put_entry, &output);
	if (r < 0)
		return r;
	if (libarchive.archive_write_close(output.tar) != ARCHIVE_OK)
		return libarchive.archive_errno(output.tar) > 0 ? -libarchive.archive_errno(output.tar) : -EIO;
	return 0;
}

int mica_archive_write_layer(int directory_fd, int fd, char *reason, size_t reason_size)
{
	int r = mica_archive_library_load();

	reason[0] = '\0';
	return r < 0 ? r : write_tree(directory_fd, fd, NULL, false, reason, reason_size);
}

int mica_archive_digest_layer(int directory_fd, struct mica_digest *digest, char *reason, size_t reason_size)
{
	int r = mica_archive_library_load();

	reason[0] = '\0';
	return r < 0 ? r : write_tree(directory_fd, -EBADF, digest, false, reason, reason_size);
}

int mica_archive_write_volume(int directory_fd, int fd, char *reason, size_t reason_size)
{
	int r = mica_archive_library_load();

	reason[0] = '\0';
	return r < 0 ? r : write_tree(directory_fd, fd, NULL, true, reason, reason_size);
}
