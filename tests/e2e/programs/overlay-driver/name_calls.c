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

static long do_link(struct call *c)
{
	return link(c->path, c->path2);
}

static long do_rename(struct call *c)
{
	return syscall(SYS_renameat2, AT_FDCWD, c->path, AT_FDCWD, c->path2, (int)c->flags);
}

static long do_mkdir(struct call *c)
{
	return mkdir(c->path, c->mode);
}

static long do_mknod(struct call *c)
{
	return mknod(c->path, c->mode, c->flags);
}

static long do_symlink(struct call *c)
{
	return symlink(c->text, c->path);
}

static long do_bind(struct call *c)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memccpy(address.sun_path, c->path, 0, sizeof(address.sun_path) - 1);
	return bind(c->fd, (struct sockaddr *)&address, sizeof(address));
}

static long do_tmpfile(struct call *c)
{
	return unnamed_fd = open(c->path, O_TMPFILE | O_WRONLY, 0600);
}

static long do_linktmp(struct call *c)
{
	return linkat(unnamed_fd, "", AT_FDCWD, c->path, AT_EMPTY_PATH);
}

static long do_unlink(struct call *c)
{
	return unlink(c->path);
}

static long do_rmdir(struct call *c)
{
	return rmdir(c->path);
}

const struct call_kind name_calls[] = {
	{ "link", do_link, NULL, NULL },       { "rename", do_rename, NULL, NULL },
	{ "mkdir", do_mkdir, NULL, NULL },     { "mknod", do_mknod, NULL, NULL },
	{ "symlink", do_symlink, NULL, NULL }, { "bind", do_bind, open_socket, NULL },
	{ "tmpfile", do_tmpfile, NULL, NULL }, { "linktmp", do_linktmp, NULL, NULL },
	{ "unlink", do_unlink, NULL, NULL },   { "rmdir", do_rmdir, NULL, NULL },
	{ 0 },
};
