// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/archive_extract.h"
#include "store/image_internal.h"
#include "store/import_internal.h"
#include "store/layer_internal.h"
#include "store/tree.h"
#include "store/union_mount.h"

void mica_imported_image_free(struct mica_imported_image *image)
{
	for (size_t i = 0; i < image->layer_count; i++)
		mica_stage_end(&image->layers[i].stage);
	free(image->layers);
	mica_strings_free(&image->names);
	free(image->config);
	*image = (struct mica_imported_image){};
}

static int begin_layers(struct mica_imported_image *image, char *const *digests, size_t count)
{
	image->layers = calloc(count + 1, sizeof(*image->layers));
	if (!image->layers)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct mica_imported_layer *layer = &image->layers[i];

		layer->stage = MICA_STAGE_NONE;
		(void)memcpy(layer->digest, digests[i], MICA_DIGEST_SIZE);
		mica_digest_chain(i ? image->layers[i - 1].chain : NULL, layer->digest, layer->chain);
		image->layer_count++;
	}
	return 0;
}

static int set_config(struct mica_imported_image *image, const char *config, size_t size)
{
	struct mica_digest hash;

	mica_digest_begin(&hash);
	mica_digest_add(&hash, config, size);
	mica_digest_end(&hash, image->id);
	image->config = strndup(config, size);
	return image->config ? 0 : -ENOMEM;
}

int mica_imported_image_begin(struct mica_imported_image *image, struct mica_store *store,
			      const struct mica_import_image *planned, const char *config, size_t config_size)
{
	_cleanup_strings_ struct mica_strings digests = {};
	int r = mica_import_parse_diff_ids(config, config_size, &digests);
	size_t count = digests.count;

	image->store = store;
	if (r == -EBADMSG)
		return mica_store_refuse(store, r, "%s is no image configuration", planned->config.name);
	if (r == 0 && count != planned->layer_count)
		r = mica_store_refuse(store, -EBADMSG, "the image has %zu layers, and its configuration %zu",
				      planned->layer_count, count);
	if (r == 0 && count > MICA_UNION_LOWERS_MAX - 1)
		r = mica_store_refuse(store, -E2BIG, "the image has %zu layers; the kernel takes %d", count,
				      MICA_UNION_LOWERS_MAX - 1);
	if (r == 0)
		r = set_config(image, config, config_size);
	if (r == 0)
		r = begin_layers(image, digests.items, count);
	return r;
}

bool mica_imported_layer_exists(const struct mica_imported_image *image, size_t index)
{
	return mica_layer_exists(image->store, mica_digest_hex(image->layers[index].chain)) > 0;
}

/* Unpacks a layer into a stage. The digests are told, that of the archive if `source_digest` is no NULL; they are not
 * compared yet. */
static int unpack(struct mica_store *store, const struct mica_archive_source *source,
		  const struct mica_import_options *options, struct mica_import_counts *counts,
		  struct mica_imported_layer *layer, char *source_digest, char content_digest[static MICA_DIGEST_SIZE])
{
	struct mica_archive_source wanted = *source;
	_cleanup_input_ struct mica_archive_input *input = NULL;
	_cleanup_close_ int diff_fd = -EBADF;
	uint64_t before = counts->bytes;
	char reason[512] = "";
	int r = mica_stage_begin(store, &layer->stage);

	if (r < 0)
		return r;
	wanted.source_digest = source_digest;
	wanted.content_digest = true;
	r = mica_layer_stage(&layer->stage);
	if (r == 0) {
		diff_fd = mica_tree_open(layer->stage.fd, "diff", O_RDONLY | O_DIRECTORY);
		r = diff_fd < 0 ? diff_fd : mica_archive_input_new(&wanted, &input);
	}
	if (r == 0)
		r = mica_archive_extract(input, diff_fd, options, counts, reason, sizeof(reason));
	if (r == 0)
		r = mica_archive_input_finish(input, source_digest, content_digest);
	if (r < 0)
		return mica_store_refuse(store, r, "cannot unpack the layer: %s",
					 reason[0] ? reason
					 : input   ? mica_archive_input_message(input)
						   : "it is damaged");
	layer->bytes = counts->bytes - before;
	return 0;
}

int mica_imported_layer_unpack(struct mica_imported_image *image, size_t index,
			       const struct mica_archive_source *source, const struct mica_import_blob *blob,
			       const struct mica_import_options *options, struct mica_import_counts *counts)
{
	char source_digest[MICA_DIGEST_SIZE], content_digest[MICA_DIGEST_SIZE];
	struct mica_imported_layer *layer = &image->layers[index];
	int r;

	if (blob->size >= 0 && (uint64_t)blob->size != source->size)
		return mica_store_refuse(image->store, -EBADMSG, "the layer %s is of another size than is said",
					 blob->name);
	r = unpack(image->store, source, options, counts, layer, blob->digest ? source_digest : NULL, content_digest);
	if (r < 0)
		return r;
	if (blob->digest && strcmp(blob->digest, source_digest) != 0)
		return mica_store_refuse(image->store, -EBADMSG, "the layer %s is not what its digest says: it is %s",
					 blob->name, source_digest);
	if (strcmp(layer->digest, content_digest) != 0)
		return mica_store_refuse(
			image->store, -EBADMSG,
			"the layer %s is not what the image's configuration says: its content is %s, not %s",
			blob->name, content_digest, layer->digest);
	return 0;
}

