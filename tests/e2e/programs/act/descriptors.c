// SPDX-License-Identifier: BSD-2-Clause
/*
 * Acts by a descriptor or a mapping that the process has already.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "act.h"

static int act_fd_write(char **args)
{
	int fd = prepare_open(args[0], O_WRONLY);

	now();
	return write_byte(fd);
}

/** A store to a mapping: its own bytes, so that nothing is changed by what may not be. */
static int store(char *at)
{
	*(volatile char *)at = 'x';
	return done(msync(at, 1, MS_SYNC));
}

static char *map(int fd, int protection)
{
	return mmap(NULL, 1, protection, MAP_SHARED, fd, 0);
}

static int act_held_map(char **args)
{
	char *at = map(prepare_open(args[0], O_RDWR), PROT_READ | PROT_WRITE);

	if (at == MAP_FAILED)
		unable("mmap");
	now();
	return store(at);
}

static int act_map_write(char **args)
{
	int fd = prepare_open(args[0], O_RDWR);

	now();
	char *at = map(fd, PROT_READ | PROT_WRITE);

	return at == MAP_FAILED ? -errno : store(at);
}

static int act_mprotect(char **args)
{
	char *at = map(prepare_open(args[0], O_RDWR), PROT_READ);

	if (at == MAP_FAILED)
		unable("mmap");
	now();
	if (mprotect(at, 1, PROT_READ | PROT_WRITE) < 0)
		return -errno;
	return store(at);
}

static const char *of_descriptor(int fd)
{
	static char self[64];

	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return self;
}

static int act_path_fd_write(char **args)
{
	int place = prepare_open(args[0], O_PATH);

	now();
	int fd = open(of_descriptor(place), O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_byte(fd);
}

static int act_path_fd_link(char **args)
{
	int place = prepare_open(args[0], O_PATH);

	now();
	return done(linkat(AT_FDCWD, of_descriptor(place), AT_FDCWD, args[1], AT_SYMLINK_FOLLOW));
}

static int act_path_fd_chmod(char **args)
{
	int place = prepare_open(args[0], O_PATH);

	now();
	return done(chmod(of_descriptor(place), 0600));
}

static int act_path_fd_chdir_read(char **args)
{
	int place = prepare_open(args[0], O_PATH | O_DIRECTORY);

	now();
	if (fchdir(place) < 0)
		return -errno;
	int fd = open(args[1], O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

/** Opens anew, for writing, what is open for reading. */
static int act_reopen_write(char **args)
{
	int old = prepare_open(args[0], O_RDONLY);

	now();
	int fd = open(of_descriptor(old), O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_byte(fd);
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

/** Gives the descriptor to who asks first: send-fd FILE SOCKET */
static int act_send_fd(char **args)
{
	struct sockaddr_un address = address_of(args[1]);
	int fd = prepare_open(args[0], O_RDWR), listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct iovec data = { "x", 1 };
	union control control = {};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};

	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 1) < 0)
		unable(args[1]);
	now();
	int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	*CMSG_FIRSTHDR(&message) = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &fd, sizeof(fd));
	return done(sendmsg(peer, &message, 0));
}

/** Writes by a descriptor that another process gives: EACCES where it is not handed over. */
static int act_receive_write(char **args)
{
	struct sockaddr_un address = address_of(args[0]);
	int from = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1;
	char byte;
	struct iovec data = { &byte, 1 };
	union control control = {};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};

	if (connect(from, (struct sockaddr *)&address, sizeof(address)) < 0)
		unable(args[0]);
	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (!header || header->cmsg_len < CMSG_LEN(sizeof(int)))
		return -EACCES;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return write_byte(fd);
}

const struct act descriptor_acts[] = {
	{ "fd-write", 1, "FILE", act_fd_write },
	{ "held-map", 1, "FILE", act_held_map },
	{ "map-write", 1, "FILE", act_map_write },
	{ "mprotect", 1, "FILE", act_mprotect },
	{ "path-fd-write", 1, "FILE", act_path_fd_write },
	{ "path-fd-link", 2, "FILE NEW", act_path_fd_link },
	{ "path-fd-chmod", 1, "FILE", act_path_fd_chmod },
	{ "path-fd-chdir-read", 2, "DIRECTORY FILE", act_path_fd_chdir_read },
	{ "reopen-write", 1, "FILE", act_reopen_write },
	{ "send-fd", 2, "FILE SOCKET", act_send_fd },
	{ "receive-write", 1, "SOCKET", act_receive_write },
	{},
};
