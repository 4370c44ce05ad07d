/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/** Cache bound: when it is full, all are dropped and learnt again, at two system calls each. */
#define CACHE_LIMIT 4096
/** Handle type of kernfs: FILEID_KERNFS of include/linux/exportfs.h, and its 64-bit id. */
#define KERNFS_HANDLE_TYPE 0xfe
#define KERNFS_HANDLE_BYTES 8

static int find_cgroup2(const struct mica_mount_entry *mount, void *userdata)
{
	char **ret = userdata;

	if (strcmp(mount->type, "cgroup2") != 0)
		return 0;
	*ret = strdup(mount->target);
	return *ret ? 1 : -ENOMEM;
}

static char *path_of_fd(int fd)
{
	char link[64], path[PATH_MAX];
	ssize_t size;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof(path) - 1);
	if (size <= 0)
		return NULL;
	path[size] = '\0';
	return strdup(path);
}

int mica_cgroups_init(struct mica_cgroups *cgroups, const struct mica_host *host, struct mica_mountinfo *mounts)
{
	_cleanup_free_ char *target = NULL;
	int r;

	*cgroups = (struct mica_cgroups){ .mount_fd = -EBADF };
	r = mica_mountinfo_each(mounts, find_cgroup2, &target);
	if (r <= 0)
		return r;
	_cleanup_free_ char *path = mica_host_path(host, target);
	if (!path)
		return -ENOMEM;
	/* Not O_PATH: open_by_handle_at wants a real one. */
	cgroups->mount_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroups->mount_fd < 0)
		return 0;
	cgroups->mount_path = path_of_fd(cgroups->mount_fd);
	return cgroups->mount_path ? 0 : -ENOMEM;
}

void mica_cgroups_free(struct mica_cgroups *cgroups)
{
	if (cgroups->mount_fd >= 0)
		(void)close(cgroups->mount_fd);
	free(cgroups->mount_path);
	mica_table_free(&cgroups->paths, free);
	*cgroups = (struct mica_cgroups){ .mount_fd = -EBADF };
}

static char *look_up(const struct mica_cgroups *cgroups, uint64_t id)
{
	/* struct file_handle ends in a flexible array: this gives it room and alignment. */
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + KERNFS_HANDLE_BYTES];
	} wanted = { .handle = { .handle_bytes = KERNFS_HANDLE_BYTES, .handle_type = KERNFS_HANDLE_TYPE } };
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *path = NULL;
	struct mica_bytes rest;

	memcpy(wanted.room + sizeof(struct file_handle), &id, sizeof(id));
	fd = open_by_handle_at(cgroups->mount_fd, &wanted.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	path = path_of_fd(fd);
	if (!path)
		return NULL;
	rest = mica_path_below((struct mica_bytes){ .data = path, .size = strlen(path) }, cgroups->mount_path);
	if (!rest.data)
		return NULL;
	return strdup(rest.size ? rest.data : "/");
}

const char *mica_cgroups_path(struct mica_cgroups *cgroups, uint64_t id)
{
	char *path = mica_table_get(&cgroups->paths, id);

	if (path || !id || cgroups->mount_fd < 0)
		return path;
	if (cgroups->paths.count >= CACHE_LIMIT)
		mica_table_free(&cgroups->paths, free);
	path = look_up(cgroups, id);
	if (path && mica_table_put(&cgroups->paths, id, path) < 0) {
		free(path);
		return NULL;
	}
	return path;
}
