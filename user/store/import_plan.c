// SPDX-License-Identifier: BSD-2-Clause
#include "store/import_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "container/json.h"

static void free_blob(struct mica_import_blob *blob)
{
	free(blob->name);
	free(blob->digest);
}

static void free_image(struct mica_import_image *image)
{
	free_blob(&image->config);
	for (size_t i = 0; i < image->layer_count; i++)
		free_blob(&image->layers[i]);
	free(image->layers);
	mica_strings_free(&image->names);
}

void mica_import_plan_free(struct mica_import_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		free_image(&plan->images[i]);
	free(plan->images);
	*plan = (struct mica_import_plan){};
}

void mica_import_descriptors_free(struct mica_import_descriptors *descriptors)
{
	for (size_t i = 0; i < descriptors->count; i++) {
		free_blob(&descriptors->items[i].blob);
		free(descriptors->items[i].name);
	}
	free(descriptors->items);
	*descriptors = (struct mica_import_descriptors){};
}

/* A blob by its name in the archive. */
static int named_blob(const json_t *name, struct mica_import_blob *ret)
{
	const char *text = json_string_value(name);

	if (!text || !*text || strlen(text) != json_string_length(name))
		return -EBADMSG;
	*ret = (struct mica_import_blob){ .name = strdup(text), .size = -1 };
	return ret->name ? 0 : -ENOMEM;
}

/* A blob by an OCI descriptor: its digest is its name. */
static int described_blob(const json_t *descriptor, struct mica_import_blob *ret)
{
	const char *digest = mica_json_string(descriptor, "digest");
	const json_t *size = json_object_get(descriptor, "size");
	struct mica_import_blob blob = {};

	if (!digest || !mica_digest_valid(digest) || !json_is_integer(size) || json_integer_value(size) < 0)
		return -EBADMSG;
	blob.size = json_integer_value(size);
	blob.digest = strdup(digest);
	if (!blob.digest || asprintf(&blob.name, "blobs/sha256/%s", mica_digest_hex(digest)) < 0) {
		free(blob.digest);
		return -ENOMEM;
	}
	*ret = blob;
	return 0;
}

static int add_layers(struct mica_import_image *image, const json_t *layers,
		      int (*blob_of)(const json_t *value, struct mica_import_blob *ret))
{
	size_t count = json_array_size(layers);

	if (!json_is_array(layers))
		return -EBADMSG;
	image->layers = calloc(count + 1, sizeof(*image->layers));
	if (!image->layers)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int r = blob_of(json_array_get(layers, i), &image->layers[i]);

		if (r < 0)
			return r;
		image->layer_count++;
	}
	return 0;
}

static int fill_docker(struct mica_import_image *image, const json_t *entry)
{
	const json_t *tags = json_object_get(entry, "RepoTags");
	size_t index;
	const json_t *tag;
	int r = named_blob(json_object_get(entry, "Config"), &image->config);

	if (r == 0)
		r = add_layers(image, json_object_get(entry, "Layers"), named_blob);
	if (r == 0 && tags && !json_is_null(tags) && !json_is_array(tags))
		r = -EBADMSG;
	json_array_foreach(tags, index, tag)
	{
		if (r == 0)
			r = json_is_string(tag) ? mica_strings_add(&image->names, json_string_value(tag)) : -EBADMSG;
	}
	return r;
}

static int grow(struct mica_import_plan *plan)
{
	struct mica_import_image *images = reallocarray(plan->images, plan->count + 1, sizeof(*images));

	if (!images)
		return -ENOMEM;
	plan->images = images;
	images[plan->count++] = (struct mica_import_image){};
	return 0;
}

int mica_import_parse_docker(const char *json, size_t size, struct mica_import_plan *ret)
{
	_cleanup_import_plan_ struct mica_import_plan plan = {};
	_cleanup_json_ json_t *manifest = mica_json_parse(json, size);
	size_t index;
	const json_t *entry;

	if (!json_is_array(manifest) || !json_array_size(manifest))
		return -EBADMSG;
	json_array_foreach(manifest, index, entry)
	{
		int r = grow(&plan);

		if (r == 0)
			r = fill_docker(&plan.images[index], entry);
		if (r < 0)
			return r;
	}
	*ret = plan;
	(void)memset(&plan, 0, sizeof(plan)); /* given away */
	return 0;
}

