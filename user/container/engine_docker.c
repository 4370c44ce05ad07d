/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/engine_docker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define DOCKER_CONTAINERS DOCKER_ROOT "/containers"
#define DOCKER_REPOSITORIES DOCKER_LAYERS "/repositories.json"

/** Where a container's config.json is: of the containerd that dockerd starts, or of the system's. */
static const char *const bundles[] = {
	"/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby",
	"/run/containerd/io.containerd.runtime.v2.task/moby",
};

struct docker_state {
	const struct mica_host *host;
	struct mica_state_files containers;
	struct mica_docker_pairs mounts;
	struct mica_docker_pairs layers;
	struct mica_docker_images images;
	struct mica_stamp images_stamp;
	size_t errors;
	/** There was a Docker in the last round. */
	bool here;
};

static void docker_close(void *userdata)
{
	struct docker_state *state = userdata;

	if (!state)
		return;
	mica_state_files_free(&state->containers);
	mica_docker_pairs_free(&state->mounts);
	mica_docker_pairs_free(&state->layers);
	mica_docker_images_free(&state->images);
	free(state);
}

static int docker_open(const struct mica_host *host, void **ret_state)
{
	struct docker_state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->host = host;
	state->containers.host = host;
	state->containers.parse = mica_docker_parse_container;
	*ret_state = state;
	return 0;
}

static int refresh_containers(struct docker_state *state)
{
	int r;

	mica_state_files_begin(&state->containers);
	r = mica_state_files_look(&state->containers, DOCKER_CONTAINERS, "config.v2.json");
	return r < 0 ? r : mica_state_files_end(&state->containers);
}

static int refresh_images(struct docker_state *state)
{
	struct mica_docker_images images = {};
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r;

	if (!mica_host_stamp(state->host, DOCKER_REPOSITORIES, &state->images_stamp))
		return 0;
	r = mica_host_read(state->host, DOCKER_REPOSITORIES, MICA_STATE_FILE_BYTES, &text, &size);
	if (r == 0 && size)
		r = mica_docker_parse_repositories(text, size, &images);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && r != -ENOENT)
		state->errors++;
	mica_docker_images_free(&state->images);
	state->images = images;
	return 1;
}

static int docker_refresh(void *userdata)
{
	struct docker_state *state = userdata;
	bool was_here = state->here;
	int containers, images, mounts, layers;

	state->here = mica_host_has(state->host, DOCKER_ROOT);
	if (!state->here && !was_here)
		return 0;
	containers = refresh_containers(state);
	images = refresh_images(state);
	mounts = mica_docker_pairs_refresh(&state->mounts, &mica_docker_mounts, state->host, &state->errors);
	layers = mica_docker_pairs_refresh(&state->layers, &mica_docker_layers, state->host, &state->errors);

	if (containers < 0 || images < 0 || mounts < 0 || layers < 0)
		return -ENOMEM;
	return containers || images || mounts || layers;
}

static int print_layer(char **ret, const char *id, const char *below)
{
	char *path;

	if (asprintf(&path, DOCKER_ROOT "/overlay2/%s/%s", id, below) < 0)
		return -ENOMEM;
	*ret = path;
	return 0;
}

static int add_mount(struct mica_engine_container *container, const struct mica_docker_pair *mount)
{
	if (!mount->first || !*mount->first || container->root_directory)
		return 0;
	if (print_layer(&container->upper_directory, mount->first, "diff") < 0 ||
	    print_layer(&container->root_directory, mount->first, "merged") < 0)
		return -ENOMEM;
	return mount->second && *mount->second ? print_layer(&container->init_directory, mount->second, "diff") : 0;
}

static int add_image_name(struct mica_engine_container *container, const struct mica_docker_images *images)
{
	const char *name = container->image ? mica_docker_image_name(images, container->image) : NULL;
	char *copy;

	if (!name)
		return 0;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	free(container->image);
	container->image = copy;
	return 0;
}

struct each_context {
	const struct docker_state *state;
	int (*take)(struct mica_engine_container *container, void *userdata);
	void *userdata;
};

static int complete_and_take(struct mica_engine_container *taken, void *userdata)
{
	_cleanup_(mica_engine_container_free) struct mica_engine_container *container = taken;
	const struct each_context *context = userdata;
	const struct mica_docker_pair *mount = mica_docker_pairs_by_name(&context->state->mounts, container->id);

	if ((mount && add_mount(container, mount) < 0) || add_image_name(container, &context->state->images) < 0)
		return -ENOMEM;
	return context->take(TAKE_PTR(container), context->userdata);
}

