// SPDX-License-Identifier: BSD-2-Clause
#include "store/tree_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/archive_attributes.h"
#include "store/lower.h"
#include "store/tree.h"

#define CHUNK (128 * 1024)
#define DEPTH_LIMIT 2000

/* A copy of a file with several links. */
struct first {
	ino_t inode;
	dev_t device;
	/* O_PATH: no symlink can come between. */
	int fd;
};

struct copy {
	const struct mica_tree_copy_options *options;
	struct first *firsts;
	size_t count;
	unsigned depth;
};

static void end(struct copy *copy)
{
	for (size_t i = 0; i < copy->count; i++)
		(void)close(copy->firsts[i].fd);
	free(copy->firsts);
}

static int copy_xattrs(const char *from, const char *to)
{
	char names[65536], value[65536];
	ssize_t size = llistxattr(from, names, sizeof(names));

	if (size < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *name = names; name < names + size; name += strlen(name) + 1) {
		ssize_t got;

		/* Of overlayfs' own marks a copy keeps what hides; the others tell where a file came from. */
		if (mica_is_overlay_xattr(name) && strcmp(name, MICA_OPAQUE_XATTR) != 0)
			continue;
		got = lgetxattr(from, name, value, sizeof(value));
		if (got < 0 && errno == ENODATA)
			continue;
		if (got < 0 || (lsetxattr(to, name, value, (size_t)got, 0) < 0 && errno != EOPNOTSUPP))
			return -errno;
	}
	return 0;
}

