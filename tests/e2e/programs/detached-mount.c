/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Holds a mount that is in no namespace: detached-mount LOWER UPPER WORK makes a union by fsmount(2), detached-mount
 * PATH clones the mount at the path by open_tree(2). Says "held", and sleeps.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void set(int context, const char *key, const char *value)
{
	if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, key, value, 0) < 0) {
		perror(key);
		exit(1);
	}
}

static long make_union(char **directories)
{
	int context = (int)syscall(SYS_fsopen, "overlay", 0);

	set(context, "lowerdir", directories[0]);
	set(context, "upperdir", directories[1]);
	set(context, "workdir", directories[2]);
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	long mount = syscall(SYS_fsmount, context, 0, 0);

	(void)close(context);
	return mount;
}

int main(int argc, char **argv)
{
	long mount = argc == 4 ? make_union(argv + 1)
			       : syscall(SYS_open_tree, AT_FDCWD, argv[1], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (mount < 0) {
		perror("detached-mount");
		return 1;
	}
	puts("held");
	(void)fflush(stdout);
	sleep(1000);
	return 0;
}
