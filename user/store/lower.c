// SPDX-License-Identifier: BSD-2-Clause
#include "store/lower.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "store/tree.h"

bool mica_is_whiteout(const struct stat *stat)
{
	return S_ISCHR(stat->st_mode) && stat->st_rdev == makedev(0, 0);
}

bool mica_is_opaque(int directory_fd)
{
	char value;

	return fgetxattr(directory_fd, MICA_OPAQUE_XATTR, &value, 1) == 1 && value == 'y';
}

enum step {
	STEP_FOUND,
	/** Not in this layer, perhaps in one below. */
	STEP_BELOW,
	/** Not in this one, and hidden in all below. */
	STEP_HIDDEN,
};

/* Goes down one layer. *hides: a directory on the way is opaque. */
static int look(int layer_fd, const char *path, struct stat *stat, enum step *ret)
{
	char component[NAME_MAX + 1];
	_cleanup_close_ int fd = fcntl(layer_fd, F_DUPFD_CLOEXEC, 0);
	enum step absent = STEP_BELOW;

	if (fd < 0)
		return -errno;
	for (;;) {
		size_t size = strcspn(path, "/");
		int below;

		if (size > NAME_MAX)
			return -ENAMETOOLONG;
		(void)memcpy(component, path, size);
		component[size] = '\0';
		path += size + strspn(path + size, "/");
		if (mica_is_opaque(fd))
			absent = STEP_HIDDEN;
		if (fstatat(fd, component, stat, AT_SYMLINK_NOFOLLOW) < 0) {
			*ret = absent;
			return errno == ENOENT ? 0 : -errno;
		}
		if (mica_is_whiteout(stat) || (*path && !S_ISDIR(stat->st_mode))) {
			*ret = STEP_HIDDEN;
			return 0;
		}
		if (!*path) {
			*ret = STEP_FOUND;
			return 0;
		}
		below = mica_tree_open(fd, component, O_RDONLY | O_DIRECTORY);
		if (below < 0)
			return below;
		(void)close(fd);
		fd = below;
	}
}

int mica_lower_find(const int *fds, size_t count, const char *path, struct stat *ret_stat, size_t *ret_layer)
{
	for (size_t i = 0; i < count; i++) {
		struct stat stat;
		enum step step = STEP_BELOW;
		int r = look(fds[i], path, &stat, &step);

		if (r < 0)
			return r;
		if (step == STEP_HIDDEN)
			return 0;
		if (step == STEP_BELOW)
			continue;
		if (ret_stat)
			*ret_stat = stat;
		if (ret_layer)
			*ret_layer = i;
		return 1;
	}
	return 0;
}
