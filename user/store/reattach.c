// SPDX-License-Identifier: BSD-2-Clause
#include "store/reattach.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/deadline.h"
#include "container/holders.h"
#include "container/identity.h"

#define ATTACH_MS 3000
#define LOOKED_AT (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

void mica_live_union_free(const struct mica_live_union *live)
{
	free(live->mount_point);
	mica_cleanup_close(&live->namespace_fd);
}

/* Opens a namespace by one of its holders, if it is still that one. */
static int open_namespace(const struct mica_holder *holder, uint32_t mnt_ns)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat stat;
	char path[64];

	switch (holder->hold) {
	case MICA_HOLD_NAMESPACE:
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", holder->tid ? holder->tid : holder->pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		break;
	case MICA_HOLD_NAMESPACE_FILE:
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", holder->pid, holder->fd);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		break;
	case MICA_HOLD_NAMESPACE_MOUNT:
		fd = holder->at ? open(holder->at, O_RDONLY | O_CLOEXEC) : -EBADF;
		break;
	default:
		break;
	}
	if (fd < 0 || fstat(fd, &stat) < 0 || stat.st_ino != mnt_ns)
		return -ENOENT;
	return TAKE_FD(fd);
}

/* Takes this union if it is mounted where it can be reached. */
static int reach(const struct mica_holders *holders, const struct mica_held_union *found, struct mica_live_union *ret)
{
	if (!found->mount_point)
		return 0;
	for (size_t i = 0; !found->on_host && ret->namespace_fd < 0 && i < holders->count; i++) {
		const struct mica_holder *holder = &holders->holders[i];

		if (holder->mnt_ns != found->mnt_ns)
			continue;
		ret->namespace_fd = open_namespace(holder, found->mnt_ns);
		ret->pid = holder->pid;
	}
	if (!found->on_host && ret->namespace_fd < 0)
		return 0;
	ret->mount_point = strdup(found->mount_point);
	ret->mnt_ns = found->mnt_ns;
	ret->device = found->device;
	return ret->mount_point ? 1 : -ENOMEM;
}

int mica_live_union_find(const char *upper, struct mica_live_union *ret)
{
	_cleanup_(mica_identity_free) struct mica_identity *identity = NULL;
	_cleanup_(mica_holders_free) struct mica_holders *holders = NULL;
	int r = mica_identity_new(NULL, &identity), lives = 0;

	if (r == 0)
		r = mica_holders_find(identity, upper, &holders);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < holders->union_count; i++) {
		if (holders->unions[i]->role != MICA_ROLE_UPPER)
			continue;
		lives = 1;
		r = reach(holders, holders->unions[i], ret);
	}
	for (size_t i = 0; lives && r == 0 && !ret->pid && i < holders->count; i++)
		ret->pid = holders->holders[i].pid;
	return r < 0 ? r : lives;
}

struct attachment {
	const struct mica_live_union *live;
	const char *target;
	unsigned attributes;
	int own_fd;
};

/* In a child: a process that enters a namespace loses its root and working directory. */
static int attach(size_t index, void *userdata)
{
	const struct attachment *attachment = userdata;
	const struct mica_live_union *live = attachment->live;
	struct mount_attr change = {
		.attr_set = attachment->attributes,
		.attr_clr = LOOKED_AT & ~attachment->attributes,
	};
	struct statx found;
	int tree_fd;

	(void)index;
	if (live->namespace_fd >= 0 && setns(live->namespace_fd, CLONE_NEWNS) < 0)
		return -errno;
	tree_fd = open_tree(AT_FDCWD, live->mount_point, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	if (tree_fd < 0)
		return -errno;
	/* Something else may cover it there. */
	if (statx(tree_fd, "", AT_EMPTY_PATH, STATX_TYPE, &found) < 0)
		return -errno;
	if ((found.stx_dev_major << 20 | found.stx_dev_minor) != live->device)
		return -ENODEV;
	if (live->namespace_fd >= 0 && setns(attachment->own_fd, CLONE_NEWNS) < 0)
		return -errno;
	if (mount_setattr(tree_fd, "", AT_EMPTY_PATH, &change, sizeof(change)) < 0 ||
	    move_mount(tree_fd, "", AT_FDCWD, attachment->target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

int mica_live_union_attach(const struct mica_live_union *live, const char *target, unsigned attributes)
{
	_cleanup_close_ int own_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	struct attachment attachment = { live, target, attributes, own_fd };

	if (own_fd < 0)
		return -errno;
	return mica_deadline_run(attach, &attachment, ATTACH_MS);
}
