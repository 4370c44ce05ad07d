/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Volumes from an OCI runtime specification (config.json): its bind mounts.
 */
#ifndef MICA_CONTAINER_OCI_H
#define MICA_CONTAINER_OCI_H

#include <stddef.h>

#include "container/engine.h"

struct mica_volume_list {
	struct mica_engine_volume *volumes;
	size_t count;
};

/**
 * Finds the bind mounts in `size` bytes of JSON. 0, -EBADMSG: not a specification, -ENOMEM. A relative source is
 * relative to `bundle_directory`. An engine's own /dev/shm is left out: it is the container's tmpfs, not a volume.
 * `name_of` (may be NULL) finds a volume's name from its source: see mica_engine_ops.volume_of_path.
 */
int mica_oci_parse_volumes(const char *data, size_t size, const char *bundle_directory,
			   int (*name_of)(const char *path, char **ret_name, size_t *ret_directory_length),
			   struct mica_volume_list *ret);
void mica_volume_list_free(struct mica_volume_list *list);

#endif
