// SPDX-License-Identifier: BSD-2-Clause
/*
 * Acts by the mount calls that work on descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

#define NR_OPEN_TREE_ATTR 467

static int act_open_tree(char **args)
{
	return done(syscall(SYS_open_tree, AT_FDCWD, args[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}

/** Linux 6.15. */
static int act_open_tree_attr(char **args)
{
	struct mount_attr attributes = { .attr_clr = MOUNT_ATTR_RDONLY };

	return done(syscall(NR_OPEN_TREE_ATTR, AT_FDCWD, args[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, &attributes,
			    sizeof(attributes)));
}

/** Without a clone it is no more than a place: what is done there is asked. */
static int act_open_tree_read(char **args)
{
	long tree = syscall(SYS_open_tree, AT_FDCWD, args[0], OPEN_TREE_CLOEXEC);

	if (tree < 0)
		return -errno;
	return done(openat((int)tree, args[1], O_RDONLY | O_CLOEXEC));
}

/** A clone that nobody attached: open-tree-write PATH FILE-BELOW. Held, the clone is made before. */
static int act_open_tree_write(char **args)
{
	long tree = syscall(SYS_open_tree, AT_FDCWD, args[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0)
		return -errno;
	now();
	int fd = openat((int)tree, args[1], O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_byte(fd);
}

/** As bind mount: move-mount SOURCE TARGET. Held, the clone is made before. */
static int act_move_mount(char **args)
{
	long tree = syscall(SYS_open_tree, AT_FDCWD, args[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0)
		return -errno;
	now();
	return done(syscall(SYS_move_mount, (int)tree, "", AT_FDCWD, args[1], MOVE_MOUNT_F_EMPTY_PATH));
}

/** A new superblock, attached nowhere: the context's descriptor, with each KEY=VALUE set. */
static int make_superblock(const char *type, char **settings)
{
	int context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);

	if (context < 0)
		return -errno;
	for (; *settings; settings++) {
		char copy[512];

		(void)snprintf(copy, sizeof(copy), "%s", *settings);
		char *value = strchr(copy, '=');

		if (value)
			*value++ = '\0';
		if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, copy, value, 0) < 0)
			return -errno;
	}
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	return context;
}

/** fsmount TYPE FILE [KEY=VALUE…]: the file is read through the mount, which nobody attached; "-": none is. */
static int act_fsmount(char **args)
{
	int context = make_superblock(args[0], args + 2);

	if (context < 0)
		return context;
	long mount = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);

	if (mount < 0)
		return -errno;
	return strcmp(args[1], "-") == 0 ? 0 : done(openat((int)mount, args[1], O_RDONLY | O_CLOEXEC));
}

/** fsattach TYPE TARGET [KEY=VALUE…] */
static int act_fsattach(char **args)
{
	int context = make_superblock(args[0], args + 2);

	if (context < 0)
		return context;
	long mount = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);

	if (mount < 0)
		return -errno;
	return done(syscall(SYS_move_mount, (int)mount, "", AT_FDCWD, args[1], MOVE_MOUNT_F_EMPTY_PATH));
}

static int act_reconfigure(char **args)
{
	int context = (int)syscall(SYS_fspick, AT_FDCWD, args[0], FSPICK_CLOEXEC);

	if (context < 0)
		return -errno;
	/* Nothing is set, so nothing changes: that it is asked is the act. */
	return done(syscall(SYS_fsconfig, context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
}

/** mount-setattr PATH clear|set: the read-only flag, of all below. */
static int act_mount_setattr(char **args)
{
	struct mount_attr attributes = {};

	if (args[1][0] == 'c')
		attributes.attr_clr = MOUNT_ATTR_RDONLY;
	else
		attributes.attr_set = MOUNT_ATTR_NOATIME, attributes.attr_clr = MOUNT_ATTR__ATIME;
	return done(syscall(SYS_mount_setattr, AT_FDCWD, args[0], AT_RECURSIVE, &attributes, sizeof(attributes)));
}

const struct act tree_acts[] = {
	{ "open-tree", 1, "PATH", act_open_tree },
	{ "open-tree-attr", 1, "PATH", act_open_tree_attr },
	{ "open-tree-read", 2, "PATH FILE", act_open_tree_read },
	{ "open-tree-write", 2, "PATH FILE", act_open_tree_write },
	{ "move-mount", 2, "SOURCE TARGET", act_move_mount },
	{ "fsmount", 2, "TYPE FILE [KEY=VALUE…]", act_fsmount },
	{ "fsattach", 2, "TYPE TARGET [KEY=VALUE…]", act_fsattach },
	{ "reconfigure", 1, "PATH", act_reconfigure },
	{ "mount-setattr", 2, "PATH clear|set", act_mount_setattr },
	{},
};
