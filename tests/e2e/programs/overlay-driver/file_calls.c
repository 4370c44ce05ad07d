// SPDX-License-Identifier: BSD-2-Clause
/* Calls on a file's data and attributes. */
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "call_kinds.h"

static int open_for_reading(const struct call *c)
{
	return open(c->path, O_RDONLY | O_NONBLOCK);
}

static void close_result(struct call *c)
{
	close(c->result);
}

static long call_open(struct call *c)
{
	return syscall(SYS_openat, AT_FDCWD, c->path, (int)c->flags, (int)c->mode);
}

static long call_creat(struct call *c)
{
	return syscall(SYS_creat, c->path, (int)c->mode);
}

static long call_truncate(struct call *c)
{
	return truncate(c->path, c->mode);
}

static long call_chmod(struct call *c)
{
	return chmod(c->path, c->mode);
}

static long call_fchmod(struct call *c)
{
	return fchmod(c->fd, c->mode);
}

static long call_chown(struct call *c)
{
	return chown(c->path, c->mode, c->mode);
}

static long call_lchown(struct call *c)
{
	return lchown(c->path, c->mode, c->mode);
}

static long call_utimensat(struct call *c)
{
	const struct timespec times[2] = { { 1000000000, 5 }, { 1000000000, 7 } };

	return utimensat(AT_FDCWD, c->path, times, 0);
}

static long call_setxattr(struct call *c)
{
	return setxattr(c->path, "trusted.mica-test", "x", 1, 0);
}

static long call_removexattr(struct call *c)
{
	return removexattr(c->path, "trusted.there");
}

static long call_setacl(struct call *c)
{
	static const unsigned char acl[] = {
		2,  0, 0, 0,                                  /* POSIX_ACL_XATTR_VERSION; then tag, permissions, id */
		1,  0, 6, 0, 255,        255,       255, 255, /* owner */
		2,  0, 4, 0, USER & 255, USER >> 8, 0,   0,   /* the user */
		4,  0, 4, 0, 255,        255,       255, 255, /* group */
		16, 0, 4, 0, 255,        255,       255, 255, /* mask */
		32, 0, 4, 0, 255,        255,       255, 255, /* others */
	};

	return setxattr(c->path, "system.posix_acl_access", acl, sizeof(acl), 0);
}

static long call_setflags(struct call *c)
{
	int flags = 0;

	if (ioctl(c->fd, FS_IOC_GETFLAGS, &flags) < 0)
		return -1;
	flags |= FS_NODUMP_FL;
	return ioctl(c->fd, FS_IOC_SETFLAGS, &flags);
}

const struct call_kind file_calls[] = {
	{ "open", call_open, NULL, close_result },
	{ "creat", call_creat, NULL, close_result },
	{ "truncate", call_truncate, NULL, NULL },
	{ "chmod", call_chmod, NULL, NULL },
	{ "fchmod", call_fchmod, open_for_reading, NULL },
	{ "chown", call_chown, NULL, NULL },
	{ "lchown", call_lchown, NULL, NULL },
	{ "utimensat", call_utimensat, NULL, NULL },
	{ "setxattr", call_setxattr, NULL, NULL },
	{ "removexattr", call_removexattr, NULL, NULL },
	{ "setacl", call_setacl, NULL, NULL },
	{ "setflags", call_setflags, open_for_reading, NULL },
	{ 0 },
};
