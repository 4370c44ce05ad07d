/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_RUNTIME_MOUNTS_H
#define MICA_RUNTIME_MOUNTS_H

#include <jansson.h>

#include "runtime/options.h"

/**
 * The mounts of a new container, as its settings have them: those of other containers, then what -v and --tmpfs say,
 * then what the image declares; of one path the last said counts, but the image's word least. Directories of the host
 * that are not there are made, as Docker does. `image` is the image's configuration, or NULL.
 */
int mica_container_mounts(struct mica_store *store, const struct mica_container_options *options, const json_t *image,
			  json_t *ret_mounts);

#endif
