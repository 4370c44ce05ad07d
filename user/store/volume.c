// SPDX-License-Identifier: BSD-2-Clause
#include "store/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/suggest.h"
#include "container/json.h"
#include "container/mountinfo.h"
#include "store/backend.h"
#include "store/name.h"
#include "store/quota.h"
#include "store/store_internal.h"
#include "store/tree.h"
#include "store/volume_internal.h"
#include "store/volume_users.h"

#define DATA "_data"
/* As long as Docker's: 64 digits. */
#define ANONYMOUS_BYTES 32

static int check_name(struct mica_store *store, const char *name)
{
	if (mica_name_valid(name))
		return 0;
	return mica_store_refuse(store, -EINVAL,
				 "'%s' is no name: letters, digits, '_', '.', '-', two at least and %d at most, "
				 "the first a letter or digit",
				 name, MICA_NAME_MAX);
}

static int find_backend(struct mica_store *store, const char *name, const struct mica_backend **ret)
{
	const char *names[16] = {};
	const char *near;

	*ret = mica_backend_find(name);
	if (*ret)
		return 0;
	for (size_t i = 0; mica_backends[i] && i < 15; i++)
		names[i] = mica_backends[i]->name;
	near = mica_suggest(name, names);
	return mica_store_refuse(store, -EINVAL, "there is no backend '%s'%s%s%s", name, near ? "; did you mean '" : "",
				 near ? near : "", near ? "'?" : "");
}

static int check_options(struct mica_store *store, const struct mica_backend *backend,
			 const struct mica_volume_option *options, size_t count, json_t *object)
{
	char reason[300] = "";

	for (size_t i = 0; i < count; i++) {
		const char *const *known = backend->options;

		while (*known && strcmp(*known, options[i].key) != 0)
			known++;
		if (!*known)
			return mica_store_refuse(store, -EINVAL, "the backend %s has no option '%s'", backend->name,
						 options[i].key);
		if (json_object_set_new(object, options[i].key, json_string(options[i].value)) < 0)
			return mica_store_refuse(store, -EINVAL, "the option '%s' is no UTF-8", options[i].key);
	}
	if (backend->check && backend->check(object, reason, sizeof(reason)) < 0)
		return mica_store_refuse(store, -EINVAL, "%s", reason);
	return 0;
}

/* 1: the same volume is there; 0: none; -EEXIST: another one. */
static int find_same(struct mica_store *store, const char *name, const char *backend, const char *options)
{
	int64_t same = 0;
	int r = mica_database_number(store->database, &same,
				     "SELECT backend = ? AND options = ? FROM volumes WHERE name = ?", "ttt", backend,
				     options, name);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return mica_store_database_failed(store, r);
	return same ? 1
		    : mica_store_refuse(store, -EEXIST, "there is a volume '%s' with another backend or other options",
					name);
}

static int insert(struct mica_store *store, const char *name, const char *backend, const char *options, bool anonymous,
		  const char *stage)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	char trash[MICA_NAME_MAX + 16];
	int r = mica_transaction_begin(&transaction, store->database, true);

	(void)snprintf(trash, sizeof(trash), "volume/%s", name);
	if (r == 0)
		r = mica_trash_take(store, trash);
	if (r == 0)
		r = mica_database_run(store->database,
				      "INSERT INTO volumes (name, backend, options, anonymous, created, stage)"
				      " VALUES (?, ?, ?, ?, ?, ?)",
				      "tttiit", name, backend, options, (int64_t)anonymous, mica_store_now(), stage);
	if (r == 0)
		r = mica_database_commit(store->database);
	return r < 0 && r != -EEXIST ? mica_store_database_failed(store, r) : r;
}

