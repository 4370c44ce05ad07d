/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "container/watch.h"

#define RETRY_FIRST_NS 50000000ULL
#define RETRY_LAST_NS 5000000000ULL
/** Two changes within one tick of the file system's clock leave the same time. */
#define FRESH_NS 1000000000LL

int mica_host_init(struct mica_host *host, const char *root)
{
	_cleanup_free_ char *real = NULL;
	size_t length;

	if (!root)
		root = "/";
	real = realpath(root, NULL);
	if (!real)
		real = strdup(root);
	if (!real)
		return -ENOMEM;
	for (length = strlen(real); length && real[length - 1] == '/'; length--)
		real[length - 1] = '\0';
	*host = (struct mica_host){ .prefix = TAKE_PTR(real) };
	return 0;
}

void mica_host_free(struct mica_host *host)
{
	free(host->prefix);
	host->prefix = NULL;
}

char *mica_host_path(const struct mica_host *host, const char *path)
{
	char *joined;

	return asprintf(&joined, "%s%s", host->prefix, path) < 0 ? NULL : joined;
}

/** The same without memory of its own: on the host itself `path`, else `buffer`. NULL: too long. */
static const char *locate(const struct mica_host *host, const char *path, char buffer[static PATH_MAX])
{
	size_t before = strlen(host->prefix), length = strlen(path);

	if (before == 0)
		return path;
	if (before + length >= PATH_MAX)
		return NULL;
	memcpy(buffer, host->prefix, before);
	memcpy(buffer + before, path, length + 1);
	return buffer;
}

int mica_host_open(const struct mica_host *host, const char *path)
{
	char buffer[PATH_MAX];
	const char *joined = locate(host, path, buffer);
	int fd;

	if (!joined)
		return -ENAMETOOLONG;
	fd = open(joined, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int mica_host_read(const struct mica_host *host, const char *path, size_t limit, char **ret, size_t *ret_size)
{
	char buffer[PATH_MAX];
	const char *joined = locate(host, path, buffer);

	return joined ? mica_file_read(joined, limit, ret, ret_size) : -ENAMETOOLONG;
}

int mica_host_resolve(const struct mica_host *host, const char *path, char **ret)
{
	_cleanup_free_ char *joined = mica_host_path(host, path), *real = NULL;
	size_t length = strlen(host->prefix);
	const char *below = path;
	char *copy;

	if (!joined)
		return -ENOMEM;
	real = realpath(joined, NULL);
	if (real && strncmp(real, host->prefix, length) == 0 && real[length] == '/')
		below = real + length;
	copy = strdup(below);
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

int mica_host_stamp(const struct mica_host *host, const char *path, struct mica_stamp *stamp)
{
	char buffer[PATH_MAX];
	const char *joined = locate(host, path, buffer);
	struct mica_stamp now = {};
	struct stat st;

	if (joined && stat(joined, &st) == 0) {
		now.dev = st.st_dev;
		now.inode = st.st_ino;
		now.size = st.st_size;
		now.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	}
	if (now.dev == stamp->dev && now.inode == stamp->inode && now.size == stamp->size &&
	    now.mtime_ns == stamp->mtime_ns)
		return 0;
	*stamp = now;
	return 1;
}

bool mica_stamp_is_fresh(const struct mica_stamp *stamp)
{
	return stamp->mtime_ns > (int64_t)mica_clock_ns(CLOCK_REALTIME) - FRESH_NS;
}

bool mica_host_has(const struct mica_host *host, const char *path)
{
	char buffer[PATH_MAX];
	const char *joined = locate(host, path, buffer);
	struct stat st;

	return joined && stat(joined, &st) == 0;
}

void mica_host_watch(const struct mica_host *host, const char *directory, bool names)
{
	char buffer[PATH_MAX];
	const char *path = host->watch ? locate(host, directory, buffer) : NULL;

	if (path)
		mica_watch_add(host->watch, path, names);
}

char *mica_host_take_made(const struct mica_host *host, const char *directory)
{
	char buffer[PATH_MAX];
	const char *path = host->watch ? locate(host, directory, buffer) : NULL;

	return path ? mica_watch_take(host->watch, path) : NULL;
}

uint32_t mica_host_mount_namespace(const struct mica_host *host, int pid)
{
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/proc/%d/ns/mnt", host->prefix, pid);

	if (n < 0 || (size_t)n >= sizeof(path) || stat(path, &st) < 0)
		return 0;
	return (uint32_t)st.st_ino;
}

uint64_t mica_now_ns(void)
{
	return mica_clock_ns(CLOCK_MONOTONIC);
}

bool mica_retry_due(struct mica_retry *retry)
{
	uint64_t now = mica_now_ns();

	if (now < retry->next_ns)
		return false;
	retry->wait_ns = retry->wait_ns ? retry->wait_ns * 2 : RETRY_FIRST_NS;
	if (retry->wait_ns > RETRY_LAST_NS)
		retry->wait_ns = RETRY_LAST_NS;
	retry->next_ns = now + retry->wait_ns;
	return true;
}
