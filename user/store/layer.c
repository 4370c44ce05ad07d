// SPDX-License-Identifier: BSD-2-Clause
#include "store/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/layer_internal.h"
#include "store/name.h"
#include "store/tree.h"

int mica_layer_check_id(struct mica_store *store, const char *id)
{
	if (mica_name_valid(id))
		return 0;
	return mica_store_refuse(store, -EINVAL,
				 "'%s' is no name: letters, digits, '_', '.', '-', two at least and %d at most, "
				 "the first a letter or digit",
				 id, MICA_NAME_MAX);
}

static int take_row(const struct mica_row *row, void *userdata)
{
	struct mica_layer_row *layer = userdata;
	const char *stage = mica_row_text(row, 3);

	layer->found = true;
	layer->has_parent = mica_row_number(row, 0);
	layer->immutable = mica_row_number(row, 1);
	layer->refs = mica_row_number(row, 2);
	if (stage)
		(void)memccpy(layer->stage, stage, '\0', sizeof(layer->stage) - 1);
	return 0;
}

int mica_layer_row(struct mica_store *store, const char *id, struct mica_layer_row *ret)
{
	struct mica_layer_row row = {};
	int r = mica_layer_check_id(store, id);

	if (r < 0)
		return r;
	r = mica_database_query(store->database, take_row, &row,
				"SELECT parent IS NOT NULL,"
				" digest IS NOT NULL OR EXISTS (SELECT 1 FROM layers WHERE parent = l.id),"
				" iif(boot = ?, refs, 0), stage FROM layers l WHERE id = ?",
				"tt", store->boot, id);
	if (r < 0)
		return mica_store_database_failed(store, r);
	if (!row.found)
		return mica_store_refuse(store, -ENOENT, "there is no layer '%s'", id);
	*ret = row;
	return 0;
}

