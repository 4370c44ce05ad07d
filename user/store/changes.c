// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "store/changes.h"
#include "store/layer_internal.h"
#include "store/lower.h"
#include "store/tree.h"

struct comparison {
	int *fds;
	size_t count;
	int (*take)(enum mica_change_kind kind, const char *path, void *userdata);
	void *userdata;
	struct mica_buffer path;
};

static void free_comparison(struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->count; i++)
		mica_cleanup_close(&comparison->fds[i]);
	free(comparison->fds);
	mica_buffer_free(&comparison->path);
}

static int tell(struct comparison *comparison, enum mica_change_kind kind, const char *path)
{
	mica_buffer_reset(&comparison->path);
	(void)mica_buffer_append_byte(&comparison->path, '/');
	(void)mica_buffer_append_string(&comparison->path, path);
	if (!mica_buffer_string(&comparison->path))
		return -ENOMEM;
	return comparison->take(kind, comparison->path.data, comparison->userdata);
}

/* fds[0] is the layer itself, what it stands on comes after. */
static int compare(const struct mica_tree_entry *entry, void *userdata)
{
	struct comparison *comparison = userdata;
	bool hidden = mica_is_whiteout(entry->stat);
	int below = mica_lower_find(comparison->fds + 1, comparison->count - 1, entry->path, NULL, NULL);

	if (below < 0)
		return below;
	if (hidden)
		return below ? tell(comparison, MICA_CHANGE_DELETED, entry->path) : 0;
	return tell(comparison, below ? MICA_CHANGE_MODIFIED : MICA_CHANGE_ADDED, entry->path);
}

static int open_chain(struct mica_store *store, const struct mica_strings *chain, struct comparison *comparison)
{
	comparison->fds = calloc(chain->count, sizeof(*comparison->fds));
	if (!comparison->fds)
		return -ENOMEM;
	for (size_t i = 0; i < chain->count; i++) {
		_cleanup_close_ int fd = -EBADF;
		struct mica_layer_row row = {};
		int r = mica_layer_lock(store, chain->items[i], &row, &fd);

		if (r < 0)
			return r;
		comparison->fds[i] = mica_tree_open(fd, "diff", O_RDONLY | O_DIRECTORY);
		if (comparison->fds[i] < 0)
			return mica_store_refuse(store, comparison->fds[i], "cannot open %s/layers/%s/diff",
						 store->root, chain->items[i]);
		comparison->count++;
	}
	return 0;
}

int mica_layers_compare(const int *fds, size_t count,
			int (*take)(enum mica_change_kind kind, const char *path, void *userdata), void *userdata)
{
	struct comparison comparison = { .fds = (int *)fds, .count = count, .take = take, .userdata = userdata };
	int r = mica_tree_walk(fds[0], compare, &comparison);

	mica_buffer_free(&comparison.path);
	return r;
}

int mica_layer_changes(struct mica_store *store, const char *id,
		       int (*take)(enum mica_change_kind kind, const char *path, void *userdata), void *userdata)
{
	_cleanup_(free_comparison) struct comparison comparison = {};
	_cleanup_strings_ struct mica_strings chain = {};
	struct mica_layer_row row = {};
	int r = mica_layer_row(store, id, &row);

	if (r == 0)
		r = mica_layer_chain(store, id, &chain);
	if (r == 0)
		r = open_chain(store, &chain, &comparison);
	if (r < 0)
		return r;
	r = mica_layers_compare(comparison.fds, comparison.count, take, userdata);
	return r < 0 ? mica_store_refuse(store, r, "cannot look through %s/layers/%s/diff", store->root, id) : 0;
}
