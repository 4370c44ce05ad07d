/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/** Handle type of kernfs: FILEID_KERNFS of include/linux/exportfs.h, and its 64-bit id. */
#define KERNFS_HANDLE_TYPE 0xfe
#define KERNFS_HANDLE_BYTES 8
/** Inode number of the hierarchy's root: the first that kernfs gives. */
#define ROOT_INODE 1

struct cgroup_path {
	/** Asked for since it was last looked at for being dropped. */
	bool used;
	char path[];
};

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
	struct stat root;
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
	cgroups->partial = fstat(cgroups->mount_fd, &root) < 0 || root.st_ino != ROOT_INODE;
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

/** Drops a path that was not used since it was last its turn. Returns its place among the ids. */
static size_t make_room(struct mica_cgroups *cgroups)
{
	size_t place;

	for (;;) {
		struct cgroup_path *oldest = mica_table_get(&cgroups->paths, cgroups->ids[cgroups->next]);

		place = cgroups->next;
		cgroups->next = (place + 1) % MICA_CGROUPS_LIMIT;
		if (!oldest->used)
			break;
		oldest->used = false;
	}
	free(mica_table_remove(&cgroups->paths, cgroups->ids[place]));
	return place;
}

/** Keeps BEFORE + PATH for an id that has no path yet. NULL: no memory. */
static const char *keep(struct mica_cgroups *cgroups, uint64_t id, const char *before, struct mica_bytes path)
{
	size_t length = strlen(before), place = cgroups->paths.count;
	_cleanup_free_ struct cgroup_path *entry = malloc(sizeof(*entry) + length + path.size + 1);

	if (!entry)
		return NULL;
	entry->used = false;
	memcpy(entry->path, before, length);
	memcpy(entry->path + length, path.data, path.size);
	entry->path[length + path.size] = '\0';
	if (place == MICA_CGROUPS_LIMIT)
		place = make_room(cgroups);
	if (mica_table_put(&cgroups->paths, id, entry) < 0)
		return NULL;
	cgroups->ids[place] = id;
	return TAKE_PTR(entry)->path;
}

int mica_cgroups_add(struct mica_cgroups *cgroups, uint64_t id, uint64_t parent, struct mica_bytes path)
{
	const char *before = "";

	if (!id || !path.size || path.data[0] != '/' || mica_table_get(&cgroups->paths, id))
		return 0;
	if (cgroups->partial) {
		const char *name = memrchr(path.data, '/', path.size);

		/* How much of the path lies above the namespace's root only the parent can tell. */
		before = mica_cgroups_path(cgroups, parent);
		if (!before)
			return 0;
		if (strcmp(before, "/") == 0)
			before = "";
		path = (struct mica_bytes){ .data = name, .size = path.size - (size_t)(name - path.data) };
	}
	return keep(cgroups, id, before, path) ? 0 : -ENOMEM;
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
	struct cgroup_path *known = mica_table_get(&cgroups->paths, id);
	_cleanup_free_ char *path = NULL;

	if (known) {
		known->used = true;
		return known->path;
	}
	if (!id || cgroups->mount_fd < 0)
		return NULL;
	path = look_up(cgroups, id);
	return path ? keep(cgroups, id, "", (struct mica_bytes){ .data = path, .size = strlen(path) }) : NULL;
}
