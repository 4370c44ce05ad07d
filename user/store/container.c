// SPDX-License-Identifier: BSD-2-Clause
#include "store/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/container_internal.h"
#include "store/layer_internal.h"
#include "store/name.h"
#include "store/tree.h"
#include "store/volume_internal.h"

/* Fewer digits of an id are taken for a name. */
#define ID_LEAST 2

int mica_container_new_id(char id[static MICA_CONTAINER_ID_SIZE])
{
	return mica_name_random(id, (MICA_CONTAINER_ID_SIZE - 1) / 2);
}

struct found {
	char *id;
	size_t count;
};

static int take_id(const struct mica_row *row, void *userdata)
{
	struct found *found = userdata;

	if (found->count++)
		return 0;
	found->id = strdup(mica_row_text(row, 0));
	return found->id ? 0 : -ENOMEM;
}

int mica_container_find(struct mica_store *store, const char *name, char **ret_id)
{
	size_t size = strlen(name);
	struct found found = {};
	int r;

	store->reason[0] = '\0';
	r = mica_database_query(store->database, take_id, &found,
				"SELECT id FROM containers WHERE name = ?1 OR id = ?1", "t", name);
	if (r == 0 && !found.count && size >= ID_LEAST && size < MICA_CONTAINER_ID_SIZE &&
	    strspn(name, "0123456789abcdef") == size)
		r = mica_database_query(store->database, take_id, &found,
					"SELECT id FROM containers WHERE id >= ?1 AND substr(id, 1, ?2) = ?1 LIMIT 2",
					"ti", name, (int64_t)size);
	if (r == 0 && found.count == 1) {
		*ret_id = found.id;
		return 0;
	}
	free(found.id);
	if (r < 0)
		return mica_store_database_failed(store, r);
	return found.count ? mica_store_refuse(store, -ENOTUNIQ, "several containers begin with %s", name)
			   : mica_store_refuse(store, -ENOENT, "there is no container '%s'", name);
}

struct listing {
	int (*take)(const struct mica_stored_container *container, void *userdata);
	void *userdata;
	size_t count;
};

static int take_container(const struct mica_row *row, void *userdata)
{
	struct listing *listing = userdata;

	listing->count++;
	return listing->take(
		&(struct mica_stored_container){
			.id = mica_row_text(row, 0),
			.name = mica_row_text(row, 1),
			.image = mica_row_text(row, 2),
			.settings = mica_row_text(row, 3),
			.created = mica_row_number(row, 4),
			.finished = mica_row_number(row, 5),
			.exit_status = mica_row_is_null(row, 6) ? -1 : (int)mica_row_number(row, 6),
			.auto_remove = mica_row_number(row, 7),
		},
		listing->userdata);
}

#define COLUMNS "SELECT id, name, image, settings, created, finished, exit_status, auto_remove FROM containers"

int mica_container_list(struct mica_store *store,
			int (*take)(const struct mica_stored_container *container, void *userdata), void *userdata)
{
	struct listing listing = { take, userdata, 0 };

	return mica_database_query(store->database, take_container, &listing, COLUMNS " ORDER BY created DESC, id",
				   NULL);
}

int mica_container_inspect(struct mica_store *store, const char *id,
			   int (*take)(const struct mica_stored_container *container, void *userdata), void *userdata)
{
	struct listing listing = { take, userdata, 0 };
	int r = mica_database_query(store->database, take_container, &listing, COLUMNS " WHERE id = ?", "t", id);

	if (r == 0 && !listing.count)
		return mica_store_refuse(store, -ENOENT, "there is no container '%s'", id);
	return r;
}

static int ignore(const struct mica_stored_container *container, void *userdata)
{
	(void)container;
	(void)userdata;
	return 0;
}

static int refuse_lock(struct mica_store *store, const char *id, int error)
{
	if (mica_container_init_pid(id))
		return mica_store_refuse(store, -EBUSY, "the container '%.12s' is running", id);
	return mica_store_refuse(store, error, "another mica is at work on the container '%.12s'", id);
}

