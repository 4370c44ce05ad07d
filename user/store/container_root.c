// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/container_root.h"
#include "store/layer_internal.h"
#include "store/tree.h"
#include "store/union_text.h"

int mica_private_mounts_begin(struct mica_private_mounts *ret)
{
	_cleanup_close_ int home_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int directory_fd = open(".", O_PATH | O_CLOEXEC);

	if (home_fd < 0 || directory_fd < 0 || unshare(CLONE_NEWNS) < 0)
		return -errno;
	*ret = (struct mica_private_mounts){ TAKE_FD(home_fd), TAKE_FD(directory_fd) };
	/* What the host mounts later may still come in, nothing goes out. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return -errno;
	return 0;
}

void mica_private_mounts_end(struct mica_private_mounts *mounts)
{
	if (mounts->home_fd < 0)
		return;
	/* A process that cannot come back must not go on among the wrong mounts. */
	if (setns(mounts->home_fd, CLONE_NEWNS) < 0 || fchdir(mounts->directory_fd) < 0)
		abort();
	(void)close(mounts->home_fd);
	(void)close(mounts->directory_fd);
	*mounts = MICA_PRIVATE_MOUNTS_NONE;
}

/* A layer without a parent is its own tree: overlayfs wants a lower. */
static int mount_tree(struct mica_store *store, const char *id, const char *target)
{
	_cleanup_free_ char *tree = NULL;

	if (asprintf(&tree, "%s/layers/%s/diff", store->root, id) < 0) {
		tree = NULL;
		return -ENOMEM;
	}
	if (mount(tree, target, NULL, MS_BIND, NULL) < 0)
		return mica_store_refuse(store, -errno, "cannot mount the root of '%.12s'", id);
	return 0;
}

int mica_layer_mount_here(struct mica_store *store, const char *id, bool writable, char **ret_path)
{
	_cleanup_union_plan_ struct mica_union_plan plan = {};
	_cleanup_free_ char *target = NULL;
	int r = mica_layer_plan(store, id, !writable, &plan);

	if (r < 0)
		return r;
	if (asprintf(&target, "%s/layers/%s/merged", store->root, id) < 0) {
		target = NULL;
		return -ENOMEM;
	}
	r = plan.lower_count + (plan.upper ? 1 : 0) > 1 ? mica_layer_mount_plan(store, id, &plan, NULL, target)
							: mount_tree(store, id, target);
	if (r == 0)
		*ret_path = TAKE_PTR(target);
	return r;
}

int mica_layer_open_root(struct mica_store *store, const char *id, bool writable, int *ret_fd)
{
	_cleanup_private_mounts_ struct mica_private_mounts mounts = MICA_PRIVATE_MOUNTS_NONE;
	_cleanup_free_ char *path = NULL;
	int r = mica_private_mounts_begin(&mounts);
	int fd;

	if (r < 0)
		return mica_store_refuse(store, r, "cannot make a mount namespace");
	r = mica_layer_mount_here(store, id, writable, &path);
	if (r < 0)
		return r;
	/* The mount lives as long as the descriptor, and goes with the process. */
	fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0)
		return mica_store_refuse(store, -errno, "cannot open the root of '%.12s'", id);
	*ret_fd = fd;
	return 0;
}

int mica_process_open_root(int pid, int *ret_fd)
{
	_cleanup_private_mounts_ struct mica_private_mounts mounts = MICA_PRIVATE_MOUNTS_NONE;
	_cleanup_close_ int namespace_fd = -EBADF;
	_cleanup_close_ int tree_fd = -EBADF;
	char path[40];
	int fd;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	namespace_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (namespace_fd < 0)
		return -errno;
	r = mica_private_mounts_begin(&mounts);
	if (r < 0)
		return r;
	if (setns(namespace_fd, CLONE_NEWNS) < 0)
		return -errno;
	/* Its root is the container's; without what is mounted in it. */
	tree_fd = open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	fd = tree_fd < 0 ? -1 : openat(tree_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int mica_root_open(int root_fd, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR)); /* a rename came across the look-up */
	return fd < 0 ? -errno : (int)fd;
}
