// SPDX-License-Identifier: BSD-2-Clause
/* Calls on mounts and mount namespaces. */
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call_kinds.h"

/* glibc's <sys/mount.h> and <linux/mount.h> exclude each other. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);

/** What fsopen gave, and what fsmount or open_tree gave: a call takes them from those before it. */
static int context_fd = -1, detached_fd = -1;

/** text is "type|data"; without a '|' there is no data, and what is empty is not given. */
static long call_mount(struct call *c)
{
	char *type = c->text, *data = strchr(type, '|');

	if (data)
		*data++ = '\0';
	return mount(*c->path2 ? c->path2 : NULL, c->path, *type ? type : NULL, c->flags, data && *data ? data : NULL);
}

static long call_umount(struct call *c)
{
	return umount2(c->path, c->flags);
}

static long call_fsopen(struct call *c)
{
	return context_fd = syscall(SYS_fsopen, c->text, 0);
}

static long call_fsconfig(struct call *c)
{
	return syscall(SYS_fsconfig, context_fd, FSCONFIG_SET_STRING, c->text, c->path2, 0);
}

static long call_fsconfig_create(struct call *c)
{
	(void)c;
	return syscall(SYS_fsconfig, context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

static long call_fsmount(struct call *c)
{
	(void)c;
	return detached_fd = syscall(SYS_fsmount, context_fd, 0, 0);
}

static long call_close(struct call *c)
{
	return close(c->flags ? detached_fd : context_fd);
}

static long call_open_tree(struct call *c)
{
	return detached_fd = syscall(SYS_open_tree, AT_FDCWD, c->path, OPEN_TREE_CLONE | (int)c->flags);
}

static long call_attach(struct call *c)
{
	return syscall(SYS_move_mount, detached_fd, "", AT_FDCWD, c->path, MOVE_MOUNT_F_EMPTY_PATH);
}

static long call_move_mount(struct call *c)
{
	return syscall(SYS_move_mount, AT_FDCWD, c->path2, AT_FDCWD, c->path, 0);
}

static long call_unshare(struct call *c)
{
	(void)c;
	return unshare(CLONE_NEWNS);
}

static void note_own_namespace(struct call *c)
{
	c->new_ns = inode_of("/proc/thread-self/ns/mnt");
}

/** Keeps the namespace until it is killed, and nothing else. */
static int stay(void *unused)
{
	(void)unused;
	close_range(3, ~0U, 0);
	pause();
	return 0;
}

static long call_clone_newns(struct call *c)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));

	(void)c;
	return clone(stay, stack + sizeof(stack), CLONE_NEWNS | SIGCHLD, NULL);
}

static void note_namespace_of_child(struct call *c)
{
	char *path = format("/proc/%ld/ns/mnt", c->result);

	c->new_ns = inode_of(path);
	free(path);
}

static long call_exit(struct call *c)
{
	(void)c;
	_exit(0);
}

const struct call_kind mount_calls[] = {
	{ "mount", call_mount, NULL, NULL },
	{ "umount", call_umount, NULL, NULL },
	{ "fsopen", call_fsopen, NULL, NULL },
	{ "fsconfig", call_fsconfig, NULL, NULL },
	{ "fsconfig-create", call_fsconfig_create, NULL, NULL },
	{ "fsmount", call_fsmount, NULL, NULL },
	{ "close", call_close, NULL, NULL },
	{ "open_tree", call_open_tree, NULL, NULL },
	{ "attach", call_attach, NULL, NULL },
	{ "move_mount", call_move_mount, NULL, NULL },
	{ "unshare", call_unshare, NULL, note_own_namespace },
	{ "clone-newns", call_clone_newns, NULL, note_namespace_of_child },
	{ "exit", call_exit, NULL, NULL },
	{ 0 },
};
