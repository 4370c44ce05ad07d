/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/engine_podman.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "container/engine_podman_paths.h"
#include "container/json.h"

/** An id becomes part of paths: letters and digits only. */
static const char *id_of(const json_t *object, const char *key)
{
	const char *id = mica_json_string(object, key);
	size_t length = id ? strspn(id, "0123456789abcdefABCDEFghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ") : 0;

	return length && length <= 255 && !id[length] ? id : NULL;
}

static const char *first_name(const json_t *object)
{
	const char *name = json_string_value(json_array_get(json_object_get(object, "names"), 0));

	return name && *name ? name : NULL;
}

static int copy(const char *string, char **ret)
{
	char *copied = NULL;

	if (string) {
		copied = strdup(string);
		if (!copied)
			return -ENOMEM;
	}
	*ret = copied;
	return 0;
}

/** Parses a file that is an array. */
static int parse_array(const char *data, size_t size, json_t **ret)
{
	_cleanup_json_ json_t *json = mica_json_parse(data, size);

	/* containers/storage writes "null" for no entries at all. */
	if (!json_is_array(json) && !json_is_null(json))
		return -EBADMSG;
	*ret = TAKE_PTR(json);
	return 0;
}

static int compare_layers(const void *a, const void *b)
{
	return strcmp(((const struct mica_podman_layer *)a)->id, ((const struct mica_podman_layer *)b)->id);
}

int mica_podman_parse_layers(struct mica_podman_state *state, const char *data, size_t size)
{
	_cleanup_json_ json_t *json = NULL;
	json_t *entry;
	size_t i;
	struct mica_podman_layer *larger;
	int r = parse_array(data, size, &json);

	if (r < 0)
		return r;
	larger = reallocarray(state->layers, state->layer_count + json_array_size(json) + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	state->layers = larger;
	json_array_foreach(json, i, entry)
	{
		const char *id = id_of(entry, "id"), *digest = mica_json_string(entry, "diff-digest");
		struct mica_podman_layer layer = {};

		if (!id || !digest)
			continue;
		if (copy(id, &layer.id) < 0 || copy(digest, &layer.digest) < 0) {
			free(layer.id);
			return -ENOMEM;
		}
		state->layers[state->layer_count++] = layer;
	}
	qsort(state->layers, state->layer_count, sizeof(*state->layers), compare_layers);
	return 0;
}

int mica_podman_parse_images(struct mica_podman_state *state, const char *data, size_t size)
{
	_cleanup_json_ json_t *json = NULL;
	json_t *entry;
	size_t i;
	struct mica_podman_image *larger;
	int r = parse_array(data, size, &json);

	if (r < 0)
		return r;
	larger = reallocarray(state->images, state->image_count + json_array_size(json) + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	state->images = larger;
	json_array_foreach(json, i, entry)
	{
		const char *id = id_of(entry, "id"), *name = first_name(entry);
		struct mica_podman_image image = {};

		if (!id || !name)
			continue;
		if (copy(id, &image.id) < 0 || copy(name, &image.name) < 0) {
			free(image.id);
			return -ENOMEM;
		}
		state->images[state->image_count++] = image;
	}
	return 0;
}

static const char *image_name(const struct mica_podman_state *state, const char *id)
{
	for (size_t i = 0; id && i < state->image_count; i++)
		if (strcmp(state->images[i].id, id) == 0)
			return state->images[i].name;
	return NULL;
}

static int print_path(char **ret, const char *format, const char *id)
{
	char *path;

	/* The format is one of engine_podman_paths.h: each takes one id. */
	if (asprintf(&path, format, id) < 0)
		return -ENOMEM;
	*ret = path;
	return 0;
}

/** The image as the user named it, else its present name, else its id. */
static const char *image_of(const struct mica_podman_state *state, const json_t *entry, const json_t *metadata)
{
	const char *image = mica_json_string(metadata, "image-name"), *id = id_of(entry, "image");

	if (!image)
		image = image_name(state, id);
	return image ? image : id;
}

static int parse_container(struct mica_podman_state *state, const json_t *entry,
			   struct mica_engine_container *container)
{
	const char *id = id_of(entry, "id"), *layer = id_of(entry, "layer");
	const char *text = mica_json_string(entry, "metadata"), *name = first_name(entry);
	_cleanup_json_ json_t *metadata = text ? mica_json_parse(text, strlen(text)) : NULL;

	if (!name)
		name = mica_json_string(metadata, "name");
	if (copy(id, &container->id) < 0 || copy(name ? name : id, &container->name) < 0 ||
	    copy(image_of(state, entry, metadata), &container->image) < 0 ||
	    copy(id_of(entry, "image"), &container->image_id) < 0 ||
	    print_path(&container->bundle_directory, PODMAN_BUNDLE, id) < 0)
		return -ENOMEM;
	if (!layer)
		return 0;
	if (print_path(&container->upper_directory, PODMAN_DIFF, layer) < 0 ||
	    print_path(&container->root_directory, PODMAN_MERGED, layer) < 0)
		return -ENOMEM;
	return 0;
}

static bool has_container(const struct mica_podman_state *state, const char *id, size_t limit)
{
	for (size_t i = 0; i < limit; i++)
		if (strcmp(state->containers[i]->id, id) == 0)
			return true;
	return false;
}

int mica_podman_parse_containers(struct mica_podman_state *state, const char *data, size_t size)
{
	_cleanup_json_ json_t *json = NULL;
	size_t before = state->container_count, i;
	json_t *entry;
	struct mica_engine_container **larger;
	int r = parse_array(data, size, &json);

	if (r < 0)
		return r;
	larger = reallocarray(state->containers, before + json_array_size(json) + 1,
			      sizeof(struct mica_engine_container *));
	if (!larger)
		return -ENOMEM;
	state->containers = larger;
	json_array_foreach(json, i, entry)
	{
		const char *id = id_of(entry, "id");
		struct mica_engine_container *container;

		/* The same container in both files: an engine of another version wrote one of them. */
		if (!id || has_container(state, id, before))
			continue;
		container = calloc(1, sizeof(*container));
		if (!container)
			return -ENOMEM;
		if (parse_container(state, entry, container) < 0) {
			mica_engine_container_free(&container);
			return -ENOMEM;
		}
		state->containers[state->container_count++] = container;
	}
	return 0;
}

void mica_podman_reset(struct mica_podman_state *state)
{
	for (size_t i = 0; i < state->layer_count; i++) {
		free(state->layers[i].id);
		free(state->layers[i].digest);
	}
	for (size_t i = 0; i < state->image_count; i++) {
		free(state->images[i].id);
		free(state->images[i].name);
	}
	for (size_t i = 0; i < state->container_count; i++)
		mica_engine_container_free(&state->containers[i]);
	free(state->layers);
	free(state->images);
	free(state->containers);
	state->layers = NULL;
	state->images = NULL;
	state->containers = NULL;
	state->layer_count = state->image_count = state->container_count = 0;
}
