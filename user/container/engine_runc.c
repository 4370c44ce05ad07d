/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runc(8) keeps one directory a container with a JSON file "state.json". Like crun's it knows no images and no layers.
 * Docker and containerd have runc keep its state below directories of their own, and know those containers better.
 */
#include "container/engine_runc.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container/json.h"
#include "container/state_files.h"

#define RUNC_RUN "/run/runc"
/** More mounts than the kernel lets a namespace have by default (fs.mount-max): a broken file. */
#define VOLUMES_LIMIT 100000

/** Value of the label "NAME=value"; NULL: none. */
static const char *label(const json_t *labels, const char *name)
{
	size_t i, length = strlen(name);
	const json_t *entry;

	json_array_foreach(labels, i, entry)
	{
		const char *text = json_string_value(entry);

		if (text && strncmp(text, name, length) == 0 && text[length] == '=')
			return text + length + 1;
	}
	return NULL;
}

static int add_volumes(struct mica_engine_container *container, const json_t *mounts)
{
	const json_t *mount;
	size_t i;

	if (json_array_size(mounts) > VOLUMES_LIMIT)
		return -EBADMSG;
	json_array_foreach(mounts, i, mount)
	{
		const char *device = mica_json_string(mount, "device"), *source = mica_json_string(mount, "source");
		const char *destination = mica_json_string(mount, "destination");

		if (!device || strcmp(device, "bind") != 0 || !source || source[0] != '/' || !destination ||
		    destination[0] != '/')
			continue;
		if (mica_engine_container_add_volume(container, NULL, source, destination) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int fill_container(const char *id, const json_t *json, struct mica_engine_container *container)
{
	const json_t *config = json_object_get(json, "config");
	const char *bundle = label(json_object_get(config, "labels"), "bundle");
	const char *root = mica_json_string(config, "rootfs");
	json_int_t pid = json_integer_value(json_object_get(json, "init_process_pid"));

	container->id = strdup(id);
	container->name = strdup(id);
	container->pid = pid > 0 && pid <= INT32_MAX ? (int)pid : 0;
	if (bundle && bundle[0] == '/')
		container->bundle_directory = strdup(bundle);
	if (root && root[0] == '/')
		container->root_directory = strdup(root);
	if (!container->id || !container->name || (bundle && bundle[0] == '/' && !container->bundle_directory) ||
	    (root && root[0] == '/' && !container->root_directory))
		return -ENOMEM;
	return add_volumes(container, json_object_get(config, "mounts"));
}

int mica_runc_parse_state(const char *id, const char *directory, const char *data, size_t size,
			  struct mica_engine_container **ret)
{
	_cleanup_(mica_engine_container_free) struct mica_engine_container *container = NULL;
	_cleanup_json_ json_t *json = mica_json_parse(data, size);
	int r;

	(void)directory;
	if (!json_is_object(json_object_get(json, "config")))
		return -EBADMSG;
	container = calloc(1, sizeof(*container));
	if (!container)
		return -ENOMEM;
	r = fill_container(id, json, container);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(container);
	return 0;
}

static void runc_close(void *userdata)
{
	struct mica_state_files *state = userdata;

	if (!state)
		return;
	mica_state_files_free(state);
	free(state);
}

static int runc_open(const struct mica_host *host, void **ret_state)
{
	struct mica_state_files *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->host = host;
	state->named_by_directory = true;
	state->parse = mica_runc_parse_state;
	*ret_state = state;
	return 0;
}

static int runc_refresh(void *userdata)
{
	struct mica_state_files *state = userdata;
	int r;

	mica_state_files_begin(state);
	r = mica_state_files_look(state, RUNC_RUN, "state.json");
	return r < 0 ? r : mica_state_files_end(state);
}

static int runc_each_container(void *userdata, int (*take)(struct mica_engine_container *container, void *userdata),
			       void *take_userdata)
{
	return mica_state_files_each(userdata, take, take_userdata);
}

static size_t runc_errors(const void *userdata)
{
	const struct mica_state_files *state = userdata;

	return state->errors;
}

const struct mica_engine_ops mica_engine_runc = {
	.name = "runc",
	.open = runc_open,
	.close = runc_close,
	.refresh = runc_refresh,
	.each_container = runc_each_container,
	.errors = runc_errors,
};
