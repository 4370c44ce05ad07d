// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/container_internal.h"
#include "store/layer_internal.h"
#include "store/name.h"
#include "store/tree.h"
#include "store/tree_copy.h"
#include "store/volume.h"
#include "store/volume_internal.h"

#define DATA "_data"
/* As long as Docker's: 64 digits. */
#define ANONYMOUS_BYTES 32

void mica_staged_volumes_free(struct mica_staged_volume *volumes, size_t count)
{
	for (size_t i = 0; volumes && i < count; i++) {
		mica_stage_end(&volumes[i].stage);
		free(volumes[i].name);
	}
	free(volumes);
}

/* The image's files, with the attributes of the directory itself; on the disk when it returns. */
static int fill(int source_fd, int data_fd)
{
	int r = mica_tree_copy(source_fd, data_fd);

	return r == 0 && syncfs(data_fd) < 0 ? -errno : r;
}

static int stage_volume(struct mica_store *store, const struct mica_container_volume *volume,
			struct mica_staged_volume *staged)
{
	_cleanup_close_ int data_fd = -EBADF;
	int r = mica_stage_begin(store, &staged->stage);

	if (r < 0)
		return r;
	r = mica_tree_make(staged->stage.fd, DATA, 0755, &data_fd);
	if (r == 0 && fchmod(data_fd, 0755) < 0)
		r = -errno;
	if (r == 0 && volume->source_fd >= 0)
		r = fill(volume->source_fd, data_fd);
	if (r == 0 && (fsync(staged->stage.fd) < 0 || fsync(store->staging_fd) < 0))
		r = -errno;
	return r < 0 ? mica_store_refuse(store, r, "cannot make the volume for %s", volume->target) : 0;
}

static bool is_empty(int fd)
{
	_cleanup_closedir_ DIR *directory = mica_tree_read(fd);
	size_t count = 0;

	while (directory && readdir(directory))
		count++;
	return directory && count == 2;
}

/* Fills a tree of its own first, which then takes the place of the empty directory: all, or nothing. */
static int replace_data(struct mica_store *store, int volume_fd, int source_fd)
{
	_cleanup_stage_ struct mica_stage stage = MICA_STAGE_NONE;
	_cleanup_close_ int data_fd = -EBADF;
	int r = mica_stage_begin(store, &stage);

	if (r == 0)
		r = mica_tree_make(stage.fd, DATA, 0755, &data_fd);
	if (r == 0)
		r = fill(source_fd, data_fd);
	if (r == 0 && renameat(stage.fd, DATA, volume_fd, DATA) < 0)
		r = -errno;
	return r == 0 && fsync(volume_fd) < 0 ? -errno : r;
}

struct use {
	int64_t containers;
	bool is_directory;
};

static int take_use(const struct mica_volume *volume, void *userdata)
{
	struct use *use = userdata;

	use->containers = volume->containers;
	use->is_directory = strcmp(volume->backend, "local") == 0;
	return 0;
}

/* A volume that was made before, and that nobody has put anything in. */
static int fill_empty(struct mica_store *store, const struct mica_container_volume *volume, const struct use *use)
{
	_cleanup_volume_place_ struct mica_volume_place place = {};
	_cleanup_close_ int volume_fd = -EBADF;
	_cleanup_close_ int data_fd = -EBADF;
	int r = mica_volume_lock(store, volume->name, true, &place, &volume_fd);

	if (r == 0)
		r = mica_volume_mount_locked(store, volume->name, &place, volume_fd);
	if (r < 0)
		return r;
	data_fd = openat(volume_fd, DATA, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (data_fd < 0)
		return mica_store_refuse(store, -errno, "cannot open the volume '%s'", volume->name);
	if (!is_empty(data_fd))
		return 0;
	/* One that others have already, or that is a mount, cannot be exchanged under them. */
	r = use->is_directory && !use->containers ? replace_data(store, volume_fd, volume->source_fd)
						  : mica_tree_copy(volume->source_fd, data_fd);
	return r < 0 ? mica_store_refuse(store, r, "cannot fill the volume '%s' from the image", volume->name) : 0;
}

static int begin_one(struct mica_store *store, struct mica_container_volume *volume, struct mica_staged_volume *staged)
{
	struct use use = {};
	int r = 0;

	if (!volume->name) {
		char random[2 * ANONYMOUS_BYTES + 1];

		r = mica_name_random(random, ANONYMOUS_BYTES);
		if (r < 0)
			return r;
		staged->anonymous = true;
		staged->name = strdup(random);
		volume->ret_name = staged->name;
		return staged->name ? stage_volume(store, volume, staged) : -ENOMEM;
	}
	staged->name = strdup(volume->name);
	volume->ret_name = staged->name;
	if (!staged->name)
		return -ENOMEM;
	r = mica_volume_inspect(store, volume->name, take_use, &use);
	if (r == -ENOENT) {
		store->reason[0] = '\0';
		return stage_volume(store, volume, staged);
	}
	return r == 0 && volume->source_fd >= 0 ? fill_empty(store, volume, &use) : r;
}

int mica_staged_volumes_begin(struct mica_store *store, struct mica_container_volume *volumes, size_t count,
			      struct mica_staged_volume **ret)
{
	int r = 0;

	*ret = calloc(count + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		(*ret)[i].stage = MICA_STAGE_NONE;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = begin_one(store, &volumes[i], &(*ret)[i]);
	return r;
}

int mica_staged_volumes_insert(struct mica_store *store, const struct mica_staged_volume *volumes, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		char trash[MICA_NAME_MAX + 16];

		if (volumes[i].stage.fd < 0)
			continue;
		(void)snprintf(trash, sizeof(trash), "volume/%s", volumes[i].name);
		r = mica_trash_take(store, trash);
		if (r == 0)
			r = mica_database_run(
				store->database,
				"INSERT OR IGNORE INTO volumes (name, backend, options, anonymous, created, stage)"
				" VALUES (?, 'local', '{}', ?, ?, ?)",
				"tiit", volumes[i].name, (int64_t)volumes[i].anonymous, mica_store_now(),
				volumes[i].stage.name);
	}
	return r;
}

void mica_staged_volumes_finish(struct mica_store *store, struct mica_staged_volume *volumes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t ours = 0;

		if (volumes[i].stage.fd < 0)
			continue;
		if (mica_database_number(store->database, &ours, "SELECT count(*) FROM volumes WHERE stage = ?", "t",
					 volumes[i].stage.name) < 0)
			ours = 1; /* not known: the next start finds out */
		volumes[i].stage.committed = ours;
		if (ours)
			(void)mica_stage_finish_volume(store, volumes[i].name, volumes[i].stage.name);
	}
}
