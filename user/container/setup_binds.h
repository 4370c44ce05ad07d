/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bind mounts that a runtime was seen to make in a namespace before it changed the root: the volumes of a container
 * that was gone before its state could be read.
 */
#ifndef MICA_CONTAINER_SETUP_BINDS_H
#define MICA_CONTAINER_SETUP_BINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "container/container_table.h"

struct mica_record;

struct mica_setup_bind {
	/** Path on the host. */
	char *source;
	/** Path on the host while the root is being set up, in the container after that. */
	char *target;
	/** No name: not described yet. */
	struct mica_known_volume volume;
};

struct mica_setup_binds {
	struct mica_setup_bind *binds;
	size_t count;
	/** The root was changed: what is mounted from now on is the container's own doing. */
	bool done;
};

void mica_setup_binds_free(struct mica_setup_binds *binds);

/**
 * Takes note of a record of the namespace: a bind mount, or the change of the root, which drops what lies outside of
 * the new one. Others are passed over, as are more than 64 binds and what there is no memory for: those files are then
 * the host's.
 */
void mica_setup_binds_note(struct mica_setup_binds *binds, const struct mica_record *record, struct mica_bytes path,
			   struct mica_bytes source);

/** Finds the bind with the longest source that a path of a device's file system lies in, once the root was changed. Its
 *  strings are those of the table's pool. NULL: none. */
const struct mica_known_volume *mica_setup_binds_find(struct mica_setup_binds *binds,
						      struct mica_container_table *containers, uint32_t device,
						      struct mica_bytes path, struct mica_bytes *ret_rest);

#endif
