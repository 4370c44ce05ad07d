// SPDX-License-Identifier: BSD-2-Clause
#include "store/volume_real_use.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "container/mountinfo.h"
#include "store/store_internal.h"

struct mica_real_use {
	/** One of each namespace; the first is our own. */
	struct mica_mountinfo **tables;
	ino_t *namespaces;
	size_t count;
};

static int add_namespace(struct mica_real_use *use, const char *directory)
{
	char path[64];
	struct stat stat_of_it;
	struct mica_mountinfo **tables;
	ino_t *namespaces;

	(void)snprintf(path, sizeof(path), "%s/ns/mnt", directory);
	if (stat(path, &stat_of_it) < 0) /* it ended */
		return 0;
	for (size_t i = 0; i < use->count; i++)
		if (use->namespaces[i] == stat_of_it.st_ino)
			return 0;
	tables = reallocarray(use->tables, use->count + 1, sizeof(struct mica_mountinfo *));
	if (!tables)
		return -ENOMEM;
	use->tables = tables;
	namespaces = reallocarray(use->namespaces, use->count + 1, sizeof(*namespaces));
	if (!namespaces)
		return -ENOMEM;
	use->namespaces = namespaces;
	(void)snprintf(path, sizeof(path), "%s/mountinfo", directory);
	if (mica_mountinfo_new(path, &tables[use->count]) == 0)
		namespaces[use->count++] = stat_of_it.st_ino;
	return 0;
}

static int take_process(int pid, void *userdata)
{
	char directory[32];

	(void)snprintf(directory, sizeof(directory), "/proc/%d", pid);
	return add_namespace(userdata, directory);
}

int mica_real_use_new(struct mica_real_use **ret)
{
	_cleanup_real_use_ struct mica_real_use *use = calloc(1, sizeof(*use));
	int r;

	if (!use)
		return -ENOMEM;
	r = add_namespace(use, "/proc/self");
	if (r == 0 && !use->count)
		r = -ESRCH;
	if (r == 0)
		r = mica_file_each_number("/proc", take_process, use);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(use);
	return 0;
}

void mica_real_use_free(struct mica_real_use **use)
{
	if (!*use)
		return;
	for (size_t i = 0; i < (*use)->count; i++)
		mica_mountinfo_free(&(*use)->tables[i]);
	free((*use)->tables);
	free((*use)->namespaces);
	free(*use);
	*use = NULL;
}

struct search {
	uint32_t device;
	const char *root, *directory;
};

static int look(const struct mica_mount_entry *mount, void *userdata)
{
	const struct search *search = userdata;
	const struct mica_bytes root = { mount->root, strlen(mount->root) };

	/* At the volume's own directory: ours, or a copy of it in a namespace that was copied from ours. */
	return mount->device == search->device && mica_path_below(root, search->root).data &&
	       strcmp(mount->target, search->directory) != 0;
}

int mica_real_use_of(const struct mica_real_use *use, const struct mica_store *store, const char *name)
{
	_cleanup_free_ char *root = NULL;
	char link[64], path[PATH_MAX + 300];
	struct search search = { .directory = path };
	ssize_t size;
	int r;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", store->volumes_fd);
	size = readlink(link, path, PATH_MAX);
	if (size < 0)
		return -errno;
	(void)snprintf(path + size, sizeof(path) - (size_t)size, "/%s/_data", name);
	r = mica_mountinfo_locate(use->tables[0], path, &search.device, &root);
	if (r < 0)
		return r;
	search.root = root;
	for (size_t i = 0; i < use->count; i++)
		if (mica_mountinfo_all(use->tables[i], look, &search))
			return 1;
	return 0;
}