/** A container that is being created: dockerd fills its union and volumes before it writes down its name. */
static int take_unnamed(const struct each_context *context, const struct mica_docker_pair *mount)
{
	_cleanup_(mica_engine_container_free) struct mica_engine_container *container = calloc(1, sizeof(*container));

	if (!container)
		return -ENOMEM;
	container->id = strdup(mount->name);
	if (!container->id || add_mount(container, mount) < 0)
		return -ENOMEM;
	return context->take(TAKE_PTR(container), context->userdata);
}

static int docker_each_container(void *userdata, int (*take)(struct mica_engine_container *container, void *userdata),
				 void *take_userdata)
{
	const struct docker_state *state = userdata;
	struct each_context context = { .state = state, .take = take, .userdata = take_userdata };
	int r = mica_state_files_each(&state->containers, complete_and_take, &context);

	for (size_t i = 0; r >= 0 && i < state->mounts.count; i++) {
		const struct mica_docker_pair *mount = &state->mounts.pairs[i];

		if (mount->first && !mica_state_files_has(&state->containers, DOCKER_CONTAINERS, mount->name))
			r = take_unnamed(&context, mount);
	}
	return r < 0 ? r : 0;
}

static char *docker_bundle_directory(void *userdata, const char *id)
{
	const struct docker_state *state = userdata;

	for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++) {
		_cleanup_free_ char *path = NULL;
		struct mica_stamp stamp = {};

		if (asprintf(&path, "%s/%s", bundles[i], id) < 0) {
			path = NULL;
			return NULL;
		}
		if (mica_host_stamp(state->host, path, &stamp))
			return TAKE_PTR(path);
	}
	return NULL;
}

/** NAME of …/overlay2/NAME/diff: only the end counts, the storage may lie behind a symlink or a bind mount. */
static bool is_layer(const char *directory, const char *name)
{
	static const char before[] = "/overlay2/", after[] = "/diff";
	size_t length = strlen(directory), name_length = name ? strlen(name) : 0;
	const char *at;

	if (name_length == 0 || length < sizeof(before) - 1 + name_length + sizeof(after) - 1)
		return false;
	at = directory + length - (sizeof(after) - 1);
	if (strcmp(at, after) != 0)
		return false;
	at -= name_length;
	return memcmp(at, name, name_length) == 0 && memcmp(at - (sizeof(before) - 1), before, sizeof(before) - 1) == 0;
}

static const char *docker_layer_digest(void *userdata, const char *layer_directory)
{
	const struct docker_state *state = userdata;

	for (size_t i = 0; i < state->layers.count; i++)
		if (is_layer(layer_directory, state->layers.pairs[i].first))
			return state->layers.pairs[i].second && *state->layers.pairs[i].second
				       ? state->layers.pairs[i].second
				       : NULL;
	return NULL;
}

static const char *docker_layer_role(void *userdata, const char *layer_directory)
{
	const struct docker_state *state = userdata;

	for (size_t i = 0; i < state->mounts.count; i++)
		if (is_layer(layer_directory, state->mounts.pairs[i].second))
			return "init";
	return NULL;
}

static bool docker_owns(const char *directory)
{
	static const char after[] = "/diff";
	const char *at = strstr(directory, "/overlay2/");
	size_t length = strlen(directory);

	return at && length >= sizeof(after) && strcmp(directory + length - (sizeof(after) - 1), after) == 0;
}

static int docker_volume_of_path(const char *path, char **ret_name, size_t *ret_directory_length)
{
	return mica_engine_volume_below(path, DOCKER_ROOT "/volumes/", "/_data", ret_name, ret_directory_length);
}

static size_t docker_errors(const void *userdata)
{
	const struct docker_state *state = userdata;

	return state->errors + state->containers.errors;
}

const struct mica_engine_ops mica_engine_docker = {
	.name = "docker",
	.open = docker_open,
	.close = docker_close,
	.refresh = docker_refresh,
	.each_container = docker_each_container,
	.bundle_directory = docker_bundle_directory,
	.layer_digest = docker_layer_digest,
	.owns = docker_owns,
	.layer_role = docker_layer_role,
	.volume_of_path = docker_volume_of_path,
	.volume_directories = DOCKER_ROOT "/volumes/*/_data",
	.errors = docker_errors,
};
