// SPDX-License-Identifier: BSD-2-Clause
#include "store/image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/image_internal.h"
#include "store/layer_internal.h"

#define NAME_LIMIT 255
#define ID_SIZE 64
/* Fewer digits of an id are taken for a name. */
#define ID_LEAST 4

bool mica_image_name_valid(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/@-";
	size_t size = strspn(name, allowed);

	return size && !name[size] && size <= NAME_LIMIT && !strchr("_.:/@-", name[0]);
}

char *mica_image_name_full(const char *name)
{
	const char *slash = strrchr(name, '/');
	char *full = NULL;

	if (strpbrk(slash ? slash : name, ":@"))
		return strdup(name);
	return asprintf(&full, "%s:latest", name) < 0 ? NULL : full;
}

struct listing {
	int (*take)(const struct mica_image *image, void *userdata);
	void *userdata;
};

static int take_image(const struct mica_row *row, void *userdata)
{
	const struct listing *listing = userdata;

	return listing->take(
		&(struct mica_image){
			.id = mica_row_text(row, 0),
			.top = mica_row_text(row, 1),
			.names = mica_row_text(row, 2),
			.created = mica_row_number(row, 3),
			.layers = mica_row_number(row, 4),
			.size = mica_row_number(row, 5),
		},
		listing->userdata);
}

