// SPDX-License-Identifier: BSD-2-Clause
/*
 * Acts that only look: at contents, names, attributes; or run and map a file.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "act.h"

static int act_read(char **args)
{
	char byte;

	now();
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int result = done(read(fd, &byte, 1));

	(void)close(fd);
	return result == -EISDIR ? 0 : result;
}

static int act_stat(char **args)
{
	struct stat info;

	return done(lstat(args[0], &info));
}

static int act_statx(char **args)
{
	struct statx info;

	return done(statx(AT_FDCWD, args[0], AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &info));
}

static int act_readdir(char **args)
{
	DIR *directory = opendir(args[0]);

	if (!directory)
		return -errno;
	errno = 0;
	int result = readdir(directory) ? 0 : -errno;

	(void)closedir(directory);
	return result;
}

static int act_readlink(char **args)
{
	char target[256];

	return done(readlink(args[0], target, sizeof(target)));
}

static int act_getxattr(char **args)
{
	char value[256];

	return done(getxattr(args[0], args[1], value, sizeof(value)));
}

static int act_listxattr(char **args)
{
	char names[4096];

	return done(listxattr(args[0], names, sizeof(names)));
}

static int act_access(char **args)
{
	return done(access(args[0], args[1][0] == 'w' ? W_OK : args[1][0] == 'x' ? X_OK : R_OK));
}

static int act_chdir(char **args)
{
	return done(chdir(args[0]));
}

static int act_inotify(char **args)
{
	int fd = inotify_init1(IN_CLOEXEC);

	return fd < 0 ? -errno : done(inotify_add_watch(fd, args[0], IN_ALL_EVENTS));
}

static int act_fanotify(char **args)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY);

	if (fd < 0)
		unable("fanotify_init");
	return done(fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN | FAN_MODIFY, AT_FDCWD, args[0]));
}

static int act_statfs(char **args)
{
	struct statfs info;

	return done(statfs(args[0], &info));
}

static int act_handle(char **args)
{
	struct {
		struct file_handle handle;
		char bytes[128];
	} all = { .handle.handle_bytes = 128 };
	int id;

	return done(name_to_handle_at(AT_FDCWD, args[0], &all.handle, &id, 0));
}

static int act_flock(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : done(flock(fd, LOCK_EX));
}

static int exec_result(char **argv, int fd)
{
	char *environment[] = { NULL };
	int ends[2], status = 0, error = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		unable("pipe");
	pid_t child = vfork();

	if (child < 0)
		unable("vfork");
	if (child == 0) {
		if (fd < 0)
			(void)execve(argv[0], argv, environment);
		else
			(void)syscall(SYS_execveat, fd, "", argv, environment, AT_EMPTY_PATH);
		int failed = errno;

		(void)!write(ends[1], &failed, sizeof(failed));
		_exit(1);
	}
	actor = child;
	(void)close(ends[1]);
	if (read(ends[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	(void)waitpid(child, &status, 0);
	return -error;
}

/** The program must end by itself, whatever its status. The denial is its child's. */
static int act_exec(char **args)
{
	return exec_result(args, -1);
}

static int act_execveat(char **args)
{
	return exec_result(args, prepare_open(args[0], O_PATH));
}

static int act_map_exec(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -errno : 0;
}

static int act_map_private(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	char *at = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	*at = 'x';
	return 0;
}

/** Files that are no files: never matched by a path. */
static int act_pseudo(char **args)
{
	int ends[2], pair[2], memory = memfd_create("usr", MFD_CLOEXEC);
	char self[64];

	(void)args;
	if (memory < 0 || pipe2(ends, O_CLOEXEC) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return -errno;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", ends[1]);
	int again = open(self, O_WRONLY | O_CLOEXEC);

	if (again < 0 || write(again, "x", 1) < 0 || write(memory, "x", 1) < 0 || write(pair[0], "x", 1) < 0)
		return -errno;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", memory);
	int memory_again = open(self, O_RDWR | O_TRUNC | O_CLOEXEC);

	return memory_again < 0 ? -errno : write_byte(memory_again);
}

const struct act look_acts[] = {
	{ "read", 1, "FILE", act_read },
	{ "stat", 1, "FILE", act_stat },
	{ "statx", 1, "FILE", act_statx },
	{ "readdir", 1, "DIRECTORY", act_readdir },
	{ "readlink", 1, "LINK", act_readlink },
	{ "getxattr", 2, "FILE NAME", act_getxattr },
	{ "listxattr", 1, "FILE", act_listxattr },
	{ "access", 2, "FILE r|w|x", act_access },
	{ "chdir", 1, "DIRECTORY", act_chdir },
	{ "inotify", 1, "FILE", act_inotify },
	{ "fanotify", 1, "FILE", act_fanotify },
	{ "statfs", 1, "FILE", act_statfs },
	{ "handle", 1, "FILE", act_handle },
	{ "flock", 1, "FILE", act_flock },
	{ "exec", 1, "PROGRAM [ARGUMENT…]", act_exec },
	{ "execveat", 1, "PROGRAM [ARGUMENT…]", act_execveat },
	{ "map-exec", 1, "FILE", act_map_exec },
	{ "map-private", 1, "FILE", act_map_private },
	{ "pseudo", 0, "", act_pseudo },
	{},
};
