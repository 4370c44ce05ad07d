/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/engine_podman.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "container/engine_podman_paths.h"

/**
 * The state files in the order in which they are parsed. containers/storage puts what need not outlive a reboot
 * (`--rm`) into volatile-*.json, beside the others or below the run directory (`transient_store`).
 */
static const struct {
	const char *path;
	int (*parse)(struct mica_podman_state *state, const char *data, size_t size);
} files[] = {
	{ PODMAN_GRAPH "/overlay-layers/layers.json", mica_podman_parse_layers },
	{ PODMAN_GRAPH "/overlay-layers/volatile-layers.json", mica_podman_parse_layers },
	{ PODMAN_RUN "/overlay-layers/volatile-layers.json", mica_podman_parse_layers },
	{ PODMAN_GRAPH "/overlay-images/images.json", mica_podman_parse_images },
	{ PODMAN_GRAPH "/overlay-containers/containers.json", mica_podman_parse_containers },
	{ PODMAN_GRAPH "/overlay-containers/volatile-containers.json", mica_podman_parse_containers },
	{ PODMAN_RUN "/overlay-containers/volatile-containers.json", mica_podman_parse_containers },
};

#define FILE_COUNT (sizeof(files) / sizeof(files[0]))

static void podman_close(void *userdata)
{
	struct mica_podman_state *state = userdata;

	if (!state)
		return;
	mica_podman_reset(state);
	free(state->stamps);
	free(state);
}

static int podman_open(const struct mica_host *host, void **ret_state)
{
	struct mica_podman_state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->host = host;
	state->stamps = calloc(FILE_COUNT, sizeof(*state->stamps));
	if (!state->stamps) {
		podman_close(state);
		return -ENOMEM;
	}
	*ret_state = state;
	return 0;
}

/** Looks at the stamps. Where there is no podman, at its two directories only. */
static int follow_stamps(struct mica_podman_state *state)
{
	bool graph = mica_host_has(state->host, PODMAN_GRAPH), run = mica_host_has(state->host, PODMAN_RUN);
	int changed = 0;

	for (size_t i = 0; i < FILE_COUNT; i++) {
		bool below_graph = strncmp(files[i].path, PODMAN_GRAPH, sizeof(PODMAN_GRAPH) - 1) == 0;

		/* What was there is to be seen gone. */
		if ((below_graph ? graph : run) || state->stamps[i].inode)
			changed |= mica_host_stamp(state->host, files[i].path, &state->stamps[i]);
	}
	return changed;
}

static int podman_refresh(void *userdata)
{
	struct mica_podman_state *state = userdata;
	int changed;

	/* Each has both kinds of files. */
	mica_host_watch(state->host, PODMAN_GRAPH "/overlay-containers", false);
	mica_host_watch(state->host, PODMAN_RUN "/overlay-containers", false);
	changed = follow_stamps(state);
	if (!changed)
		return 0;

	mica_podman_reset(state);
	for (size_t i = 0; i < FILE_COUNT; i++) {
		_cleanup_free_ char *text = NULL;
		size_t size = 0;
		int r = mica_host_read(state->host, files[i].path, MICA_STATE_FILE_BYTES, &text, &size);

		/* An empty file is one that is just being made. */
		if (r == 0 && size)
			r = files[i].parse(state, text, size);
		if (r == -ENOMEM)
			return r;
		if (r < 0 && r != -ENOENT)
			state->errors++;
	}
	return 1;
}

static int podman_each_container(void *userdata, int (*take)(struct mica_engine_container *container, void *userdata),
				 void *take_userdata)
{
	struct mica_podman_state *state = userdata;
	int r = 0;

	/* Given away: each is wanted once a refresh. */
	for (size_t i = 0; i < state->container_count && r >= 0; i++) {
		struct mica_engine_container *container = TAKE_PTR(state->containers[i]);

		if (container)
			r = take(container, take_userdata);
	}
	return r < 0 ? r : 0;
}

static int podman_pid(void *userdata, const char *id)
{
	struct mica_podman_state *state = userdata;
	_cleanup_free_ char *path = NULL, *text = NULL;
	long pid;

	if (asprintf(&path, PODMAN_PIDFILE, id) < 0) {
		path = NULL;
		return 0;
	}
	if (mica_host_read(state->host, path, 64, &text, NULL) < 0)
		return 0;
	pid = strtol(text, NULL, 10);
	return pid > 0 && pid <= INT32_MAX ? (int)pid : 0;
}

static int compare_id(const void *key, const void *layer)
{
	const struct mica_podman_layer *l = layer;

	return strcmp(key, l->id);
}

static const char *podman_layer_digest(void *userdata, const char *layer_directory)
{
	struct mica_podman_state *state = userdata;
	const struct mica_podman_layer *layer;
	_cleanup_free_ char *id = state->layer_count ? mica_engine_layer_id(layer_directory) : NULL;

	if (!id)
		return NULL;
	layer = bsearch(id, state->layers, state->layer_count, sizeof(*state->layers), compare_id);
	return layer ? layer->digest : NULL;
}

static int podman_volume_of_path(const char *path, char **ret_name, size_t *ret_directory_length)
{
	return mica_engine_volume_below(path, PODMAN_VOLUMES, PODMAN_VOLUME_DATA, ret_name, ret_directory_length);
}

static size_t podman_errors(const void *userdata)
{
	const struct mica_podman_state *state = userdata;

	return state->errors;
}

const struct mica_engine_ops mica_engine_podman = {
	.name = "podman",
	.open = podman_open,
	.close = podman_close,
	.refresh = podman_refresh,
	.each_container = podman_each_container,
	.pid = podman_pid,
	.layer_digest = podman_layer_digest,
	.volume_of_path = podman_volume_of_path,
	.volume_directories = PODMAN_VOLUMES "*" PODMAN_VOLUME_DATA,
	.errors = podman_errors,
};
