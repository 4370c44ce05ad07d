// SPDX-License-Identifier: BSD-2-Clause
#include "store/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/archive_source.h"
#include "store/image_internal.h"
#include "store/import_internal.h"
#include "store/import_plan.h"
#include "store/layer_internal.h"
#include "store/union_mount.h"

/* Indexes within indexes. */
#define INDEX_DEPTH 4

/* An import on its way. */
struct import {
	struct mica_store *store;
	struct mica_import_source *source;
	const struct mica_import_options *options;
	struct mica_import_counts *counts;
	struct mica_import_plan plan;
	struct mica_imported_image *images;
};

static void end(struct import *import)
{
	for (size_t i = 0; import->images && i < import->plan.count; i++)
		mica_imported_image_free(&import->images[i]);
	free(import->images);
	mica_import_plan_free(&import->plan);
}

static int read_text(struct import *import, const char *name, char **ret, size_t *ret_size)
{
	int r = mica_import_source_read(import->source, name, ret, ret_size);

	if (r == -ENOENT)
		return mica_store_refuse(import->store, -EBADMSG, "the archive has no %s", name);
	if (r == -EFBIG)
		return mica_store_refuse(import->store, -EBADMSG, "%s in the archive is too large", name);
	return r < 0 ? mica_store_refuse(import->store, r, "cannot read %s in the archive", name) : 0;
}

/* Reads a blob of JSON and verifies it. */
static int read_blob(struct import *import, const struct mica_import_blob *blob, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *text = NULL;
	char digest[MICA_DIGEST_SIZE];
	struct mica_digest hash;
	size_t size = 0;
	int r = read_text(import, blob->name, &text, &size);

	if (r < 0)
		return r;
	mica_digest_begin(&hash);
	mica_digest_add(&hash, text, size);
	mica_digest_end(&hash, digest);
	if ((blob->digest && strcmp(blob->digest, digest) != 0) || (blob->size >= 0 && (uint64_t)blob->size != size))
		return mica_store_refuse(import->store, -EBADMSG,
					 "%s in the archive is not what its digest says: it is %s", blob->name, digest);
	*ret = TAKE_PTR(text);
	*ret_size = size;
	return 0;
}

static int plan_index(struct import *import, const char *json, size_t size, const char *outer_name, unsigned depth);

static int plan_descriptor(struct import *import, const struct mica_import_descriptor *item, const char *outer_name,
			   unsigned depth)
{
	const char *name = item->name ? item->name : outer_name;
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r;

	/* An archive of one platform's image may list the others without having them. */
	if (item->foreign)
		return 0;
	r = read_blob(import, &item->blob, &text, &size);
	if (r < 0)
		return r;
	if (item->index)
		return plan_index(import, text, size, name, depth + 1);
	r = mica_import_parse_manifest(text, size, name, &import->plan);
	return r == -EBADMSG ? mica_store_refuse(import->store, r, "%s is no image manifest", item->blob.name) : r;
}

static int plan_index(struct import *import, const char *json, size_t size, const char *outer_name, unsigned depth)
{
	_cleanup_import_descriptors_ struct mica_import_descriptors descriptors = {};
	int r = depth < INDEX_DEPTH ? mica_import_parse_index(json, size, &descriptors) : -EBADMSG;

	if (r == -EBADMSG)
		return mica_store_refuse(import->store, r, "the archive's index is none");
	for (size_t i = 0; r == 0 && i < descriptors.count; i++)
		r = plan_descriptor(import, &descriptors.items[i], outer_name, depth);
	return r;
}

static int plan_named(struct import *import, const char *name, bool docker)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r = read_text(import, name, &text, &size);

	if (r < 0)
		return r;
	r = docker ? mica_import_parse_docker(text, size, &import->plan) : plan_index(import, text, size, NULL, 0);
	if (r == -EBADMSG && docker)
		return mica_store_refuse(import->store, r, "the archive's manifest.json is no list of images");
	if (r == 0 && !import->plan.count)
		return mica_store_refuse(import->store, -EBADMSG, "the archive has no image for this machine");
	return r;
}

static enum mica_import_format format_of(const struct mica_import_source *source)
{
	if (mica_import_source_has(source, "manifest.json"))
		return MICA_IMPORT_DOCKER;
	return mica_import_source_has(source, "index.json") && mica_import_source_has(source, "oci-layout")
		       ? MICA_IMPORT_OCI
		       : MICA_IMPORT_TREE;
}

