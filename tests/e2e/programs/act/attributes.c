// SPDX-License-Identifier: BSD-2-Clause
/*
 * Acts on mode, owner, times, extended attributes and access control lists.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "act.h"

#define NR_FCHMODAT2 452
#define NR_SETXATTRAT 463

static int act_chmod(char **args)
{
	return done(chmod(args[0], 0700));
}

static int act_fchmod(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : done(fchmod(fd, 0700));
}

/** Linux 6.6. */
static int act_fchmodat2(char **args)
{
	return done(syscall(NR_FCHMODAT2, AT_FDCWD, args[0], 0700, AT_SYMLINK_NOFOLLOW));
}

static int act_chown(char **args)
{
	return done(chown(args[0], 1, 1));
}

static int act_fchownat_empty(char **args)
{
	int fd = open(args[0], O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : done(fchownat(fd, "", 1, 1, AT_EMPTY_PATH));
}

static int act_lchown(char **args)
{
	return done(lchown(args[0], 1, 1));
}

static int act_utimes(char **args)
{
	struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	return done(utimensat(AT_FDCWD, args[0], times, AT_SYMLINK_NOFOLLOW));
}

static int act_setxattr(char **args)
{
	return done(lsetxattr(args[0], args[1], "y", 1, 0));
}

static int act_fsetxattr(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : done(fsetxattr(fd, args[1], "y", 1, 0));
}

/** Linux 6.13. */
static int act_setxattrat(char **args)
{
	struct {
		uint64_t value;
		uint32_t size, flags;
	} what = { (uintptr_t) "y", 1, 0 };

	return done(syscall(NR_SETXATTRAT, AT_FDCWD, args[0], 0, args[1], &what, sizeof(what)));
}

static int act_removexattr(char **args)
{
	return done(lremovexattr(args[0], args[1]));
}

/** A list that gives user 1 read. */
static int act_set_acl(char **args)
{
	static const struct {
		uint32_t version;
		struct {
			uint16_t tag, permissions;
			uint32_t id;
		} entries[5];
	} list = { 2, { { 1, 6, -1U }, { 2, 4, 1 }, { 4, 4, -1U }, { 0x10, 4, -1U }, { 0x20, 4, -1U } } };

	return done(setxattr(args[0], "system.posix_acl_access", &list, sizeof(list), 0));
}

static int act_remove_acl(char **args)
{
	return done(removexattr(args[0], "system.posix_acl_access"));
}

const struct act attribute_acts[] = {
	{ "chmod", 1, "FILE", act_chmod },
	{ "fchmod", 1, "FILE", act_fchmod },
	{ "fchmodat2", 1, "FILE", act_fchmodat2 },
	{ "chown", 1, "FILE", act_chown },
	{ "lchown", 1, "FILE", act_lchown },
	{ "fchownat-empty", 1, "FILE", act_fchownat_empty },
	{ "utimes", 1, "FILE", act_utimes },
	{ "setxattr", 2, "FILE NAME", act_setxattr },
	{ "fsetxattr", 2, "FILE NAME", act_fsetxattr },
	{ "setxattrat", 2, "FILE NAME", act_setxattrat },
	{ "removexattr", 2, "FILE NAME", act_removexattr },
	{ "set-acl", 1, "FILE", act_set_acl },
	{ "remove-acl", 1, "FILE", act_remove_acl },
	{},
};
