/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Podman's state (containers/storage, https://github.com/containers/storage): the parsers, apart from reading the
 * files, so that tests can call them.
 */
#ifndef MICA_CONTAINER_ENGINE_PODMAN_H
#define MICA_CONTAINER_ENGINE_PODMAN_H

#include <stddef.h>

#include "container/engine.h"

struct mica_podman_layer {
	char *id;
	char *digest;
};

struct mica_podman_image {
	char *id;
	char *name;
};

struct mica_podman_state {
	const struct mica_host *host;
	/** Sorted by id, after mica_podman_sort. */
	struct mica_podman_layer *layers;
	size_t layer_count;
	struct mica_podman_image *images;
	size_t image_count;
	struct mica_engine_container **containers;
	size_t container_count;
	size_t errors;
	struct mica_stamp *stamps;
};

/*
 * Each takes the content of one of the files and adds what it finds. 0, -EBADMSG: not such a file, -ENOMEM. What makes
 * no sense in an entry drops the entry, not the file.
 */
/** overlay-layers/layers.json, volatile-layers.json */
int mica_podman_parse_layers(struct mica_podman_state *state, const char *data, size_t size);
/** overlay-images/images.json */
int mica_podman_parse_images(struct mica_podman_state *state, const char *data, size_t size);
/** overlay-containers/containers.json, volatile-containers.json. Images are to be parsed before. */
int mica_podman_parse_containers(struct mica_podman_state *state, const char *data, size_t size);

/** Forgets what was parsed. */
void mica_podman_reset(struct mica_podman_state *state);

#endif
