/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mica's own containers: a directory for each that runs or is about to, with a file "state.json" that is there before
 * anything of it happens. Its crun keeps its state beside it.
 */
#include "container/engine_mica.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/string.h"
#include "container/json.h"
#include "container/state_files.h"

#define MICA_RUN "/run/mica/containers"
#define CRUN_RUN "/run/mica/crun"
/** More mounts than the kernel lets a namespace have by default (fs.mount-max): a broken file. */
#define VOLUMES_LIMIT 100000
/** More than a union can have (fs/overlayfs/ovl_entry.h: 500). */
#define LAYERS_LIMIT 10000

static int copy(const json_t *json, const char *key, char **ret)
{
	return mica_string_copy(mica_json_string(json, key), ret);
}

static int add_volumes(struct mica_engine_container *container, const json_t *volumes)
{
	const json_t *volume;
	size_t i;

	if (json_array_size(volumes) > VOLUMES_LIMIT)
		return -EBADMSG;
	json_array_foreach(volumes, i, volume)
	{
		const char *source = mica_json_string(volume, "source");
		const char *destination = mica_json_string(volume, "destination");

		if (!source || source[0] != '/' || !destination || destination[0] != '/')
			continue;
		if (mica_engine_container_add_volume(container, mica_json_string(volume, "name"), source, destination) <
		    0)
			return -ENOMEM;
	}
	return 0;
}

static int add_layers(struct mica_engine_container *container, const json_t *layers)
{
	const json_t *layer;
	size_t i;

	if (json_array_size(layers) > LAYERS_LIMIT)
		return -EBADMSG;
	container->layers = calloc(json_array_size(layers) + 1, sizeof(*container->layers));
	if (!container->layers)
		return -ENOMEM;
	json_array_foreach(layers, i, layer)
	{
		struct mica_engine_layer *added = &container->layers[container->layer_count];

		if (!mica_json_string(layer, "id") || !mica_json_string(layer, "digest"))
			continue;
		container->layer_count++;
		if (copy(layer, "id", &added->id) < 0 || copy(layer, "digest", &added->digest) < 0)
			return -ENOMEM;
	}
	return 0;
}

int mica_own_parse_state(const char *id, const char *data, size_t size, struct mica_engine_container **ret)
{
	_cleanup_json_ json_t *json = mica_json_parse(data, size);
	struct mica_engine_container *container;
	int r = 0;

	if (!json_is_object(json))
		return -EBADMSG;
	container = calloc(1, sizeof(*container));
	if (!container)
		return -ENOMEM;
	container->id = strdup(id);
	if (!container->id || copy(json, "name", &container->name) < 0 || copy(json, "image", &container->image) < 0 ||
	    copy(json, "imageId", &container->image_id) < 0 || copy(json, "upper", &container->upper_directory) < 0 ||
	    copy(json, "root", &container->root_directory) < 0 ||
	    copy(json, "bundle", &container->bundle_directory) < 0)
		r = -ENOMEM;
	if (r == 0 && !container->name)
		r = -EBADMSG;
	if (r == 0)
		r = add_volumes(container, json_object_get(json, "volumes"));
	if (r == 0)
		r = add_layers(container, json_object_get(json, "layers"));
	if (r < 0) {
		mica_engine_container_free(&container);
		return r;
	}
	*ret = container;
	return 0;
}

static int parse(const char *id, const char *directory, const char *data, size_t size,
		 struct mica_engine_container **ret)
{
	(void)directory;
	return mica_own_parse_state(id, data, size, ret);
}

static void own_close(void *userdata)
{
	struct mica_state_files *state = userdata;

	if (!state)
		return;
	mica_state_files_free(state);
	free(state);
}

static int own_open(const struct mica_host *host, void **ret_state)
{
	struct mica_state_files *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->host = host;
	state->parse = parse;
	*ret_state = state;
	return 0;
}

static int own_refresh(void *userdata)
{
	struct mica_state_files *state = userdata;
	int r;

	mica_state_files_begin(state);
	r = mica_state_files_look(state, MICA_RUN, "state.json");
	return r < 0 ? r : mica_state_files_end(state);
}

static int own_each_container(void *userdata, int (*take)(struct mica_engine_container *container, void *userdata),
			      void *take_userdata)
{
	return mica_state_files_each(userdata, take, take_userdata);
}

/* crun writes it when the container is made: later than its name is known. */
static int own_pid(void *userdata, const char *id)
{
	const struct mica_state_files *state = userdata;
	_cleanup_json_ json_t *json = NULL;
	char path[400];
	json_int_t pid;

	(void)snprintf(path, sizeof(path), CRUN_RUN "/%s/status", id);
	if (mica_json_read(state->host, path, &json) < 0)
		return 0;
	pid = json_integer_value(json_object_get(json, "pid"));
	return pid > 0 && pid <= INT32_MAX ? (int)pid : 0;
}

static const char *own_layer_digest(void *userdata, const char *layer_directory)
{
	_cleanup_free_ char *id = mica_engine_layer_id(layer_directory);

	return id ? mica_state_files_digest(userdata, id) : NULL;
}

/* ROOT/volumes/NAME/_data of the default store; those of others are told by each container. */
static int own_volume_of_path(const char *path, char **ret_name, size_t *ret_directory_length)
{
	return mica_engine_volume_below(path, "/var/lib/mica/volumes/", "/_data", ret_name, ret_directory_length);
}

static size_t own_errors(const void *userdata)
{
	const struct mica_state_files *state = userdata;

	return state->errors;
}

const struct mica_engine_ops mica_engine_mica = {
	.name = "mica",
	.open = own_open,
	.close = own_close,
	.refresh = own_refresh,
	.each_container = own_each_container,
	.pid = own_pid,
	.layer_digest = own_layer_digest,
	.volume_of_path = own_volume_of_path,
	.volume_directories = "/var/lib/mica/volumes/*/_data",
	.errors = own_errors,
};
