/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What should be mounted: the unions that were asked for, the layers and volumes that have users.
 */
#ifndef MICA_STORE_KEPT_H
#define MICA_STORE_KEPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "store/backend.h"
#include "store/store.h"
#include "store/union_text.h"

enum mica_kept_kind {
	MICA_KEPT_UNION,
	MICA_KEPT_LAYER,
	MICA_KEPT_VOLUME,
	_MICA_KEPT_MAX,
};

/** Owned. */
struct mica_kept {
	enum mica_kept_kind kind;
	/** A layer's id, a volume's name, a union's mount point. */
	char *name;
	/** Where it should be seen; without symlinks. */
	char *target;
	/** Of unions and layers. */
	struct mica_union_plan plan;
	/** Of volumes. */
	const struct mica_backend *backend;
	json_t *options;
};

struct mica_kept_list {
	struct mica_kept *items;
	size_t count;
};
#define _cleanup_kept_list_ _cleanup_(mica_kept_list_free)
void mica_kept_list_free(struct mica_kept_list *list);

/** Reads what should be mounted, unions first. Asks no file system. `ret` is the caller's to free, also on failure. */
int mica_kept_read(struct mica_store *store, struct mica_kept_list *ret);

/** "union", "layer", "volume". A static string. */
const char *mica_kept_kind_name(enum mica_kept_kind kind);

#endif
