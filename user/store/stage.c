// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/strings.h"
#include "store/name.h"
#include "store/store_internal.h"
#include "store/tree.h"

static int lock(int fd, int operation)
{
	int r;

	do
		r = flock(fd, operation);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

/* The lock on staging/ itself is held only while an entry is made and locked: nobody sees it unlocked and alive. It
 * belongs to the open file, so each use opens its own. */
static int lock_staging(struct mica_store *store, int operation)
{
	int fd = openat(store->root_fd, "staging", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r = fd < 0 ? -errno : lock(fd, operation);

	if (r < 0) {
		mica_cleanup_close(&fd);
		return r;
	}
	return fd;
}

/* A name that nobody had. By the time first: of names that come in order, few pages of the index over them change. */
static int name_anew(char name[static MICA_STAGE_NAME_SIZE])
{
	static const unsigned time_digits = 2 * sizeof(uint64_t);

	(void)snprintf(name, MICA_STAGE_NAME_SIZE, "%0*" PRIx64, (int)time_digits, (uint64_t)mica_store_now());
	return mica_name_random(name + time_digits, (MICA_STAGE_NAME_SIZE - 1 - time_digits) / 2);
}

int mica_stage_begin(struct mica_store *store, struct mica_stage *ret)
{
	struct mica_stage stage = { .store = store, .fd = -EBADF };
	_cleanup_close_ int lock_fd = lock_staging(store, LOCK_SH);
	_cleanup_close_ int fd = -EBADF;
	int r = lock_fd < 0 ? lock_fd : name_anew(stage.name);

	if (r == 0)
		r = mica_tree_make(store->staging_fd, stage.name, 0700, &fd);
	if (r == 0)
		r = lock(fd, LOCK_EX | LOCK_NB);
	if (r < 0)
		return mica_store_refuse(store, r, "cannot make a directory in %s/staging", store->root);
	stage.fd = TAKE_FD(fd);
	*ret = stage;
	return 0;
}

void mica_stage_end(struct mica_stage *stage)
{
	if (stage->fd < 0)
		return;
	/* What cannot be removed now is removed by the next start. */
	if (!stage->committed)
		(void)mica_tree_remove(stage->store->staging_fd, stage->name);
	(void)close(stage->fd);
	stage->fd = -EBADF;
}

/* Syncs what a rename changed: not needed for the rename to be found out, only for it not to be done again. */
static int rename_sync(struct mica_store *store, int directory_fd)
{
	if (store->relaxed)
		return 0;
	return fsync(directory_fd) < 0 || fsync(store->staging_fd) < 0 ? -errno : 0;
}

int mica_stage_finish_layer(struct mica_store *store, const char *id, const char *stage)
{
	_cleanup_free_ char *from = NULL, *to = NULL;

	if (asprintf(&from, "%s/diff", stage) < 0 || asprintf(&to, "%s/diff", id) < 0)
		return -ENOMEM;
	if (renameat2(store->staging_fd, stage, store->layers_fd, id, RENAME_NOREPLACE) < 0) {
		if (errno != EEXIST && errno != ENOENT)
			return -errno;
		/* Of a layer that is there; or somebody else was faster. */
		if (errno == EEXIST && renameat(store->staging_fd, from, store->layers_fd, to) < 0 && errno != ENOENT)
			return -errno;
	}
	/* Of a tree that went to a layer's diff/ an empty directory is left. */
	(void)unlinkat(store->staging_fd, stage, AT_REMOVEDIR);
	return faccessat(store->layers_fd, to, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int mica_stage_finish_volume(struct mica_store *store, const char *name, const char *stage)
{
	if (renameat2(store->staging_fd, stage, store->volumes_fd, name, RENAME_NOREPLACE) < 0 && errno != ENOENT)
		return -errno;
	return faccessat(store->volumes_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* Where a directory of the trash list is, by the begin of its entry; a layer's has none. */
static int trash_place(struct mica_store *store, const char *id, const char **ret_name)
{
	static const char volume[] = "volume/", container[] = "container/";

	*ret_name = strchr(id, '/') ? strchr(id, '/') + 1 : id;
	if (strncmp(id, volume, strlen(volume)) == 0)
		return store->volumes_fd;
	return strncmp(id, container, strlen(container)) == 0 ? store->containers_fd : store->layers_fd;
}

int mica_trash_take(struct mica_store *store, const char *id)
{
	const char *directory;
	int from_fd = trash_place(store, id, &directory);
	char name[MICA_STAGE_NAME_SIZE];
	int64_t listed;
	int r = mica_database_number(store->database, &listed, "SELECT count(*) FROM trash WHERE id = ?", "t", id);

	if (r < 0 || !listed)
		return r;
	r = mica_name_random(name, (MICA_STAGE_NAME_SIZE - 1) / 2);
	if (r < 0)
		return r;
	/* Also one that was moved before: that may not be on the disk yet. */
	if (renameat(from_fd, directory, store->staging_fd, name) == 0 || errno == ENOENT)
		r = rename_sync(store, from_fd);
	else
		r = -errno;
	if (r == 0)
		r = mica_database_run(store->database, "DELETE FROM trash WHERE id = ?", "t", id);
	return r;
}

/* With the database locked: an entry that is forgotten meanwhile may be one of a new directory's name. */
static int move_away(struct mica_store *store, const char *id)
{
	char name[MICA_STAGE_NAME_SIZE];
	const char *directory;
	int64_t listed = 0;
	int from_fd = trash_place(store, id, &directory);
	int r = mica_name_random(name, (MICA_STAGE_NAME_SIZE - 1) / 2);

	if (r == 0)
		r = mica_database_number(store->database, &listed, "SELECT count(*) FROM trash WHERE id = ?", "t", id);
	if (r == 0 && listed && renameat(from_fd, directory, store->staging_fd, name) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

static int move_all_away(struct mica_store *store, char *const *ids, size_t count)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	int r = mica_transaction_begin(&transaction, store->database, false);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = move_away(store, ids[i]);
	return r;
}

static bool is_there(struct mica_store *store, const char *id)
{
	const char *directory;
	int from_fd = trash_place(store, id, &directory);

	return faccessat(from_fd, directory, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Entries whose directory is gone wait until there are so many: before they are forgotten that must be on the disk,
 * else a power cut could bring a directory back, and nobody would know that it is trash. */
#define SPENT_LIMIT 32
/* So many are moved in one transaction. */
#define AT_ONCE 8

static int sync_store(struct mica_store *store)
{
	return !store->relaxed && syncfs(store->root_fd) < 0 ? -errno : 0;
}

static int forget_spent(struct mica_store *store, const struct mica_strings *ids)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	int r = sync_store(store); /* most of it while others write */

	if (r == 0)
		r = mica_transaction_begin(&transaction, store->database, false);
	if (r == 0)
		r = sync_store(store);
	for (size_t i = 0; r == 0 && i < ids->count; i++)
		if (!is_there(store, ids->items[i]))
			r = mica_database_run(store->database, "DELETE FROM trash WHERE id = ?", "t", ids->items[i]);
	return r < 0 ? r : mica_database_commit(store->database);
}

int mica_trash_empty(struct mica_store *store)
{
	_cleanup_strings_ struct mica_strings ids = {};
	size_t there = 0;
	int r = mica_database_query(store->database, mica_row_add_text, &ids, "SELECT id FROM trash", NULL);

	/* Those that are there come first, those that are gone last. */
	for (size_t i = 0; r == 0 && i < ids.count; i++) {
		char *id = ids.items[i];

		if (!is_there(store, id))
			continue;
		ids.items[i] = ids.items[there];
		ids.items[there++] = id;
	}
	for (size_t i = 0; r == 0 && i < there; i += AT_ONCE) {
		/* Many, some at a time: others write in between. */
		if (i)
			(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		r = move_all_away(store, ids.items + i, there - i < AT_ONCE ? there - i : AT_ONCE);
	}
	return r == 0 && ids.count > SPENT_LIMIT ? forget_spent(store, &ids) : r;
}

static int find_stage(struct mica_store *store, const char *name, const char *sql, char **ret)
{
	_cleanup_strings_ struct mica_strings ids = {};
	int r = mica_database_query(store->database, mica_row_add_text, &ids, sql, "t", name);

	if (r == 0 && ids.count)
		*ret = TAKE_PTR(ids.items[0]);
	return r;
}

/* Decides what becomes of a tree whose process is dead. */
static int settle(struct mica_store *store, const char *name)
{
	_cleanup_free_ char *layer = NULL, *volume = NULL;
	int r = find_stage(store, name, "SELECT id FROM layers WHERE stage = ?", &layer);

	if (r == 0 && !layer)
		r = find_stage(store, name, "SELECT name FROM volumes WHERE stage = ?", &volume);
	if (r < 0)
		return r;
	if (layer)
		r = mica_stage_finish_layer(store, layer, name);
	else if (volume)
		r = mica_stage_finish_volume(store, volume, name);
	return r < 0 ? r : mica_tree_remove(store->staging_fd, name);
}

static int list_staging(int fd, struct mica_strings *list)
{
	_cleanup_closedir_ DIR *directory = mica_tree_read(fd);
	const struct dirent *entry;
	int r = 0;

	if (!directory)
		return -errno;
	while (r == 0 && (errno = 0, entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			r = mica_strings_add(list, entry->d_name);
	return r < 0 ? r : -errno;
}

static int recover_entry(struct mica_store *store, const char *name)
{
	_cleanup_close_ int entry_fd = -EBADF;
	_cleanup_close_ int lock_fd = lock_staging(store, LOCK_EX);

	if (lock_fd < 0)
		return lock_fd;
	entry_fd = openat(store->staging_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (entry_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (lock(entry_fd, LOCK_EX | LOCK_NB) < 0)
		return 0; /* somebody works on it */
	mica_cleanup_close(&lock_fd);
	lock_fd = -EBADF;
	return settle(store, name);
}

int mica_stage_recover(struct mica_store *store)
{
	_cleanup_strings_ struct mica_strings names = {};
	int r = mica_trash_empty(store);

	if (r == 0)
		r = list_staging(store->staging_fd, &names);
	if (r < 0)
		return mica_store_refuse(store, r, "cannot look through %s/staging", store->root);
	/* A tree that cannot be removed now must not keep the store shut: `mica check` names it. */
	for (size_t i = 0; i < names.count; i++)
		(void)recover_entry(store, names.items[i]);
	return 0;
}
