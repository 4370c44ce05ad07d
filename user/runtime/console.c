// SPDX-License-Identifier: BSD-2-Clause
#include "runtime/console.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/container.h"

int mica_console_open(struct mica_console *ret, const char *id)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* A socket's name has room for 107 bytes. */
	(void)snprintf(address.sun_path, sizeof(address.sun_path), MICA_CONTAINER_RUN "/containers/%.40s.tty", id);
	(void)unlink(address.sun_path);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
		return -errno;
	(void)memcpy(ret->path, address.sun_path, sizeof(ret->path));
	ret->listen_fd = TAKE_FD(fd);
	return 0;
}

void mica_console_close(const struct mica_console *console)
{
	if (console->listen_fd < 0)
		return;
	(void)close(console->listen_fd);
	(void)unlink(console->path);
}

static int receive(int socket_fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, data[256];
	struct iovec part = { data, sizeof(data) };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	const struct cmsghdr *header;
	int fd = -EBADF;

	if (recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		(void)memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

void mica_console_copy(const struct mica_console *console)
{
	_cleanup_close_ int peer_fd = -EBADF;
	_cleanup_close_ int terminal_fd = -EBADF;
	char data[4096];
	ssize_t size;

	if (console->listen_fd < 0)
		return;
	peer_fd = accept4(console->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	terminal_fd = peer_fd < 0 ? -EBADF : receive(peer_fd);
	/* EIO: the last process that had it is gone. */
	while (terminal_fd >= 0 && ((size = read(terminal_fd, data, sizeof(data))) > 0 || (size < 0 && errno == EINTR)))
		if (size > 0)
			(void)!write(1, data, (size_t)size);
}
