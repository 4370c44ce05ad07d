/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Docker's state (https://github.com/moby/moby): the files that dockerd writes, so that a dockerd that hangs, or none,
 * changes nothing. The parsers take the content of a file, so that tests can call them.
 */
#ifndef MICA_CONTAINER_ENGINE_DOCKER_H
#define MICA_CONTAINER_ENGINE_DOCKER_H

#include <stdbool.h>
#include <stddef.h>

#include "container/engine.h"
#include "container/state_files.h"

/** Where dockerd keeps its state when it is not told otherwise (--data-root, userns-remap: not looked at). */
#define DOCKER_ROOT "/var/lib/docker"
/** The storage driver whose layers are known: since Docker 1.12 the usual one. */
#define DOCKER_LAYERS DOCKER_ROOT "/image/overlay2"

struct mica_docker_image {
	char *id;
	char *name;
};

struct mica_docker_images {
	struct mica_docker_image *images;
	size_t count;
};

/** A directory of DIRECTORY/NAME with two small files. */
struct mica_docker_pair {
	char *name;
	/** NULL: not (yet) written; "": makes no sense. */
	char *first;
	char *second;
};

/** The two that Docker has. */
struct mica_docker_pair_files {
	const char *directory;
	const char *first;
	const char *second;
};
/** Containers: the directory of their upper below overlay2, and that of their init layer. */
extern const struct mica_docker_pair_files mica_docker_mounts;
/** Layers by chain id: the directory below overlay2, and the diff_id. */
extern const struct mica_docker_pair_files mica_docker_layers;

/** All of a directory, sorted by name. Initialise with {}. */
struct mica_docker_pairs {
	struct mica_docker_pair *pairs;
	size_t count;
	struct mica_stamp stamp;
	/** To be read again, whatever the stamp says. */
	bool unsettled;
};

/** Reads what is new. 1: it changed, 0: it did not, -ENOMEM. `errors` counts what makes no sense. */
int mica_docker_pairs_refresh(struct mica_docker_pairs *pairs, const struct mica_docker_pair_files *files,
			      const struct mica_host *host, size_t *errors);
const struct mica_docker_pair *mica_docker_pairs_by_name(const struct mica_docker_pairs *pairs, const char *name);
void mica_docker_pairs_free(struct mica_docker_pairs *pairs);

/** Takes an identifier or digest, which is all that a small file holds; it may become part of a path. 0, -EBADMSG,
 *  -ENOMEM. */
int mica_docker_parse_id(const char *data, size_t size, char **ret);
/** config.v2.json. The image is its name, or "sha256:…" where the container was made from an id. 0, -EBADMSG, -ENOMEM.
 */
int mica_docker_parse_container(const char *id, const char *directory, const char *data, size_t size,
				struct mica_engine_container **ret);
/** repositories.json. 0, -EBADMSG, -ENOMEM. What makes no sense in an entry drops the entry, not the file. */
int mica_docker_parse_repositories(const char *data, size_t size, struct mica_docker_images *ret);
/** Name of an image by its id, a tag if it has one; NULL: none. */
const char *mica_docker_image_name(const struct mica_docker_images *images, const char *id);
void mica_docker_images_free(struct mica_docker_images *images);

#endif
