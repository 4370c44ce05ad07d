/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A layer's row and directory, for the files of user/store/.
 */
#ifndef MICA_STORE_LAYER_INTERNAL_H
#define MICA_STORE_LAYER_INTERNAL_H

#include <stddef.h>

#include "base/strings.h"
#include "store/layer.h"
#include "store/store_internal.h"

/** The layers from one down to its base: `id` itself first. */
int mica_layer_chain(struct mica_store *store, const char *id, struct mica_strings *ret);

/** What the database says of a layer. */
struct mica_layer_row {
	bool found;
	bool has_parent;
	bool immutable;
	int64_t refs;
	char stage[MICA_STAGE_NAME_SIZE];
};
/** -EINVAL: no id; -ENOENT. */
int mica_layer_row(struct mica_store *store, const char *id, struct mica_layer_row *ret);

/** Opens a layer's directory and locks it against other processes; a rename that is due is done first. */
int mica_layer_lock(struct mica_store *store, const char *id, struct mica_layer_row *ret_row, int *ret_fd);

/** True when something is mounted at ID/merged in this mount namespace. */
bool mica_layer_mounted(int layer_fd);
/** Unmounts it. 0 also where nothing is. */
int mica_layer_unmount(struct mica_store *store, const char *id, int layer_fd);

/** Refuses what is no id. 0 or -EINVAL. */
int mica_layer_check_id(struct mica_store *store, const char *id);

/** Inside a transaction: takes the row away and puts the directory on the trash list. */
int mica_layer_delete_row(struct mica_store *store, const char *id);

struct mica_union_plan;
/** What is mounted for a layer (without options). `ret` is the caller's to free, also on failure. */
int mica_layer_plan(struct mica_store *store, const char *id, bool immutable, struct mica_union_plan *ret);
/** Mounts it. `label`: the SELinux context of all its files, or NULL. */
int mica_layer_mount_plan(struct mica_store *store, const char *id, const struct mica_union_plan *plan,
			  const char *label, const char *target);
/** Mounts a locked layer again that has users and is not mounted any more. The caller knows that no union lives on its
 *  upper. */
int mica_layer_restore(struct mica_store *store, const char *id, const struct mica_layer_row *row);

/** Makes a staged layer's empty directories: diff, work and merged. */
int mica_layer_stage(const struct mica_stage *stage);

#endif