/* Go's word for this machine. */
static const char *architecture(void)
{
	static const char *const words[][2] = {
		{ "x86_64", "amd64" },
		{ "aarch64", "arm64" },
		{ "armv7l", "arm" },
		{ "i686", "386" },
	};
	static struct utsname machine;

	if (uname(&machine) < 0)
		return "";
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(machine.machine, words[i][0]) == 0)
			return words[i][1];
	return machine.machine;
}

static int fill_descriptor(struct mica_import_descriptor *item, const json_t *entry)
{
	const json_t *annotations = json_object_get(entry, "annotations"),
		     *platform = json_object_get(entry, "platform");
	const char *type = mica_json_string(entry, "mediaType");
	const char *name = mica_json_string(annotations, "io.containerd.image.name");
	const char *os = mica_json_string(platform, "os"), *machine = mica_json_string(platform, "architecture");
	int r = described_blob(entry, &item->blob);

	if (r < 0)
		return r;
	if (!name)
		name = mica_json_string(annotations, "org.opencontainers.image.ref.name");
	if (name && !(item->name = strdup(name)))
		return -ENOMEM;
	item->index = type && (strstr(type, "image.index") || strstr(type, "manifest.list"));
	item->foreign = (os && strcmp(os, "linux") != 0) || (machine && strcmp(machine, architecture()) != 0);
	return 0;
}

int mica_import_parse_index(const char *json, size_t size, struct mica_import_descriptors *ret)
{
	_cleanup_import_descriptors_ struct mica_import_descriptors descriptors = {};
	_cleanup_json_ json_t *index = mica_json_parse(json, size);
	const json_t *manifests = json_object_get(index, "manifests");
	size_t i;
	const json_t *entry;

	if (!json_is_array(manifests))
		return -EBADMSG;
	descriptors.items = calloc(json_array_size(manifests) + 1, sizeof(*descriptors.items));
	if (!descriptors.items)
		return -ENOMEM;
	json_array_foreach(manifests, i, entry)
	{
		int r = fill_descriptor(&descriptors.items[descriptors.count++], entry);

		if (r < 0)
			return r;
	}
	*ret = descriptors;
	(void)memset(&descriptors, 0, sizeof(descriptors)); /* given away */
	return 0;
}

int mica_import_parse_manifest(const char *json, size_t size, const char *name, struct mica_import_plan *plan)
{
	_cleanup_json_ json_t *manifest = mica_json_parse(json, size);
	struct mica_import_image image = {};
	int r = json_is_object(manifest) ? 0 : -EBADMSG;

	if (r == 0)
		r = described_blob(json_object_get(manifest, "config"), &image.config);
	if (r == 0)
		r = add_layers(&image, json_object_get(manifest, "layers"), described_blob);
	if (r == 0 && name)
		r = mica_strings_add(&image.names, name);
	if (r == 0)
		r = grow(plan);
	if (r < 0) {
		free_image(&image);
		return r;
	}
	plan->images[plan->count - 1] = image;
	return 0;
}

int mica_import_parse_diff_ids(const char *json, size_t size, struct mica_strings *ret)
{
	_cleanup_strings_ struct mica_strings digests = {};
	_cleanup_json_ json_t *config = mica_json_parse(json, size);
	const json_t *ids = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
	size_t count = json_array_size(ids);
	int r = 0;

	if (!json_is_array(ids))
		return -EBADMSG;
	for (size_t i = 0; r == 0 && i < count; i++) {
		const char *text = json_string_value(json_array_get(ids, i));

		r = text && mica_digest_valid(text) ? mica_strings_add(&digests, text) : -EBADMSG;
	}
	if (r < 0)
		return r;
	*ret = digests;
	digests = (struct mica_strings){}; /* given away */
	return 0;
}
