/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"

enum found {
	/** Nothing of the name here: lower layers may have it. */
	ABSENT,
	PRESENT,
	/** Lower layers cannot show through here. */
	BARRED,
};

/** The classic form (a device that no kernel has), and the one of composefs and fuse-overlayfs: an empty file with an
 *  attribute. */
static bool is_whiteout(int directory_fd, const char *name, const struct stat *st)
{
	char path[64 + NAME_MAX + 2];

	if (S_ISCHR(st->st_mode))
		return st->st_rdev == 0;
	if (!S_ISREG(st->st_mode) || st->st_size != 0)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory_fd, name);
	return lgetxattr(path, "trusted.overlay.whiteout", NULL, 0) >= 0 ||
	       lgetxattr(path, "user.overlay.whiteout", NULL, 0) >= 0;
}

static bool is_opaque(int fd)
{
	char path[64], value;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (getxattr(path, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y') ||
	       (getxattr(path, "user.overlay.opaque", &value, 1) == 1 && value == 'y');
}

/** Looks for the path below a layer's directory, one component at a time, never through a symlink. */
static enum found look_in(const char *directory, const struct mica_host *host, struct mica_bytes path)
{
	_cleanup_close_ int fd = mica_host_open(host, directory);
	bool opaque = false;
	size_t at = 0;

	if (fd < 0)
		return ABSENT;
	for (;;) {
		char name[NAME_MAX + 1];
		const char *end;
		struct stat st;
		size_t size;
		int next;

		while (at < path.size && path.data[at] == '/')
			at++;
		end = memchr(path.data + at, '/', path.size - at);
		size = end ? (size_t)(end - path.data) - at : path.size - at;
		if (size == 0 || size > NAME_MAX)
			return ABSENT;
		memcpy(name, path.data + at, size);
		name[size] = '\0';
		at += size;
		if (strcmp(name, "..") == 0 || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return opaque ? BARRED : ABSENT;
		if (is_whiteout(fd, name, &st))
			return BARRED;
		if (!end)
			return PRESENT;
		if (!S_ISDIR(st.st_mode))
			return BARRED;
		next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return ABSENT;
		(void)close(fd);
		fd = next;
		opaque = opaque || is_opaque(fd);
	}
}

unsigned mica_whiteout_layer(const struct mica_host *host, const struct mica_union *u, struct mica_bytes path)
{
	for (unsigned i = 1; i < u->branch_count; i++) {
		const struct mica_branch *branch = mica_union_branch(u, i);

		if (!branch || !branch->directory)
			continue;
		switch (look_in(branch->directory, host, path)) {
		case PRESENT:
			return i;
		case BARRED:
			return 0;
		case ABSENT:
			break;
		}
	}
	return 0;
}
