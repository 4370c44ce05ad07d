// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "store/archive_extract.h"
#include "store/archive_write.h"
#include "store/layer_internal.h"
#include "store/tree.h"

int mica_layer_diff(struct mica_store *store, const char *id, int fd)
{
	_cleanup_close_ int layer_fd = -EBADF;
	_cleanup_close_ int diff_fd = -EBADF;
	struct mica_layer_row row = {};
	char reason[512];
	int r = mica_layer_lock(store, id, &row, &layer_fd);

	if (r < 0)
		return r;
	diff_fd = mica_tree_open(layer_fd, "diff", O_RDONLY | O_DIRECTORY);
	if (diff_fd < 0)
		return mica_store_refuse(store, diff_fd, "cannot open %s/layers/%s/diff", store->root, id);
	r = mica_archive_write_layer(diff_fd, fd, reason, sizeof(reason));
	return r < 0 ? mica_store_refuse(store, r, "cannot archive the layer '%s'%s%s", id, reason[0] ? " at " : "",
					 reason)
		     : 0;
}

static int is_empty(int layer_fd)
{
	_cleanup_close_ int fd = mica_tree_open(layer_fd, "diff", O_RDONLY | O_DIRECTORY);
	_cleanup_closedir_ DIR *directory = fd < 0 ? NULL : mica_tree_read(fd);
	size_t count = 0;

	if (!directory)
		return fd < 0 ? fd : -errno;
	while (readdir(directory))
		count++;
	return count == 2;
}

static int check(struct mica_store *store, const char *id, const struct mica_layer_row *row, int layer_fd)
{
	int empty;

	if (row->immutable)
		return mica_store_refuse(store, -EBUSY, "the layer '%s' is immutable: it was imported, or has children",
					 id);
	if (row->refs || mica_layer_mounted(layer_fd))
		return mica_store_refuse(store, -EBUSY, "the layer '%s' is in use; put it first", id);
	empty = is_empty(layer_fd);
	if (empty < 0)
		return mica_store_refuse(store, empty, "cannot look into the layer '%s'", id);
	return empty ? 0 : mica_store_refuse(store, -ENOTEMPTY, "the layer '%s' has content already", id);
}

/* Unpacks below a stage, to the disk. */
static int unpack(struct mica_store *store, const struct mica_stage *stage, int fd,
		  const struct mica_import_options *options, struct mica_import_counts *counts,
		  char digest[static MICA_DIGEST_SIZE])
{
	const struct mica_archive_source source = { .fd = fd, .offset = -1, .content_digest = true };
	_cleanup_input_ struct mica_archive_input *input = NULL;
	_cleanup_close_ int diff_fd = -EBADF;
	char reason[512] = "";
	int r = mica_tree_make(stage->fd, "diff", 0755, &diff_fd);

	if (r == 0 && fchmod(diff_fd, 0755) < 0)
		r = -errno;
	if (r == 0)
		r = mica_archive_input_new(&source, &input);
	if (r == 0)
		r = mica_archive_extract(input, diff_fd, options, counts, reason, sizeof(reason));
	if (r == 0)
		r = mica_archive_input_finish(input, NULL, digest);
	if (r == 0 && syncfs(stage->fd) < 0)
		r = -errno;
	return r < 0 ? mica_store_refuse(store, r, "cannot unpack the archive%s%s", reason[0] ? ": " : "", reason) : 0;
}

static int commit(struct mica_store *store, const char *id, const char *digest, uint64_t bytes, const char *stage)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	int r = mica_transaction_begin(&transaction, store->database, true);

	if (r == 0)
		r = mica_database_run(store->database, "UPDATE layers SET digest = ?, size = ?, stage = ? WHERE id = ?",
				      "titt", digest, (int64_t)bytes, stage, id);
	if (r == 0)
		r = mica_database_commit(store->database);
	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

int mica_layer_apply(struct mica_store *store, const char *id, int fd, const struct mica_import_options *options,
		     struct mica_import_counts *ret_counts)
{
	_cleanup_stage_ struct mica_stage stage = MICA_STAGE_NONE;
	_cleanup_close_ int layer_fd = -EBADF;
	struct mica_import_counts counts = {};
	struct mica_layer_row row = {};
	char digest[MICA_DIGEST_SIZE];
	int r = mica_layer_lock(store, id, &row, &layer_fd);

	if (r == 0)
		r = check(store, id, &row, layer_fd);
	if (r == 0)
		r = mica_stage_begin(store, &stage);
	if (r == 0)
		r = unpack(store, &stage, fd, options, &counts, digest);
	if (r == 0)
		r = commit(store, id, digest, counts.bytes, stage.name);
	if (r < 0)
		return r;
	stage.committed = true;
	r = mica_stage_finish_layer(store, id, stage.name);
	if (r < 0)
		return mica_store_refuse(store, r, "cannot put the content of the layer '%s' in its place", id);
	*ret_counts = counts;
	return 0;
}
