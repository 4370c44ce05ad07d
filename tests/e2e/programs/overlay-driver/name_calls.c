// SPDX-License-Identifier: BSD-2-Clause
/* Calls that make, move and remove names. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "call_kinds.h"

/** From tmpfile to linktmp. */
static int unnamed_fd = -1;

static int open_socket(const struct call *c)
{
	(void)c;
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long call_link(struct call *c)
{
	return link(c->path, c->path2);
}

static long call_rename(struct call *c)
{
	return syscall(SYS_renameat2, AT_FDCWD, c->path, AT_FDCWD, c->path2, (int)c->flags);
}

static long call_mkdir(struct call *c)
{
	return mkdir(c->path, c->mode);
}

static long call_mknod(struct call *c)
{
	return mknod(c->path, c->mode, c->flags);
}

static long call_symlink(struct call *c)
{
	return symlink(c->text, c->path);
}

static long call_bind(struct call *c)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memccpy(address.sun_path, c->path, 0, sizeof(address.sun_path) - 1);
	return bind(c->fd, (struct sockaddr *)&address, sizeof(address));
}

static long call_tmpfile(struct call *c)
{
	return unnamed_fd = open(c->path, O_TMPFILE | O_WRONLY, 0600);
}

static long call_linktmp(struct call *c)
{
	return linkat(unnamed_fd, "", AT_FDCWD, c->path, AT_EMPTY_PATH);
}

static long call_unlink(struct call *c)
{
	return unlink(c->path);
}

static long call_rmdir(struct call *c)
{
	return rmdir(c->path);
}

const struct call_kind name_calls[] = {
	{ "link", call_link, NULL, NULL },
	{ "rename", call_rename, NULL, NULL },
	{ "mkdir", call_mkdir, NULL, NULL },
	{ "mknod", call_mknod, NULL, NULL },
	{ "symlink", call_symlink, NULL, NULL },
	{ "bind", call_bind, open_socket, NULL },
	{ "tmpfile", call_tmpfile, NULL, NULL },
	{ "linktmp", call_linktmp, NULL, NULL },
	{ "unlink", call_unlink, NULL, NULL },
	{ "rmdir", call_rmdir, NULL, NULL },
	{ 0 },
};