int mica_container_lock(struct mica_store *store, const char *id, bool wait, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (mkdirat(store->containers_fd, id, 0700) < 0 && errno != EEXIST &&
	    (errno != ENOSPC || !mica_store_make_room(store) || mkdirat(store->containers_fd, id, 0700) < 0))
		return mica_store_refuse(store, -errno, "cannot make %s/containers/%s", store->root, id);
	fd = mica_tree_open(store->containers_fd, id, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return mica_store_refuse(store, fd, "cannot open %s/containers/%s", store->root, id);
	do
		r = flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return refuse_lock(store, id, -errno);
	/* Meanwhile it may have been removed, and this directory be one that was only made above. */
	r = mica_container_inspect(store, id, ignore, NULL);
	if (r == -ENOENT)
		(void)unlinkat(store->containers_fd, id, AT_REMOVEDIR);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Rows of one container, in the order that the references need. */
static int insert_rows(struct mica_store *store, const struct mica_container_request *request,
		       const struct mica_stage *stage, const char *settings)
{
	int r = mica_database_run(store->database,
				  "INSERT INTO layers (id, parent, created, stage) VALUES (?, ?, ?, ?)", "ttit",
				  request->id, request->top, mica_store_now(), stage->name);

	if (r == 0)
		r = mica_database_run(store->database,
				      "INSERT INTO containers (id, name, image, layer, settings, created, auto_remove)"
				      " VALUES (?, ?, ?, ?, ?, ?, ?)",
				      "tttttii", request->id, request->name, request->image, request->id, settings,
				      mica_store_now(), (int64_t)request->auto_remove);
	return r;
}

static int refuse_insert(struct mica_store *store, const struct mica_container_request *request, int error)
{
	if (error == -EEXIST)
		return mica_store_refuse(store, error,
					 "there is a container '%s' already; remove it, or take another name",
					 request->name);
	if (error == -EBUSY) /* a foreign key */
		return mica_store_refuse(store, -ENOENT, "the image or a volume was removed meanwhile");
	return mica_store_database_failed(store, error);
}

static int insert(struct mica_store *store, const struct mica_container_request *request,
		  const struct mica_stage *stage, struct mica_staged_volume *volumes)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	_cleanup_free_ char *settings = request->settings(request);
	int r = settings ? mica_transaction_begin(&transaction, store->database, !request->auto_remove) : -ENOMEM;

	if (r == 0)
		r = mica_staged_volumes_insert(store, volumes, request->volume_count);
	if (r == 0)
		r = insert_rows(store, request, stage, settings);
	for (size_t i = 0; r == 0 && i < request->volume_count; i++)
		r = mica_database_run(store->database,
				      "INSERT INTO container_volumes (container, target, volume) VALUES (?, ?, ?)",
				      "ttt", request->id, request->volumes[i].target, volumes[i].name);
	if (r == 0)
		r = mica_database_commit(store->database);
	return r < 0 ? refuse_insert(store, request, r) : 0;
}

static int is_free(struct mica_store *store, const char *name)
{
	int64_t taken = 0;
	int r = mica_database_number(store->database, &taken, "SELECT count(*) FROM containers WHERE name = ?", "t",
				     name);

	if (r < 0)
		return mica_store_database_failed(store, r);
	return taken ? mica_store_refuse(store, -EEXIST,
					 "there is a container '%s' already; remove it, or take another name", name)
		     : 0;
}

static int stage_layer(struct mica_store *store, const struct mica_container_request *request, struct mica_stage *stage)
{
	int r = mica_stage_begin(store, stage);

	if (r == 0)
		r = mica_layer_stage(stage);
	/* What is not promised to be there after a power cut need not be waited for. */
	if (r == 0 && !request->auto_remove && (fsync(stage->fd) < 0 || fsync(store->staging_fd) < 0))
		r = -errno;
	return r < 0 ? mica_store_refuse(store, r, "cannot make the directories of the container") : 0;
}

int mica_container_create(struct mica_store *store, const struct mica_container_request *request, int *ret_lock_fd)
{
	_cleanup_stage_ struct mica_stage stage = MICA_STAGE_NONE;
	struct mica_staged_volume *volumes = NULL;
	int lock_fd = -EBADF;
	int r = mica_layer_check_id(store, request->name);

	if (r == 0)
		r = is_free(store, request->name);
	if (r == 0)
		r = mica_staged_volumes_begin(store, request->volumes, request->volume_count, &volumes);
	if (r == 0)
		r = stage_layer(store, request, &stage);
	if (r == 0)
		r = insert(store, request, &stage, volumes);
	if (r == 0) {
		stage.committed = true;
		(void)mica_stage_finish_layer(store, request->id, stage.name);
		mica_staged_volumes_finish(store, volumes, request->volume_count);
		/* The stage's lock still keeps others from taking it for one whose keeper died. */
		if (ret_lock_fd)
			r = mica_container_lock(store, request->id, true, &lock_fd);
	}
	mica_staged_volumes_free(volumes, request->volume_count);
	if (r == 0 && ret_lock_fd)
		*ret_lock_fd = lock_fd;
	return r;
}

/* Rows of volumes that only this container had; before the container's own row goes, which frees them. */
static int forget_volumes(struct mica_store *store, const char *id)
{
	static const char alone[] =
		"SELECT v.name FROM volumes v JOIN container_volumes c ON c.volume = v.name"
		" WHERE c.container = ?1 AND v.anonymous AND NOT EXISTS"
		" (SELECT 1 FROM container_volumes o WHERE o.volume = v.name AND o.container <> ?1)";
	_cleanup_strings_ struct mica_strings names = {};
	int r = mica_database_query(store->database, mica_row_add_text, &names, alone, "t", id);

	if (r == 0)
		r = mica_database_run(store->database, "DELETE FROM container_volumes WHERE container = ?", "t", id);
	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = mica_volume_delete_row(store, names.items[i]);
	return r;
}

int mica_container_goes_when_ended(struct mica_store *store, const char *id, bool *ret)
{
	int64_t goes = 0;
	int r = mica_database_number(store->database, &goes, "SELECT auto_remove FROM containers WHERE id = ?", "t",
				     id);

	if (r == -ENOENT)
		return mica_store_refuse(store, r, "there is no container '%s'", id);
	if (r < 0)
		return mica_store_database_failed(store, r);
	*ret = goes;
	return 0;
}

static int delete_rows(struct mica_store *store, const char *id, bool volumes)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	bool goes = false;
	int r = mica_container_goes_when_ended(store, id, &goes);

	if (r < 0)
		return r;
	/* Of one that is removed by itself, a removal that a power cut undid is done again. */
	r = mica_transaction_begin(&transaction, store->database, !goes);
	if (r == 0 && volumes)
		r = forget_volumes(store, id);
	if (r == 0)
		r = mica_database_run(store->database, "DELETE FROM containers WHERE id = ?", "t", id);
	if (r == 0)
		r = mica_database_run(store->database, "INSERT OR IGNORE INTO trash VALUES ('container/' || ?)", "t",
				      id);
	if (r == 0)
		r = mica_layer_delete_row(store, id);
	if (r == 0)
		r = mica_database_commit(store->database);
	if (r == -EBUSY)
		return mica_store_refuse(store, r, "the container's layer '%s' is the parent of another", id);
	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

int mica_container_remove(struct mica_store *store, const char *id, bool volumes, int *lock_fd)
{
	int r;

	if (mica_container_init_pid(id))
		return mica_store_refuse(store, -EBUSY, "the container '%.12s' is running; stop it, or use --force",
					 id);
	mica_container_forget_run(id);
	r = delete_rows(store, id, volumes);
	if (r == -ENOSPC && mica_store_make_room(store))
		r = delete_rows(store, id, volumes);
	if (r < 0)
		return r;
	/* Our own lock must not keep us from its directory. */
	mica_cleanup_close(lock_fd);
	*lock_fd = -EBADF;
	(void)mica_stage_recover(store);
	return 0;
}

int mica_container_ended(struct mica_store *store, const char *id, int exit_status)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	int r = mica_transaction_begin(&transaction, store->database, false);

	if (r == 0)
		r = mica_database_run(store->database,
				      "UPDATE containers SET exit_status = ?, finished = ? WHERE id = ?", "iit",
				      (int64_t)exit_status, mica_store_now(), id);
	if (r == 0)
		r = mica_database_commit(store->database);
	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

/*
 * True while the process that made it has not locked it yet: it holds the tree that became its layer, or that is still
 * staged. Of one that died mica_stage_recover has brought the tree to its place before this is asked.
 */
static bool is_being_made(struct mica_store *store, const char *id)
{
	_cleanup_close_ int fd = mica_tree_open(store->layers_fd, id, O_RDONLY | O_DIRECTORY);

	return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0;
}

int mica_container_recover(struct mica_store *store)
{
	_cleanup_strings_ struct mica_strings ids = {};
	int r = mica_database_query(store->database, mica_row_add_text, &ids,
				    "SELECT id FROM containers WHERE auto_remove", NULL);

	if (r < 0)
		return mica_store_database_failed(store, r);
	for (size_t i = 0; i < ids.count; i++) {
		_cleanup_close_ int fd = -EBADF;

		if (mica_container_init_pid(ids.items[i]) || mica_container_lock(store, ids.items[i], false, &fd) < 0 ||
		    is_being_made(store, ids.items[i]))
			continue;
		(void)mica_container_remove(store, ids.items[i], true, &fd);
	}
	store->reason[0] = '\0';
	return 0;
}

int mica_container_remove_when_ended(struct mica_store *store, const char *id)
{
	bool already = false;
	int r = mica_container_goes_when_ended(store, id, &already);

	if (r < 0 || already)
		return r;
	r = mica_database_run(store->database, "UPDATE containers SET auto_remove = 1 WHERE id = ?", "t", id);
	return r < 0 ? mica_store_database_failed(store, r) : 0;
}
