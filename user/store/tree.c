// SPDX-License-Identifier: BSD-2-Clause
#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Levels that are open at once; what is deeper is moved to the top first, so that depth costs no descriptors. */
#define REMOVE_DEPTH 64

int mica_tree_open(int directory_fd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, directory_fd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR)); /* a rename came across the look-up */
	return fd < 0 ? -errno : (int)fd;
}

int mica_tree_make(int directory_fd, const char *name, mode_t mode, int *ret_fd)
{
	int fd;

	if (mkdirat(directory_fd, name, mode) < 0)
		return -errno;
	fd = mica_tree_open(directory_fd, name, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

DIR *mica_tree_read(int directory_fd)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory && fd >= 0) {
		int error = errno;

		(void)close(fd);
		errno = error;
	}
	return directory;
}

/* A tree that is being removed. */
struct removal {
	int top_fd;
	unsigned moved;
};

static int remove_below(struct removal *removal, int directory_fd, const char *name, unsigned depth);

/* `type`: of readdir(3), a hint. */
static int remove_entry(struct removal *removal, int directory_fd, const char *name, unsigned char type, unsigned depth)
{
	char moved[40];

	if (type != DT_DIR) {
		if (unlinkat(directory_fd, name, 0) == 0 || errno == ENOENT)
			return 0;
		if (errno != EISDIR && errno != EPERM)
			return -errno;
	}
	if (unlinkat(directory_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	if (depth < REMOVE_DEPTH)
		return remove_below(removal, directory_fd, name, depth + 1);
	(void)snprintf(moved, sizeof(moved), ".mica-deep-%d-%u", getpid(), removal->moved++);
	return renameat(directory_fd, name, removal->top_fd, moved) < 0 ? -errno : 0;
}

static int remove_content(struct removal *removal, int fd, unsigned depth)
{
	_cleanup_closedir_ DIR *directory = mica_tree_read(fd);
	const struct dirent *entry;
	int r = 0;

	if (!directory)
		return -errno;
	while (r == 0 && (errno = 0, entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = remove_entry(removal, fd, entry->d_name, entry->d_type, depth);
	return r < 0 ? r : -errno;
}

static int remove_below(struct removal *removal, int directory_fd, const char *name, unsigned depth)
{
	_cleanup_close_ int fd = mica_tree_open(directory_fd, name, O_RDONLY | O_DIRECTORY);
	struct removal own = { .top_fd = fd };
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd == -EXDEV)
		return -EBUSY;
	if (fd < 0)
		return fd;
	/* Deep directories were moved to the top while it was read: again until nothing is left. */
	do {
		r = remove_content(removal ? removal : &own, fd, depth);
		if (r < 0)
			return r;
		if (unlinkat(directory_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
	} while (errno == ENOTEMPTY || errno == EEXIST);
	return -errno;
}

int mica_tree_remove(int directory_fd, const char *name)
{
	if (unlinkat(directory_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	return remove_below(NULL, directory_fd, name, 0);
}