/* The tree of a committed layer may still be in staging/. */
static int settle(struct mica_store *store, const char *id, const struct mica_layer_row *row)
{
	int r = 0;

	if (row->stage[0] && faccessat(store->staging_fd, row->stage, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		r = mica_stage_finish_layer(store, id, row->stage);
	return r < 0 ? mica_store_refuse(store, r, "cannot put the layer '%s' in its place", id) : 0;
}

static int lock_layer(struct mica_store *store, const char *id, int *ret_fd)
{
	_cleanup_close_ int fd = mica_tree_open(store->layers_fd, id, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return mica_store_refuse(store, fd == -ENOENT ? -EUCLEAN : fd, "the directory %s/layers/%s is missing",
					 store->root, id);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return mica_store_refuse(store, -errno, "cannot lock the layer '%s'", id);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int mica_layer_lock(struct mica_store *store, const char *id, struct mica_layer_row *ret_row, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	struct mica_layer_row row = {};
	int r = mica_layer_row(store, id, &row);

	if (r == 0)
		r = settle(store, id, &row);
	if (r == 0)
		r = lock_layer(store, id, &fd);
	/* While this waited for the lock, another may have removed it, or got it. */
	if (r == 0)
		r = mica_layer_row(store, id, &row);
	if (r < 0)
		return r;
	*ret_row = row;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int mica_layer_stage(const struct mica_stage *stage)
{
	static const struct {
		const char *name;
		mode_t mode;
	} directories[] = { { "diff", 0755 }, { "work", 0700 }, { "merged", 0700 } };

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		if (mkdirat(stage->fd, directories[i].name, directories[i].mode) < 0 ||
		    fchmodat(stage->fd, directories[i].name, directories[i].mode, 0) < 0)
			return -errno;
	return 0;
}

/* The tree below a stage is on the disk, and so is its name. */
static int sync_stage(const struct mica_stage *stage)
{
	if (stage->store->relaxed)
		return 0;
	return fsync(stage->fd) < 0 || fsync(stage->store->staging_fd) < 0 ? -errno : 0;
}

static int insert(struct mica_store *store, const char *id, const char *parent, const char *stage)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	int r = mica_transaction_begin(&transaction, store->database, true);

	if (r == 0)
		r = mica_trash_take(store, id);
	if (r == 0)
		r = mica_database_run(store->database,
				      "INSERT INTO layers (id, parent, created, stage) VALUES (?, ?, ?, ?)", "ttit", id,
				      parent, mica_store_now(), stage);
	if (r == 0)
		r = mica_database_commit(store->database);
	if (r == -EEXIST)
		return mica_store_refuse(store, r, "the layer '%s' exists", id);
	if (r == -EBUSY) /* the foreign key */
		return mica_store_refuse(store, -ENOENT, "there is no layer '%s' to be the parent", parent);
	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

static int create_staged(struct mica_store *store, const char *id, const char *parent)
{
	_cleanup_stage_ struct mica_stage stage = MICA_STAGE_NONE;
	int r = mica_stage_begin(store, &stage);

	if (r < 0)
		return r;
	r = mica_layer_stage(&stage);
	if (r == 0)
		r = sync_stage(&stage);
	if (r < 0)
		return mica_store_refuse(store, r, "cannot make the directories of the layer '%s'", id);
	r = insert(store, id, parent, stage.name);
	if (r < 0)
		return r;
	stage.committed = true;
	/* Done: what is left can be done by anybody who comes next. */
	(void)mica_stage_finish_layer(store, id, stage.name);
	return 0;
}

int mica_layer_create(struct mica_store *store, const char *id, const char *parent)
{
	_cleanup_close_ int parent_fd = -EBADF;
	struct mica_layer_row row = {};
	int r = mica_layer_check_id(store, id);

	if (r == 0 && parent)
		r = mica_layer_lock(store, parent, &row, &parent_fd);
	if (r < 0)
		return r;
	if (parent && !row.immutable && (row.refs || mica_layer_mounted(parent_fd)))
		return mica_store_refuse(store, -EBUSY, "the layer '%s' is mounted writable; put it first", parent);
	return create_staged(store, id, parent);
}

int mica_layer_delete_row(struct mica_store *store, const char *id)
{
	int r = mica_database_run(store->database, "DELETE FROM layers WHERE id = ?", "t", id);

	if (r == 0)
		r = mica_database_run(store->database, "INSERT OR IGNORE INTO trash VALUES (?)", "t", id);
	return r;
}

static int delete_layer(struct mica_store *store, const char *id)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	int r = mica_transaction_begin(&transaction, store->database, true);

	if (r == 0)
		r = mica_layer_delete_row(store, id);
	if (r == -EBUSY)
		return mica_store_refuse(store, r,
					 "the layer '%s' is the parent of another, or an image or container "
					 "needs it",
					 id);
	if (r == 0)
		r = mica_database_commit(store->database);
	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

int mica_layer_remove(struct mica_store *store, const char *id)
{
	_cleanup_close_ int fd = -EBADF;
	struct mica_layer_row row = {};
	int r = mica_layer_lock(store, id, &row, &fd);

	if (r == -ENOENT)
		return 0;
	if (r < 0 && r != -EUCLEAN) /* without its directory it can be removed all the more */
		return r;
	if (r == 0 && row.refs)
		return mica_store_refuse(store, -EBUSY, "the layer '%s' is in use; put it first", id);
	/* A mount that nobody got was left by a process that died before it could note it. */
	if (r == 0)
		r = mica_layer_unmount(store, id, fd);
	else
		r = 0;
	if (r == 0)
		r = delete_layer(store, id);
	if (r == -ENOSPC && mica_store_make_room(store))
		r = delete_layer(store, id);
	if (r < 0)
		return r;
	/* Removed; its tree goes now, or with the next start. Our own lock must not keep us from it. */
	mica_cleanup_close(&fd);
	fd = -EBADF;
	(void)mica_stage_recover(store);
	return 0;
}

int mica_layer_exists(struct mica_store *store, const char *id)
{
	struct mica_layer_row row = {};
	int r = mica_layer_row(store, id, &row);

	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

struct listing {
	int (*take)(const struct mica_layer *layer, void *userdata);
	void *userdata;
};

static int take_layer(const struct mica_row *row, void *userdata)
{
	const struct listing *listing = userdata;

	return listing->take(
		&(struct mica_layer){
			.id = mica_row_text(row, 0),
			.parent = mica_row_text(row, 1),
			.digest = mica_row_text(row, 2),
			.size = mica_row_is_null(row, 3) ? -1 : mica_row_number(row, 3),
			.created = mica_row_number(row, 4),
			.refs = mica_row_number(row, 5),
			.children = mica_row_number(row, 6),
		},
		listing->userdata);
}

int mica_layer_list(struct mica_store *store, int (*take)(const struct mica_layer *layer, void *userdata),
		    void *userdata)
{
	struct listing listing = { take, userdata };

	/* A parent is always made before its children, and numbers are never used again. */
	return mica_database_query(store->database, take_layer, &listing,
				   "SELECT id, parent, digest, size, created, iif(boot = ?, refs, 0),"
				   " (SELECT count(*) FROM layers WHERE parent = l.id) FROM layers l ORDER BY number",
				   "t", store->boot);
}

int mica_layer_each_below(struct mica_store *store, const char *id,
			  int (*take)(const struct mica_layer *layer, void *userdata), void *userdata)
{
	struct listing listing = { take, userdata };

	return mica_database_query(store->database, take_layer, &listing,
				   "WITH RECURSIVE chain(layer, depth) AS (SELECT ?2, 0"
				   " UNION ALL SELECT l.parent, depth + 1 FROM layers l, chain"
				   "  WHERE l.id = chain.layer AND l.parent IS NOT NULL AND depth < 100000)"
				   "SELECT id, parent, digest, size, created, iif(boot = ?1, refs, 0),"
				   " (SELECT count(*) FROM layers WHERE parent = l.id)"
				   " FROM chain JOIN layers l ON l.id = chain.layer ORDER BY depth",
				   "tt", store->boot, id);
}

int mica_layer_diff_size(struct mica_store *store, const char *id, uint64_t *ret_bytes)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_close_ int diff_fd = -EBADF;
	struct mica_layer_row row = {};
	int r = mica_layer_lock(store, id, &row, &fd);

	if (r < 0)
		return r;
	diff_fd = mica_tree_open(fd, "diff", O_RDONLY | O_DIRECTORY);
	r = diff_fd < 0 ? diff_fd : mica_tree_size(diff_fd, ret_bytes);
	return r < 0 ? mica_store_refuse(store, r, "cannot look through %s/layers/%s/diff", store->root, id) : 0;
}

int mica_layer_chain(struct mica_store *store, const char *id, struct mica_strings *ret)
{
	_cleanup_strings_ struct mica_strings chain = {};
	int r = mica_database_query(store->database, mica_row_add_text, &chain,
				    "WITH RECURSIVE chain(id, parent, depth) AS ("
				    " SELECT id, parent, 0 FROM layers WHERE id = ?"
				    " UNION ALL SELECT l.id, l.parent, depth + 1 FROM layers l, chain"
				    "  WHERE l.id = chain.parent AND depth < 100000)"
				    "SELECT id FROM chain ORDER BY depth",
				    "t", id);

	if (r < 0)
		return mica_store_database_failed(store, r);
	*ret = chain;
	chain = (struct mica_strings){}; /* given away */
	return 0;
}
