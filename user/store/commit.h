/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_COMMIT_H
#define MICA_STORE_COMMIT_H

#include <jansson.h>

#include "store/store.h"

struct mica_commit {
	/** The tree that becomes the new layer: a writable layer's own files, with overlayfs' marks. */
	int tree_fd;
	/** Configuration of the new image (OCI image-spec), whose rootfs names the layers that it stands on; changed.
	 */
	json_t *config;
	/** NULL: none. */
	const char *name;
};

/** Makes an image of a copy of the tree, on the layers of another: on the disk when it returns, or not at all. Caller
 *  frees the id. */
int mica_image_commit(struct mica_store *store, const struct mica_commit *commit, char **ret_id);

#endif