int mica_volume_project(struct mica_store *store, const char *name, uint32_t *ret)
{
	int64_t project = 0;
	/* One statement: of two that do this at once, each gets its own. */
	int r = mica_database_run(store->database,
				  "INSERT OR IGNORE INTO volume_projects SELECT ?, coalesce(max(project), ?) + 1 FROM"
				  " volume_projects",
				  "ti", name, (int64_t)MICA_QUOTA_FIRST_PROJECT);

	if (r == 0)
		r = mica_database_number(store->database, &project,
					 "SELECT project FROM volume_projects WHERE volume = ?", "t", name);
	if (r < 0)
		return mica_store_database_failed(store, r);
	*ret = (uint32_t)project;
	return 0;
}

int mica_volume_prepare(struct mica_store *store, const char *name, const struct mica_backend *backend,
			const json_t *options, int fd)
{
	char reason[300] = "";
	uint32_t project = 0;
	int r;

	if (!backend->prepare || !json_object_get(options, "size"))
		return 0;
	r = mica_volume_project(store, name, &project);
	if (r == 0)
		r = backend->prepare(options, fd, project, reason, sizeof(reason));
	return r < 0 && reason[0] ? mica_store_refuse(store, r, "%s", reason) : r;
}

static int prepare_stage(struct mica_store *store, const char *name, const char *backend, const char *options, int fd)
{
	_cleanup_json_ json_t *object = mica_json_parse(options, strlen(options));
	_cleanup_close_ int data_fd = -EBADF;
	int r;

	if (!json_object_get(object, "size"))
		return 0;
	data_fd = openat(fd, DATA, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (data_fd < 0)
		return -errno;
	r = mica_volume_prepare(store, name, mica_backend_find(backend), object, data_fd);
	/* Any other directory is empty, and can be made again (mica_volume_recover). */
	if (r == 0 && (fsync(fd) < 0 || fsync(store->staging_fd) < 0))
		return mica_store_refuse(store, -errno, "cannot make the directory of the volume '%s'", name);
	return r;
}

static int create_staged(struct mica_store *store, const char *name, const char *backend, const char *options,
			 bool anonymous)
{
	_cleanup_stage_ struct mica_stage stage = MICA_STAGE_NONE;
	int r = mica_stage_begin(store, &stage);

	if (r < 0)
		return r;
	if (mkdirat(stage.fd, DATA, 0755) < 0 || fchmodat(stage.fd, DATA, 0755, 0) < 0)
		return mica_store_refuse(store, -errno, "cannot make the directory of the volume '%s'", name);
	r = prepare_stage(store, name, backend, options, stage.fd);
	if (r < 0)
		return r;
	r = insert(store, name, backend, options, anonymous, stage.name);
	if (r == -EEXIST) { /* somebody was faster: with the same, perhaps */
		r = find_same(store, name, backend, options);
		return r > 0 ? 0 : r;
	}
	if (r < 0)
		return r;
	stage.committed = true;
	(void)mica_stage_finish_volume(store, name, stage.name);
	return 0;
}

int mica_volume_create(struct mica_store *store, const char *name, const char *backend,
		       const struct mica_volume_option *options, size_t option_count, char **ret_name)
{
	_cleanup_json_ json_t *object = json_object();
	_cleanup_free_ char *text = NULL, *copy = NULL;
	const struct mica_backend *found = NULL;
	char random[2 * ANONYMOUS_BYTES + 1];
	int r = name ? check_name(store, name) : mica_name_random(random, ANONYMOUS_BYTES);

	if (r == 0)
		r = find_backend(store, backend, &found);
	if (r == 0)
		r = check_options(store, found, options, option_count, object);
	if (r < 0)
		return r;
	text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
	copy = strdup(name ? name : random);
	if (!text || !copy)
		return -ENOMEM;
	r = find_same(store, copy, backend, text);
	if (r == 0)
		r = create_staged(store, copy, backend, text, !name);
	if (r < 0)
		return r;
	if (ret_name)
		*ret_name = TAKE_PTR(copy);
	return 0;
}

struct listing {
	struct mica_store *store;
	int (*take)(const struct mica_volume *volume, void *userdata);
	void *userdata;
	size_t count;
};

static int take_volume(const struct mica_row *row, void *userdata)
{
	_cleanup_free_ char *directory = NULL;
	const struct mica_backend *backend = mica_backend_find(mica_row_text(row, 1));
	struct listing *listing = userdata;

	if (asprintf(&directory, "%s/volumes/%s/" DATA, listing->store->root, mica_row_text(row, 0)) < 0) {
		directory = NULL;
		return -ENOMEM;
	}
	listing->count++;
	return listing->take(
		&(struct mica_volume){
			.name = mica_row_text(row, 0),
			.backend = mica_row_text(row, 1),
			.options = mica_row_text(row, 2),
			.directory = directory,
			.anonymous = mica_row_number(row, 3),
			.created = mica_row_number(row, 4),
			.containers = mica_row_number(row, 5),
			.users = mica_row_number(row, 6),
			.in_place = backend && !backend->mount,
			.remote = backend && backend->remote,
		},
		listing->userdata);
}

#define COLUMNS                                                                                            \
	"SELECT name, backend, options, anonymous, created,"                                               \
	" (SELECT count(DISTINCT container) FROM container_volumes WHERE volume = v.name),"                \
	" (SELECT coalesce(sum(count), 0) FROM volume_users u WHERE u.volume = v.name AND (u.boot IS NULL" \
	" OR u.boot = ?1)) FROM volumes v"

int mica_volume_list(struct mica_store *store, int (*take)(const struct mica_volume *volume, void *userdata),
		     void *userdata)
{
	struct listing listing = { store, take, userdata, 0 };

	return mica_database_query(store->database, take_volume, &listing, COLUMNS " ORDER BY name", "t", store->boot);
}

int mica_volume_inspect(struct mica_store *store, const char *name,
			int (*take)(const struct mica_volume *volume, void *userdata), void *userdata)
{
	struct listing listing = { store, take, userdata, 0 };
	int r = check_name(store, name);

	if (r == 0)
		r = mica_database_query(store->database, take_volume, &listing, COLUMNS " WHERE name = ?2", "tt",
					store->boot, name);
	if (r == 0 && !listing.count)
		return mica_store_refuse(store, -ENOENT, "there is no volume '%s'", name);
	return r;
}

void mica_volume_place_free(const struct mica_volume_place *place)
{
	free(place->directory);
	json_decref(place->options);
}

static int take_place(const struct mica_volume *volume, void *userdata)
{
	struct mica_volume_place *place = userdata;

	place->directory = strdup(volume->directory);
	place->backend = mica_backend_find(volume->backend);
	place->options = mica_json_parse(volume->options, strlen(volume->options));
	place->containers = volume->containers;
	return place->directory ? 0 : -ENOMEM;
}

int mica_volume_lock(struct mica_store *store, const char *name, bool wait, struct mica_volume_place *place,
		     int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	int r = mica_volume_inspect(store, name, take_place, place);

	if (r < 0)
		return r;
	if (!place->backend || !place->options)
		return mica_store_refuse(store, -EBADMSG, "the volume '%s' has a backend that this mica does not know",
					 name);
	fd = mica_tree_open(store->volumes_fd, name, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return mica_store_refuse(store, fd == -ENOENT ? -EUCLEAN : fd, "the directory %s/volumes/%s is missing",
					 store->root, name);
	while (flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0)
		if (errno != EINTR)
			return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int find_target(const struct mica_mount_entry *mount, void *userdata)
{
	return strcmp(mount->target, userdata) == 0;
}

/* A path that leads to a server asks it even for stat(2): the table of mounts does not. */
static bool is_listed(int fd)
{
	_cleanup_(mica_mountinfo_free) struct mica_mountinfo *mountinfo = NULL;
	char link[64], path[PATH_MAX + sizeof("/" DATA)];
	ssize_t size;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, PATH_MAX);
	if (size < 0 || size == PATH_MAX || mica_mountinfo_new("/proc/self/mountinfo", &mountinfo) < 0)
		return false;
	(void)memcpy(path + size, "/" DATA, sizeof("/" DATA));
	return mica_mountinfo_all(mountinfo, find_target, path) > 0;
}

bool mica_volume_is_mounted(const struct mica_volume_place *place, int fd)
{
	struct statx found;

	if (place->backend->remote)
		return is_listed(fd);
	return statx(fd, DATA, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &found) == 0 &&
	       (found.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

int mica_volume_unmount_locked(struct mica_store *store, const char *name, const struct mica_volume_place *place,
			       int fd)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/" DATA, fd);
	while (mica_volume_is_mounted(place, fd))
		if (umount2(path, UMOUNT_NOFOLLOW) < 0 && errno != EINVAL)
			return mica_store_refuse(store, -errno,
						 "cannot unmount the volume '%s'; `mica holders %s/volumes/%s/" DATA
						 "` tells "
						 "who keeps it",
						 name, store->root, name);
	return 0;
}

int mica_volume_mount_locked(struct mica_store *store, const char *name, const struct mica_volume_place *place, int fd)
{
	char reason[300] = "";
	int r;

	if (!place->backend->mount || mica_volume_is_mounted(place, fd))
		return 0;
	r = place->backend->mount(place->options, place->directory, reason, sizeof(reason));
	return r < 0 ? mica_store_refuse(store, r, "cannot mount the volume '%s'%s%s", name, reason[0] ? ": " : "",
					 reason)
		     : 0;
}

int mica_volume_mount(struct mica_store *store, const char *name)
{
	_cleanup_volume_place_ struct mica_volume_place place = {};
	_cleanup_close_ int fd = -EBADF;
	int r = mica_volume_lock(store, name, true, &place, &fd);

	return r < 0 ? r : mica_volume_mount_locked(store, name, &place, fd);
}

int mica_volume_delete_row(struct mica_store *store, const char *name)
{
	int r = mica_database_run(store->database, "DELETE FROM volumes WHERE name = ?", "t", name);

	if (r == 0)
		r = mica_database_run(store->database, "INSERT OR IGNORE INTO trash VALUES ('volume/' || ?)", "t",
				      name);
	if (r == 0)
		r = mica_database_run(store->database, "DELETE FROM volume_projects WHERE volume = ?", "t", name);
	return r;
}

static int delete_row(struct mica_store *store, const char *name)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	int r = mica_transaction_begin(&transaction, store->database, true);

	if (r == 0)
		r = mica_volume_delete_row(store, name);
	if (r == -EBUSY)
		return mica_store_refuse(store, r, "the volume '%s' is in use by a container", name);
	if (r == 0)
		r = mica_database_commit(store->database);
	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

int mica_volume_strike(struct mica_store *store, const char *name)
{
	_cleanup_volume_place_ struct mica_volume_place place = {};
	_cleanup_close_ int fd = -EBADF;
	uint32_t project = 0;
	int64_t users = 0;
	int r = mica_volume_lock(store, name, true, &place, &fd);

	if (r < 0 && r != -EUCLEAN)
		return r;
	if (place.containers)
		return mica_store_refuse(store, -EBUSY, "the volume '%s' is in use by a container", name);
	if (mica_volume_users_engines(store, name, &users) == 0 && users)
		return mica_store_refuse(store, -EBUSY, "the volume '%s' is in use %" PRId64 " times by an engine",
					 name, users);
	/* First what is mounted there: its files are somebody else's, and are never removed. */
	r = r == 0 ? mica_volume_unmount_locked(store, name, &place, fd) : 0;
	if (r == 0 && json_object_get(place.options, "size") && place.backend->prepare &&
	    mica_volume_project(store, name, &project) == 0)
		mica_quota_clear(fd, project);
	if (r == 0)
		r = delete_row(store, name);
	if (r == -ENOSPC && mica_store_make_room(store))
		r = delete_row(store, name);
	return r;
}

int mica_volume_remove(struct mica_store *store, const char *name)
{
	int r = mica_volume_strike(store, name);

	if (r < 0)
		return r;
	(void)mica_stage_recover(store);
	return 0;
}
