/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new container's volumes, and what a run leaves outside of the store; for the files of user/store/.
 */
#ifndef MICA_STORE_CONTAINER_INTERNAL_H
#define MICA_STORE_CONTAINER_INTERNAL_H

#include "store/container.h"
#include "store/store_internal.h"

struct mica_staged_volume {
	/** Its name; of an anonymous one, made. */
	char *name;
	bool anonymous;
	/** None where the volume is there already. */
	struct mica_stage stage;
};

/** Makes the trees of the volumes that are not there, and fills those that are and are empty. Free also after a
 *  failure. */
int mica_staged_volumes_begin(struct mica_store *store, struct mica_container_volume *volumes, size_t count,
			      struct mica_staged_volume **ret);
/** Inside a transaction. Of a name that somebody else was faster with, the other's volume is taken. */
int mica_staged_volumes_insert(struct mica_store *store, const struct mica_staged_volume *volumes, size_t count);
/** After it: the trees go to their places. */
void mica_staged_volumes_finish(struct mica_store *store, struct mica_staged_volume *volumes, size_t count);
void mica_staged_volumes_free(struct mica_staged_volume *volumes, size_t count);

#endif
