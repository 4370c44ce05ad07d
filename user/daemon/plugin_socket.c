// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/plugin_server.h"

#define BACKLOG 512

/* Makes the directories that the socket is in. */
static int make_directories(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *end = strchr(copy + 1, '/'); end; end = strchr(end + 1, '/')) {
		*end = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return -errno;
		*end = '/';
	}
	return 0;
}

/* True: somebody accepts there. */
static bool is_served(const struct sockaddr_un *address)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN);
}

int mica_plugin_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -EBADF;
	struct stat stat;
	mode_t mask;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	(void)memcpy(address.sun_path, path, strlen(path) + 1);
	r = make_directories(path);
	if (r < 0)
		return r;
	if (lstat(path, &stat) == 0) {
		if (!S_ISSOCK(stat.st_mode))
			return -EEXIST;
		if (is_served(&address))
			return -EADDRINUSE;
		(void)unlink(path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	(void)umask(mask);
	if (r < 0)
		return r;
	return listen(fd, BACKLOG) < 0 ? -errno : TAKE_FD(fd);
}