int mica_imported_tree(struct mica_imported_image *image, struct mica_store *store,
		       const struct mica_archive_source *source, const struct mica_import_options *options,
		       struct mica_import_counts *counts)
{
	char digest[MICA_DIGEST_SIZE];
	char *const digests[] = { digest };
	char config[300];
	struct mica_imported_layer layer = { .stage = MICA_STAGE_NONE };
	int r = unpack(store, source, options, counts, &layer, NULL, digest);
	int size;

	image->store = store;
	if (r == 0)
		r = begin_layers(image, digests, 1);
	if (r == 0) {
		/* The same tree is the same image, whenever it is imported: no time in it. */
		size = snprintf(
			config, sizeof(config),
			"{\"os\":\"linux\",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
			digest);
		r = set_config(image, config, (size_t)size);
	}
	if (r < 0) {
		mica_stage_end(&layer.stage);
		return r;
	}
	image->layers[0].stage = layer.stage;
	image->layers[0].bytes = layer.bytes;
	return 0;
}

int mica_imported_image_name(struct mica_imported_image *image, const char *name)
{
	if (!mica_image_name_valid(name))
		return mica_store_refuse(image->store, -EBADMSG, "'%s' is no name for an image", name);
	return mica_strings_give(&image->names, mica_image_name_full(name));
}

static int insert_layers(struct mica_store *store, const struct mica_imported_image *image)
{
	const char *parent = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < image->layer_count; i++) {
		const struct mica_imported_layer *layer = &image->layers[i];
		const char *id = mica_digest_hex(layer->chain);

		/* Another import may have been faster, or two images of this one share it: the row stays, this tree
		 * goes. */
		if (layer->stage.fd >= 0)
			r = mica_trash_take(store, id);
		if (r == 0 && layer->stage.fd >= 0)
			r = mica_database_run(store->database,
					      "INSERT OR IGNORE INTO layers (id, parent, digest, size, created, stage)"
					      " VALUES (?, ?, ?, ?, ?, ?)",
					      "tttiit", id, parent, layer->digest, (int64_t)layer->bytes,
					      mica_store_now(), layer->stage.name);
		parent = id;
	}
	return r;
}

static int insert_image(struct mica_store *store, const struct mica_imported_image *image)
{
	const char *top = image->layer_count ? mica_digest_hex(image->layers[image->layer_count - 1].chain) : NULL;
	const char *id = mica_digest_hex(image->id);
	int r = insert_layers(store, image);

	if (r == 0)
		r = mica_database_run(store->database,
				      "INSERT OR IGNORE INTO images (id, top, config, created) VALUES (?, ?, ?, ?)",
				      "ttti", id, top, image->config, mica_store_now());
	for (size_t i = 0; r == 0 && i < image->names.count; i++)
		r = mica_database_run(store->database,
				      "INSERT INTO image_names VALUES (?, ?)"
				      " ON CONFLICT (name) DO UPDATE SET image = excluded.image",
				      "tt", image->names.items[i], id);
	return r;
}

/* After the commit: trees whose row names their stage go to their place, the others away. */
static void place(struct mica_store *store, struct mica_imported_image *image)
{
	for (size_t i = 0; i < image->layer_count; i++) {
		struct mica_imported_layer *layer = &image->layers[i];
		int64_t ours = 0;

		if (layer->stage.fd < 0)
			continue;
		if (mica_database_number(store->database, &ours, "SELECT count(*) FROM layers WHERE stage = ?", "t",
					 layer->stage.name) < 0)
			ours = 1; /* not known: the next start finds out */
		layer->stage.committed = ours;
		if (ours)
			(void)mica_stage_finish_layer(store, mica_digest_hex(layer->chain), layer->stage.name);
	}
}

int mica_imported_commit(struct mica_store *store, struct mica_imported_image *images, size_t count)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	int r = mica_transaction_begin(&transaction, store->database, true);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = insert_image(store, &images[i]);
	if (r == 0)
		r = mica_database_commit(store->database);
	if (r == -EBUSY)
		return mica_store_refuse(store, -EAGAIN,
					 "a layer that the image shares was removed meanwhile; try again");
	if (r < 0)
		return mica_store_database_failed(store, r);
	for (size_t i = 0; i < count; i++)
		place(store, &images[i]);
	return 0;
}

void mica_imported_tell(const struct mica_imported_image *image,
			void (*take)(const struct mica_imported *image, void *userdata), void *userdata)
{
	uint64_t shared = 0;

	for (size_t i = 0; i < image->layer_count; i++)
		shared += image->layers[i].stage.fd < 0;
	take(
		&(struct mica_imported){
			.id = mica_digest_hex(image->id),
			.top = image->layer_count ? mica_digest_hex(image->layers[image->layer_count - 1].chain) : NULL,
			.names = (const char *const *)image->names.items,
			.name_count = image->names.count,
			.layers = image->layer_count,
			.shared = shared,
		},
		userdata);
}