static int take_image(struct import *import, const struct mica_import_image *image, struct mica_imported_image *ret)
{
	_cleanup_free_ char *config = NULL;
	size_t size = 0;
	int r = read_blob(import, &image->config, &config, &size);

	if (r == 0)
		r = mica_imported_image_begin(ret, import->store, image, config, size);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < image->layer_count; i++) {
		struct mica_archive_source layer;

		if (mica_imported_layer_exists(ret, i))
			continue;
		r = mica_import_source_open(import->source, image->layers[i].name, &layer);
		if (r < 0)
			return mica_store_refuse(import->store, -EBADMSG, "the archive has no layer %s",
						 image->layers[i].name);
		r = mica_imported_layer_unpack(ret, i, &layer, &image->layers[i], import->options, import->counts);
		(void)close(layer.fd);
	}
	return r;
}

static int take_images(struct import *import)
{
	int r = 0;

	import->images = calloc(import->plan.count, sizeof(*import->images));
	if (!import->images)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < import->plan.count; i++)
		r = take_image(import, &import->plan.images[i], &import->images[i]);
	return r;
}

/* An image of a tree: its configuration is made when the layer's digest is known. */
static int take_tree(struct import *import)
{
	struct mica_archive_source whole;
	int r = mica_import_source_whole(import->source, &whole);

	if (r == -EISDIR)
		return mica_store_refuse(import->store, -EINVAL, "the directory is no OCI image layout");
	if (r < 0)
		return r;
	import->plan.images = calloc(1, sizeof(*import->plan.images));
	import->images = calloc(1, sizeof(*import->images));
	if (import->plan.images && import->images) {
		import->plan.count = 1;
		r = mica_imported_tree(&import->images[0], import->store, &whole, import->options, import->counts);
	} else
		r = -ENOMEM;
	(void)close(whole.fd);
	return r;
}

static int plan(struct import *import, enum mica_import_format format)
{
	if (format == MICA_IMPORT_ANY)
		format = format_of(import->source);
	if (format == MICA_IMPORT_TREE)
		return take_tree(import);
	int r = plan_named(import, format == MICA_IMPORT_DOCKER ? "manifest.json" : "index.json",
			   format == MICA_IMPORT_DOCKER);
	return r < 0 ? r : take_images(import);
}

static int import_all(struct import *import, enum mica_import_format format, const char *name)
{
	int r = plan(import, format);

	for (size_t i = 0; r == 0 && i < import->plan.count; i++) {
		const struct mica_import_image *image = &import->plan.images[i];

		for (size_t j = 0; r == 0 && j < image->names.count; j++)
			r = mica_imported_image_name(&import->images[i], image->names.items[j]);
		if (r == 0 && name)
			r = mica_imported_image_name(&import->images[i], name);
	}
	/* All files of all layers at once; then the rows may say that they are there. */
	if (r == 0 && syncfs(import->store->staging_fd) < 0)
		r = mica_store_refuse(import->store, -errno, "cannot bring the layers to the disk");
	return r < 0 ? r : mica_imported_commit(import->store, import->images, import->plan.count);
}

int mica_import(struct mica_store *store, int fd, enum mica_import_format format, const char *name,
		const struct mica_import_options *options, struct mica_import_counts *ret_counts,
		void (*take)(const struct mica_imported *image, void *userdata), void *userdata)
{
	_cleanup_source_ struct mica_import_source *source = NULL;
	struct mica_import_counts counts = {};
	_cleanup_(end) struct import import = { .store = store, .options = options, .counts = &counts };
	int r = name && !mica_image_name_valid(name) ? -EINVAL : 0;

	store->reason[0] = '\0';
	if (r < 0)
		return mica_store_refuse(store, r, "'%s' is no name for an image", name);
	r = mica_import_source_new(fd, store->staging_fd, options, &source);
	if (r == -EBADMSG)
		return mica_store_refuse(store, r, "it is no archive, or a damaged one");
	if (r < 0)
		return mica_store_refuse(store, r, "cannot read the archive");
	import.source = source;
	r = import_all(&import, format, name);
	if (r < 0)
		return r;
	for (size_t i = 0; i < import.plan.count; i++)
		mica_imported_tell(&import.images[i], take, userdata);
	*ret_counts = counts;
	return 0;
}
