// SPDX-License-Identifier: BSD-2-Clause
#include "store/kept.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "container/json.h"
#include "store/layer_internal.h"

static void free_kept(struct mica_kept *kept)
{
	free(kept->name);
	free(kept->target);
	mica_union_plan_free(&kept->plan);
	json_decref(kept->options);
}

void mica_kept_list_free(struct mica_kept_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free_kept(&list->items[i]);
	free(list->items);
	*list = (struct mica_kept_list){};
}

struct reading {
	struct mica_store *store;
	/** The store's directory as the kernel names it. */
	char root[PATH_MAX];
	struct mica_kept_list *list;
};

static struct mica_kept *add(struct reading *reading, enum mica_kept_kind kind, const char *name)
{
	struct mica_kept_list *list = reading->list;
	struct mica_kept *items = list->items, *kept;

	if (!(list->count & (list->count - 1))) /* 0, or a power of two: it is full */
		items = reallocarray(items, list->count ? 2 * list->count : 1, sizeof(*items));
	if (!items)
		return NULL;
	list->items = items;
	kept = &items[list->count];
	*kept = (struct mica_kept){ .kind = kind, .name = strdup(name) };
	if (!kept->name)
		return NULL;
	list->count++;
	return kept;
}

static int take_union(const struct mica_row *row, void *userdata)
{
	struct mica_kept *kept = add(userdata, MICA_KEPT_UNION, mica_row_text(row, 0));

	if (!kept)
		return -ENOMEM;
	kept->target = strdup(kept->name);
	return kept->target ? mica_union_plan_read(mica_row_text(row, 1), &kept->plan) : -ENOMEM;
}

static int take_layer(const struct mica_row *row, void *userdata)
{
	struct reading *reading = userdata;
	struct mica_kept *kept = add(reading, MICA_KEPT_LAYER, mica_row_text(row, 0));

	if (!kept)
		return -ENOMEM;
	if (asprintf(&kept->target, "%s/layers/%s/merged", reading->root, kept->name) < 0) {
		kept->target = NULL;
		return -ENOMEM;
	}
	/* Read-only where it is immutable. */
	return mica_layer_plan(reading->store, kept->name, mica_row_number(row, 1), &kept->plan);
}

static int take_volume(const struct mica_row *row, void *userdata)
{
	struct reading *reading = userdata;
	const struct mica_backend *backend = mica_backend_find(mica_row_text(row, 1));
	struct mica_kept *kept;

	if (!backend || !backend->mount) /* unknown: of a newer mica, left alone */
		return 0;
	kept = add(reading, MICA_KEPT_VOLUME, mica_row_text(row, 0));
	if (!kept)
		return -ENOMEM;
	kept->backend = backend;
	kept->options = mica_json_parse(mica_row_text(row, 2), strlen(mica_row_text(row, 2)));
	if (asprintf(&kept->target, "%s/volumes/%s/_data", reading->root, kept->name) < 0) {
		kept->target = NULL;
		return -ENOMEM;
	}
	return kept->options ? 0 : -EBADMSG;
}

static int read_all(struct reading *reading)
{
	struct mica_store *store = reading->store;
	int r = mica_database_query(store->database, take_union, reading,
				    "SELECT target, specification FROM unions ORDER BY target", NULL);

	if (r == 0)
		r = mica_database_query(
			store->database, take_layer, reading,
			"SELECT id, digest IS NOT NULL OR EXISTS (SELECT 1 FROM layers c WHERE c.parent = l.id)"
			" FROM layers l WHERE refs > 0 AND boot = ? AND parent IS NOT NULL ORDER BY id",
			"t", store->boot);
	if (r == 0)
		r = mica_database_query(store->database, take_volume, reading,
					"SELECT name, backend, options FROM volumes v WHERE EXISTS (SELECT 1 FROM"
					" volume_users u WHERE u.volume = v.name AND (u.boot IS NULL OR u.boot = ?))"
					" ORDER BY name",
					"t", store->boot);
	return r;
}

int mica_kept_read(struct mica_store *store, struct mica_kept_list *ret)
{
	struct reading reading = { .store = store, .list = ret };
	char link[64];
	ssize_t size;
	int r;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", store->root_fd);
	size = readlink(link, reading.root, sizeof(reading.root) - 1);
	if (size < 0)
		return mica_store_refuse(store, -errno, "cannot tell where %s is", store->root);
	reading.root[size] = '\0';
	store->reason[0] = '\0';
	r = read_all(&reading);
	return r < 0 && !store->reason[0] ? mica_store_database_failed(store, r) : r;
}

const char *mica_kept_kind_name(enum mica_kept_kind kind)
{
	static const char *const names[] = {
		[MICA_KEPT_UNION] = "union",
		[MICA_KEPT_LAYER] = "layer",
		[MICA_KEPT_VOLUME] = "volume",
	};

	return kind < _MICA_KEPT_MAX ? names[kind] : "?";
}
