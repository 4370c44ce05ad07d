// SPDX-License-Identifier: BSD-2-Clause
#include "store/volume_users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "store/volume_internal.h"

#define VALID "(boot IS NULL OR boot = ?)"

static int count_use(struct mica_store *store, const char *name, const struct mica_volume_use *use)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	/* What ends with the boot needs no disk. */
	int r = mica_transaction_begin(&transaction, store->database, use->lasting);

	if (r == 0)
		r = mica_database_run(
			store->database,
			"INSERT INTO volume_users VALUES (?, ?, 1, ?) ON CONFLICT (volume, user) DO UPDATE"
			" SET count = CASE WHEN boot = excluded.boot THEN count + 1 ELSE 1 END,"
			" boot = excluded.boot",
			"ttt", name, use->user, use->lasting ? NULL : store->boot);
	if (r == 0)
		r = mica_database_commit(store->database);
	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

static int discount_use(struct mica_store *store, const char *name, const struct mica_volume_use *use)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	int r = mica_transaction_begin(&transaction, store->database, use->lasting);

	if (r == 0)
		r = mica_database_run(store->database,
				      "UPDATE volume_users SET count = count - 1"
				      " WHERE volume = ? AND user = ? AND count > 1 AND " VALID,
				      "ttt", name, use->user, store->boot);
	if (r == 0 && !mica_database_changes(store->database))
		r = mica_database_run(store->database, "DELETE FROM volume_users WHERE volume = ? AND user = ?", "tt",
				      name, use->user);
	if (r == 0)
		r = mica_database_commit(store->database);
	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

int mica_volume_acquire(struct mica_store *store, const char *name, const struct mica_volume_use *use,
			char **ret_directory)
{
	_cleanup_volume_place_ struct mica_volume_place place = {};
	_cleanup_close_ int fd = -EBADF;
	int r = mica_volume_lock(store, name, !use->quick, &place, &fd);

	if (r < 0)
		return r;
	/* What is behind a server is not mounted by who is in a hurry, and the table of mounts is looked at once. */
	if (use->quick && place.backend->remote)
		r = mica_volume_is_mounted(&place, fd) ? 0 : -EAGAIN;
	else
		r = mica_volume_mount_locked(store, name, &place, fd);
	if (r == 0)
		r = count_use(store, name, use);
	if (r == 0 && ret_directory)
		*ret_directory = TAKE_PTR(place.directory);
	return r;
}

/* Out of the tree at once; the kernel writes what it has when the server is there again. */
static int detach(int fd)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/_data", fd);
	return umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH) < 0 ? -errno : 0;
}

/* With the volume locked. */
static int settle(struct mica_store *store, const char *name, const struct mica_volume_place *place, int fd)
{
	int64_t users = 0;
	int answer = 0, r;

	if (!place->backend->mount)
		return 0;
	r = mica_volume_users_count(store, name, &users);
	if (r < 0 || users)
		return r;
	if (place->backend->remote && mica_volume_is_mounted(place, fd)) {
		r = mica_backend_answer(&(struct mica_backend_question){ place->backend, place->options,
									 place->directory },
					1, &answer);
		if (r < 0 || answer < 0)
			return r < 0 ? r : detach(fd);
	}
	return mica_volume_unmount_locked(store, name, place, fd);
}

int mica_volume_release(struct mica_store *store, const char *name, const struct mica_volume_use *use)
{
	_cleanup_volume_place_ struct mica_volume_place place = {};
	_cleanup_close_ int fd = -EBADF;
	int r = discount_use(store, name, use);

	if (r == 0)
		r = mica_volume_lock(store, name, !use->quick, &place, &fd);
	if (r == -EWOULDBLOCK || (r == 0 && use->quick && place.backend->remote))
		return -EAGAIN;
	return r < 0 ? r : settle(store, name, &place, fd);
}

int mica_volume_settle(struct mica_store *store, const char *name)
{
	_cleanup_volume_place_ struct mica_volume_place place = {};
	_cleanup_close_ int fd = -EBADF;
	int r = mica_volume_lock(store, name, true, &place, &fd);

	return r < 0 ? r : settle(store, name, &place, fd);
}

int mica_volume_users_count(struct mica_store *store, const char *name, int64_t *ret)
{
	int r = mica_database_number(store->database, ret,
				     "SELECT coalesce(sum(count), 0) FROM volume_users WHERE volume = ? AND " VALID,
				     "tt", name, store->boot);

	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

int mica_volume_users_engines(struct mica_store *store, const char *name, int64_t *ret)
{
	int r = mica_database_number(store->database, ret,
				     "SELECT coalesce(sum(count), 0) FROM volume_users WHERE volume = ? AND boot = ?",
				     "tt", name, store->boot);

	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

struct listing {
	int (*take)(const char *user, int64_t count, void *userdata);
	void *userdata;
};

static int take_user(const struct mica_row *row, void *userdata)
{
	const struct listing *listing = userdata;

	return listing->take(mica_row_text(row, 0), mica_row_number(row, 1), listing->userdata);
}

int mica_volume_users_list(struct mica_store *store, const char *name,
			   int (*take)(const char *user, int64_t count, void *userdata), void *userdata)
{
	struct listing listing = { take, userdata };

	return mica_database_query(store->database, take_user, &listing,
				   "SELECT user, count FROM volume_users WHERE volume = ? AND " VALID " ORDER BY user",
				   "tt", name, store->boot);
}

int mica_volume_users_forget(struct mica_store *store, const char *name, const char *prefix)
{
	int r = mica_database_run(store->database,
				  "DELETE FROM volume_users WHERE volume = ?1 AND substr(user, 1, length(?2)) = ?2",
				  "tt", name, prefix);

	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

int mica_volume_users_expire(struct mica_store *store)
{
	int r = mica_database_run(store->database, "DELETE FROM volume_users WHERE boot != ?", "t", store->boot);

	return r < 0 ? mica_store_database_failed(store, r) : 0;
}
