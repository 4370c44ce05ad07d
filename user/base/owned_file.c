// SPDX-License-Identifier: BSD-2-Clause
#include "base/owned_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

static bool is_trusted(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

static int check_directory(const char *path, char *why)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return -errno;
	if (status.st_mode & S_IWOTH && !(status.st_mode & S_ISVTX)) {
		(void)snprintf(why, MICA_OWNED_FILE_WHY_BYTES,
			       "not believed: its directory %s is writable by others, who can replace it", path);
		return -EPERM;
	}
	return 0;
}

/** Each directory of an absolute path. */
static int check_directories(const char *path, char *why)
{
	_cleanup_free_ char *copy = strdup(path);
	int r = copy ? check_directory("/", why) : -ENOMEM;

	if (r < 0)
		return r;
	for (char *slash = strchr(copy + 1, '/'); r == 0 && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		r = check_directory(copy, why);
		*slash = '/';
	}
	return r;
}

/** The path as it was given, from the root on. */
static int check_as_given(const char *path, char *why)
{
	_cleanup_free_ char *directory = NULL, *whole = NULL;

	if (*path == '/')
		return check_directories(path, why);
	directory = getcwd(NULL, 0);
	if (!directory)
		return -errno;
	return asprintf(&whole, "%s/%s", directory, path) < 0 ? -ENOMEM : check_directories(whole, why);
}

/** Where the file that was opened is. What has no name (a pipe) is nowhere. */
static int check_as_opened(int fd, char *why)
{
	char link[40], path[PATH_MAX];
	ssize_t size;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof(path) - 1);
	if (size < 0)
		return -errno;
	path[size] = '\0';
	return *path == '/' ? check_directories(path, why) : 0;
}

int mica_owned_file_open(const char *path, char why[static MICA_OWNED_FILE_WHY_BYTES])
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!is_trusted(status.st_uid)) {
		(void)snprintf(why, MICA_OWNED_FILE_WHY_BYTES,
			       "not believed: it belongs to user %u, neither root nor the caller", status.st_uid);
		return -EPERM;
	}
	/* Root's group and the caller's are no others: many have the umask 002. */
	if (status.st_mode & S_IWOTH ||
	    (status.st_mode & S_IWGRP && status.st_gid != 0 && status.st_gid != getegid())) {
		(void)snprintf(why, MICA_OWNED_FILE_WHY_BYTES,
			       "not believed: it is writable by others (mode %04o); chmod go-w",
			       status.st_mode & 07777);
		return -EPERM;
	}
	r = check_as_opened(fd, why);
	if (r == 0)
		r = check_as_given(path, why);
	return r < 0 ? r : TAKE_FD(fd);
}