int mica_image_list(struct mica_store *store, int (*take)(const struct mica_image *image, void *userdata),
		    void *userdata)
{
	struct listing listing = { take, userdata };
	int r = mica_database_query(
		store->database, take_image, &listing,
		"WITH RECURSIVE stack(image, layer, parent, size) AS ("
		" SELECT i.id, l.id, l.parent, l.size FROM images i JOIN layers l ON l.id = i.top"
		" UNION ALL SELECT s.image, l.id, l.parent, l.size FROM stack s JOIN layers l ON l.id = s.parent)"
		"SELECT i.id, i.top, (SELECT group_concat(name, ' ') FROM image_names WHERE image = i.id), i.created,"
		" (SELECT count(*) FROM stack WHERE image = i.id), (SELECT total(size) FROM stack WHERE image = i.id)"
		" FROM images i ORDER BY i.created, i.id",
		NULL);

	return r < 0 && !store->reason[0] ? mica_store_database_failed(store, r) : r;
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

int mica_image_find(struct mica_store *store, const char *name, char **ret_id)
{
	_cleanup_free_ char *full = mica_image_name_full(name);
	struct found found = {};
	size_t size = strlen(name);
	int r;

	if (!full)
		return -ENOMEM;
	store->reason[0] = '\0';
	r = mica_database_query(store->database, take_id, &found, "SELECT image FROM image_names WHERE name = ?", "t",
				full);
	if (r == 0 && !found.count && strncmp(name, "sha256:", 7) == 0) {
		name += 7;
		size -= 7;
	}
	if (r == 0 && !found.count && size >= ID_LEAST && size <= ID_SIZE && strspn(name, "0123456789abcdef") == size)
		r = mica_database_query(store->database, take_id, &found,
					"SELECT id FROM images WHERE substr(id, 1, ?) = ?", "it", (int64_t)size, name);
	if (r < 0 || found.count != 1) {
		free(found.id);
		if (r < 0)
			return mica_store_database_failed(store, r);
		return found.count ? mica_store_refuse(store, -ENOTUNIQ, "several images begin with %s", name)
				   : mica_store_refuse(store, -ENOENT, "there is no image '%s'", name);
	}
	*ret_id = found.id;
	return 0;
}

struct content {
	char *config, *top;
	bool found;
};

static int take_content(const struct mica_row *row, void *userdata)
{
	struct content *content = userdata;
	const char *top = mica_row_text(row, 1);

	content->found = true;
	content->config = strdup(mica_row_text(row, 0));
	content->top = top ? strdup(top) : NULL;
	return content->config && (!top || content->top) ? 0 : -ENOMEM;
}

int mica_image_read(struct mica_store *store, const char *id, char **ret_config, char **ret_top)
{
	struct content content = {};
	int r = mica_database_query(store->database, take_content, &content,
				    "SELECT config, top FROM images WHERE id = ?", "t", id);

	if (r == 0 && !content.found)
		r = mica_store_refuse(store, -ENOENT, "there is no image '%s'", id);
	if (r < 0) {
		free(content.config);
		free(content.top);
		return r;
	}
	*ret_config = content.config;
	*ret_top = content.top;
	return 0;
}

/* Takes the layers from the top down, as far as nobody else needs them. */
static int remove_layers(struct mica_store *store, const char *top)
{
	_cleanup_strings_ struct mica_strings chain = {};
	int r = mica_layer_chain(store, top, &chain);

	for (size_t i = 0; r == 0 && i < chain.count; i++) {
		int64_t needed = 0;

		r = mica_database_number(store->database, &needed,
					 "SELECT EXISTS (SELECT 1 FROM layers WHERE parent = ?1)"
					 " OR EXISTS (SELECT 1 FROM images WHERE top = ?1)"
					 " OR EXISTS (SELECT 1 FROM containers WHERE layer = ?1)"
					 " OR EXISTS (SELECT 1 FROM layers WHERE id = ?1 AND refs AND boot = ?2)",
					 "tt", chain.items[i], store->boot);
		if (r < 0 || needed)
			return r;
		r = mica_layer_delete_row(store, chain.items[i]);
	}
	return r;
}

static int remove_image(struct mica_store *store, const char *id, const char *top)
{
	int64_t used = 0;
	int r = mica_database_number(store->database, &used,
				     "SELECT EXISTS (SELECT 1 FROM containers WHERE image = ?)"
				     " OR EXISTS (SELECT 1 FROM layers WHERE parent = ? AND digest IS NULL)",
				     "tt", id, top);

	if (r == 0 && used)
		return mica_store_refuse(store, -EBUSY,
					 "the image %.12s is in use: a container, or a layer of its own, stands on it",
					 id);
	if (r == 0)
		r = mica_database_run(store->database, "DELETE FROM images WHERE id = ?", "t", id);
	return r == 0 && top ? remove_layers(store, top) : r;
}

static int remove_name(struct mica_store *store, const char *name, const char *id, const char *top, bool *ret_removed)
{
	_cleanup_free_ char *full = mica_image_name_full(name);
	int64_t left = 0;
	bool by_id;
	int r;

	if (!full)
		return -ENOMEM;
	r = mica_database_run(store->database, "DELETE FROM image_names WHERE name = ? AND image = ?", "tt", full, id);
	by_id = r == 0 && !mica_database_changes(store->database);
	if (r == 0)
		r = mica_database_number(store->database, &left, "SELECT count(*) FROM image_names WHERE image = ?",
					 "t", id);
	if (r == 0 && by_id && left > 1)
		return mica_store_refuse(store, -EBUSY, "the image %.12s has %lld names; remove those", id,
					 (long long)left);
	*ret_removed = by_id || !left;
	return r == 0 && *ret_removed ? remove_image(store, id, top) : r;
}

int mica_image_remove(struct mica_store *store, const char *name, bool *ret_removed)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	_cleanup_free_ char *id = NULL, *config = NULL, *top = NULL;
	bool removed = false;
	int r = mica_transaction_begin(&transaction, store->database, true);

	if (r < 0)
		return mica_store_database_failed(store, r);
	store->reason[0] = '\0';
	r = mica_image_find(store, name, &id);
	if (r == 0)
		r = mica_image_read(store, id, &config, &top);
	if (r == 0)
		r = remove_name(store, name, id, top, &removed);
	if (r == 0)
		r = mica_database_commit(store->database);
	if (r < 0)
		return store->reason[0] ? r : mica_store_database_failed(store, r);
	(void)mica_stage_recover(store);
	*ret_removed = removed;
	return 0;
}
