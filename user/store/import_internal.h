/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An image that is being imported: its layers are staged one after the other, then all images are committed at once.
 */
#ifndef MICA_STORE_IMPORT_INTERNAL_H
#define MICA_STORE_IMPORT_INTERNAL_H

#include "store/archive_input.h"
#include "store/import.h"
#include "store/import_plan.h"
#include "store/store_internal.h"

struct mica_imported_layer {
	char digest[MICA_DIGEST_SIZE];
	/** Digits of its chain's digest, the layer's id; its own digest is `digest`. */
	char chain[MICA_DIGEST_SIZE];
	/** None where the store has the layer. */
	struct mica_stage stage;
	uint64_t bytes;
};

struct mica_imported_image {
	struct mica_store *store;
	char id[MICA_DIGEST_SIZE];
	char *config;
	struct mica_imported_layer *layers;
	size_t layer_count;
	struct mica_strings names;
};

/** All of them: 0, or a negative errno with the store's reason. Free also after a failure. */
int mica_imported_image_begin(struct mica_imported_image *image, struct mica_store *store,
			      const struct mica_import_image *planned, const char *config, size_t config_size);
void mica_imported_image_free(struct mica_imported_image *image);
bool mica_imported_layer_exists(const struct mica_imported_image *image, size_t index);
int mica_imported_layer_unpack(struct mica_imported_image *image, size_t index,
			       const struct mica_archive_source *source, const struct mica_import_blob *blob,
			       const struct mica_import_options *options, struct mica_import_counts *counts);
/** An image of one layer, which is the archive itself. */
int mica_imported_tree(struct mica_imported_image *image, struct mica_store *store,
		       const struct mica_archive_source *source, const struct mica_import_options *options,
		       struct mica_import_counts *counts);
/** Adds a name, normalised ("shop" is "docker.io/library/shop:latest" to nobody here: names are kept as given, with
 *  ":latest" where no tag is). */
int mica_imported_image_name(struct mica_imported_image *image, const char *name);
/** One transaction for all, then the renames. The trees are on the disk already. */
int mica_imported_commit(struct mica_store *store, struct mica_imported_image *images, size_t count);
void mica_imported_tell(const struct mica_imported_image *image,
			void (*take)(const struct mica_imported *image, void *userdata), void *userdata);

#endif