/* Owner first: a change of owner takes set-user-id bits and capabilities away. */
static int copy_attributes(const struct copy *copy, const struct stat *stat, const char *from, const char *to)
{
	uid_t uid = copy->options->uid == (uid_t)-1 ? stat->st_uid : copy->options->uid;
	gid_t gid = copy->options->gid == (gid_t)-1 ? stat->st_gid : copy->options->gid;
	const struct timespec times[] = { stat->st_atim, stat->st_mtim };
	int r;

	if (lchown(to, uid, gid) < 0)
		return -errno;
	if (!S_ISLNK(stat->st_mode) && chmod(to, stat->st_mode & 07777) < 0)
		return -errno;
	r = copy_xattrs(from, to);
	if (r < 0)
		return r;
	return utimensat(AT_FDCWD, to, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_range_by_hand(int from, int to, off_t at, off_t end_at)
{
	_cleanup_free_ char *chunk = malloc(CHUNK);

	if (!chunk)
		return -ENOMEM;
	while (at < end_at) {
		size_t wanted = end_at - at < CHUNK ? (size_t)(end_at - at) : CHUNK;
		ssize_t got = pread(from, chunk, wanted, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		for (ssize_t done = 0, part; done < got; done += part) {
			part = pwrite(to, chunk + done, (size_t)(got - done), at + done);
			if (part < 0)
				return -errno;
		}
		at += got;
	}
	return 0;
}

static int copy_range(int from, int to, off_t at, off_t end_at)
{
	while (at < end_at) {
		off_t in = at, out = at;
		ssize_t got = copy_file_range(from, &in, to, &out, (size_t)(end_at - at), 0);

		if (got < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
			return copy_range_by_hand(from, to, at, end_at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return copy_range_by_hand(from, to, at, end_at); /* /proc and its like */
		at += got;
	}
	return 0;
}

static int copy_data(int from, int to, off_t size)
{
	if (size == 0 || ioctl(to, FICLONE, from) == 0)
		return 0;
	for (off_t at = 0; at < size;) {
		off_t data = lseek(from, at, SEEK_DATA);
		off_t hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
		int r;

		if (data < 0 && errno == ENXIO)
			break;
		if (data < 0 || hole < 0)
			return -errno;
		if (hole > size)
			hole = size;
		r = copy_range(from, to, data, hole);
		if (r < 0)
			return r;
		at = hole;
	}
	return ftruncate(to, size) < 0 ? -errno : 0;
}

static int copy_file(int from_fd, const char *from, int to_fd, const char *to, const struct stat *stat)
{
	_cleanup_close_ int in = mica_tree_open(from_fd, from, O_RDONLY);
	_cleanup_close_ int out = -EBADF;

	if (in < 0)
		return in;
	out = openat(to_fd, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return out < 0 ? -errno : copy_data(in, out, stat->st_size);
}

static int copy_link(int from_fd, const char *from, int to_fd, const char *to)
{
	char target[4097];
	ssize_t size = readlinkat(from_fd, from, target, sizeof(target) - 1);

	if (size < 0)
		return -errno;
	target[size] = '\0';
	return symlinkat(target, to_fd, to) < 0 ? -errno : 0;
}

/* 1: it is a further link of a file that was copied, and is made. */
static int link_to_first(const struct copy *copy, const struct stat *stat, int to_fd, const char *to)
{
	for (size_t i = 0; i < copy->count; i++)
		if (copy->firsts[i].inode == stat->st_ino && copy->firsts[i].device == stat->st_dev)
			return linkat(copy->firsts[i].fd, "", to_fd, to, AT_EMPTY_PATH) < 0 ? -errno : 1;
	return 0;
}

static void note_first(struct copy *copy, const struct stat *stat, int to_fd, const char *to)
{
	struct first *firsts;
	int fd;

	/* Each costs a descriptor: beyond that many, further links become files of their own. */
	if (copy->count >= 512)
		return;
	firsts = reallocarray(copy->firsts, copy->count + 1, sizeof(*firsts));
	if (!firsts)
		return;
	copy->firsts = firsts;
	fd = mica_tree_open(to_fd, to, O_PATH);
	if (fd >= 0)
		firsts[copy->count++] = (struct first){ stat->st_ino, stat->st_dev, fd };
}

static int copy_directory(struct copy *copy, int from_fd, int to_fd);

static int descend(struct copy *copy, int from_fd, const char *from, int to_fd, const char *to)
{
	_cleanup_close_ int in = mica_tree_open(from_fd, from, O_RDONLY | O_DIRECTORY);
	_cleanup_close_ int out = -EBADF;
	int r;

	if (in < 0)
		return in;
	if (mkdirat(to_fd, to, 0700) < 0 && errno != EEXIST)
		return -errno;
	out = mica_tree_open(to_fd, to, O_RDONLY | O_DIRECTORY);
	if (out < 0)
		return out == -ELOOP ? -ENOTDIR : out;
	if (copy->depth++ > DEPTH_LIMIT)
		return -ENAMETOOLONG;
	r = copy_directory(copy, in, out);
	copy->depth--;
	return r;
}

static int make_entry(struct copy *copy, const struct stat *stat, int from_fd, const char *from, int to_fd,
		      const char *to)
{
	if (S_ISDIR(stat->st_mode))
		return descend(copy, from_fd, from, to_fd, to);
	if (unlinkat(to_fd, to, 0) < 0 && errno != ENOENT)
		return -errno;
	if (S_ISREG(stat->st_mode))
		return copy_file(from_fd, from, to_fd, to, stat);
	if (S_ISLNK(stat->st_mode))
		return copy_link(from_fd, from, to_fd, to);
	return mknodat(to_fd, to, (stat->st_mode & S_IFMT) | 0600, stat->st_rdev) < 0 ? -errno : 0;
}

static int copy_entry(struct copy *copy, int from_fd, const char *from, int to_fd, const char *to)
{
	char in[NAME_MAX + 40], out[NAME_MAX + 40];
	struct stat stat;
	bool linked;
	int r;

	if (fstatat(from_fd, from, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	linked = !S_ISDIR(stat.st_mode) && stat.st_nlink > 1 && !mica_is_whiteout(&stat);
	if (linked) {
		r = link_to_first(copy, &stat, to_fd, to);
		if (r)
			return r < 0 ? r : 0;
	}
	r = make_entry(copy, &stat, from_fd, from, to_fd, to);
	if (r < 0)
		return r;
	(void)snprintf(in, sizeof(in), "/proc/self/fd/%d/%s", from_fd, from);
	(void)snprintf(out, sizeof(out), "/proc/self/fd/%d/%s", to_fd, to);
	r = copy_attributes(copy, &stat, in, out);
	if (r == 0 && linked)
		note_first(copy, &stat, to_fd, to);
	return r;
}

static int copy_directory(struct copy *copy, int from_fd, int to_fd)
{
	_cleanup_closedir_ DIR *directory = mica_tree_read(from_fd);
	const struct dirent *entry;
	int r = 0;

	if (!directory)
		return -errno;
	while (r == 0 && (errno = 0, entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = copy_entry(copy, from_fd, entry->d_name, to_fd, entry->d_name);
	return r < 0 ? r : -errno;
}

int mica_tree_copy_with(int from_fd, int to_fd, const struct mica_tree_copy_options *options)
{
	_cleanup_(end) struct copy copy = { .options = options };
	char in[40], out[40];
	struct stat stat;
	int r = copy_directory(&copy, from_fd, to_fd);

	if (r < 0 || options->contents_only)
		return r;
	if (fstat(from_fd, &stat) < 0)
		return -errno;
	(void)snprintf(in, sizeof(in), "/proc/self/fd/%d/.", from_fd);
	(void)snprintf(out, sizeof(out), "/proc/self/fd/%d/.", to_fd);
	return copy_attributes(&copy, &stat, in, out);
}

int mica_tree_copy(int from_fd, int to_fd)
{
	return mica_tree_copy_with(from_fd, to_fd, &MICA_TREE_COPY_EXACT);
}

int mica_tree_copy_entry(int from_fd, const char *from, int to_fd, const char *to,
			 const struct mica_tree_copy_options *options)
{
	_cleanup_(end) struct copy copy = { .options = options };

	return copy_entry(&copy, from_fd, from, to_fd, to);
}
