/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images: a stack of layers with a configuration and names.
 */
#ifndef MICA_STORE_IMAGE_H
#define MICA_STORE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct mica_image {
	/** 64 digits. */
	const char *id;
	/** Topmost layer; NULL: it has none. */
	const char *top;
	/** Separated by a space; NULL: it has none. */
	const char *names;
	int64_t layers, size;
	/** When it was imported; nanoseconds since 1970. */
	int64_t created;
};

/** Calls `take` with each image, the oldest first. */
int mica_image_list(struct mica_store *store, int (*take)(const struct mica_image *image, void *userdata),
		    void *userdata);

/** Finds an image by name ("shop", "shop:1"), id or the start of one (4 digits at least). *ret_id: caller frees.
 *  -ENOENT; -ENOTUNIQ: several begin so. */
int mica_image_find(struct mica_store *store, const char *name, char **ret_id);

/** Configuration (JSON) and topmost layer (NULL: none) of an image; caller frees both. */
int mica_image_read(struct mica_store *store, const char *id, char **ret_config, char **ret_top);

/**
 * Removes a name of an image; with its last name, or by its id, the image and the layers that nobody else needs.
 * -EBUSY: a container, or a layer that was made on it, needs it. *ret_removed: the image is gone, not only a name.
 */
int mica_image_remove(struct mica_store *store, const char *name, bool *ret_removed);

#endif
