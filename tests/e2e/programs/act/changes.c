// SPDX-License-Identifier: BSD-2-Clause
/*
 * Acts that change a file without having it open for writing, and those on the file system as a whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

#define SHUTDOWN _IOR('X', 125, __u32)
#define EXT4_RESIZE _IOW('f', 16, __u64)

static int act_open_truncate(char **args)
{
	return done(open(args[0], O_RDONLY | O_TRUNC | O_CLOEXEC));
}

static int act_truncate(char **args)
{
	return done(truncate(args[0], 1));
}

/** An ioctl by a descriptor that only reads. */
static int by_ioctl(const char *path, unsigned long request, void *argument)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int result = done(ioctl(fd, request, argument));

	(void)close(fd);
	return result;
}

static int act_set_flags(char **args)
{
	int flags = FS_NOATIME_FL;

	return by_ioctl(args[0], FS_IOC_SETFLAGS, &flags);
}

/** chattr -i: takes the flag away, which needs that it is there. */
static int act_clear_flags(char **args)
{
	int flags = 0;

	return by_ioctl(args[0], FS_IOC_SETFLAGS, &flags);
}

static int act_fs_set_xattr(char **args)
{
	struct fsxattr flags = { .fsx_xflags = FS_XFLAG_NOATIME };

	return by_ioctl(args[0], FS_IOC_FSSETXATTR, &flags);
}

/** By file_setattr(2), which Linux 6.17 brought. */
static int act_file_setattr(char **args)
{
	struct {
		__u64 flags;
		__u32 extent, extents, project, cow_extent;
	} attributes = { .flags = FS_XFLAG_NOATIME };

	return done(syscall(469, AT_FDCWD, args[0], &attributes, sizeof(attributes), 0));
}

static int act_freeze(char **args)
{
	int result = by_ioctl(args[0], FIFREEZE, NULL);

	if (result == 0 && by_ioctl(args[0], FITHAW, NULL) < 0)
		unable("thaw");
	return result;
}

static int act_shutdown(char **args)
{
	__u32 how = 2;

	return by_ioctl(args[0], SHUTDOWN, &how);
}

static int act_trim(char **args)
{
	struct fstrim_range range = { .len = UINT64_MAX };
	int result = by_ioctl(args[0], FITRIM, &range);

	/* The device cannot, but it was asked. */
	return result == -EOPNOTSUPP ? 0 : result;
}

static int act_resize(char **args)
{
	__u64 blocks = strtoull(args[1], NULL, 10);

	return by_ioctl(args[0], EXT4_RESIZE, &blocks);
}

static int act_swapon(char **args)
{
	int result = done(swapon(args[0], 0));

	if (result == 0)
		(void)swapoff(args[0]);
	return result;
}

/** Dies in DIRECTORY: ok if its core is there. The signal's core_pattern is "core". */
static int act_core(char **args)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	int status = 0;

	if (chdir(args[0]) < 0)
		return -errno;
	pid_t child = fork();

	if (child == 0) {
		(void)setrlimit(RLIMIT_CORE, &limit);
		abort();
	}
	actor = child;
	if (waitpid(child, &status, 0) < 0 || !WIFSIGNALED(status))
		unable("abort");
	return WCOREDUMP(status) ? 0 : -EACCES;
}

/** Writes to a file while a program runs: write-running PROGRAM FILE, two names of the same. */
static int act_write_running(char **args)
{
	char *argv[] = { args[0], "60", NULL };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		unable("pipe");
	pid_t child = fork();

	if (child == 0) {
		(void)execv(args[0], argv);
		_exit(127);
	}
	char byte;

	/* The pipe ends when the program has begun. */
	(void)close(ends[1]);
	if (read(ends[0], &byte, 1) < 0)
		unable("pipe");
	int fd = open(args[1], O_WRONLY | O_CLOEXEC), result = fd < 0 ? -errno : 0;

	if (fd >= 0)
		(void)close(fd);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	return result;
}

const struct act change_acts[] = {
	{ "open-truncate", 1, "FILE", act_open_truncate },
	{ "truncate", 1, "FILE", act_truncate },
	{ "set-flags", 1, "FILE", act_set_flags },
	{ "clear-flags", 1, "FILE", act_clear_flags },
	{ "fs-set-xattr", 1, "FILE", act_fs_set_xattr },
	{ "file-setattr", 1, "FILE", act_file_setattr },
	{ "freeze", 1, "DIRECTORY", act_freeze },
	{ "shutdown", 1, "DIRECTORY", act_shutdown },
	{ "trim", 1, "DIRECTORY", act_trim },
	{ "resize", 2, "DIRECTORY BLOCKS", act_resize },
	{ "swapon", 1, "FILE", act_swapon },
	{ "core", 1, "DIRECTORY", act_core },
	{ "write-running", 2, "PROGRAM FILE", act_write_running },
	{},
};
