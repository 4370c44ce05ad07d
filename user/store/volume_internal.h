/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A volume's directory and backend, for the files of user/store/.
 */
#ifndef MICA_STORE_VOLUME_INTERNAL_H
#define MICA_STORE_VOLUME_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/backend.h"
#include "store/store_internal.h"
#include "store/volume.h"

/** Where a volume is, and what is behind it. */
struct mica_volume_place {
	char *directory;
	const struct mica_backend *backend;
	json_t *options;
	int64_t containers;
};
#define _cleanup_volume_place_ _cleanup_(mica_volume_place_free)
void mica_volume_place_free(const struct mica_volume_place *place);

/** Opens a volume's directory (ROOT/volumes/NAME) and locks it against other processes. !wait: -EWOULDBLOCK where
 *  another one works on it. */
int mica_volume_lock(struct mica_store *store, const char *name, bool wait, struct mica_volume_place *place,
		     int *ret_fd);

/** The project number of a volume with a size, given to it if it has none. */
int mica_volume_project(struct mica_store *store, const char *name, uint32_t *ret);
/** Makes a new, empty directory of a volume ready, where its backend has to. */
int mica_volume_prepare(struct mica_store *store, const char *name, const struct mica_backend *backend,
			const json_t *options, int fd);

/**
 * A volume is its row; its empty directory need not be on the disk when the row is. In a store's first use after a boot
 * this makes the directories that a power cut took. Nothing that was in one can have been on the disk: whoever has
 * synced a file has its directories there too.
 */
int mica_volume_recover(struct mica_store *store);

/** True when something is mounted at _data in a volume's directory. Asks no server. */
bool mica_volume_is_mounted(const struct mica_volume_place *place, int fd);
/** Mounts what the backend mounts, if nothing is. */
int mica_volume_mount_locked(struct mica_store *store, const char *name, const struct mica_volume_place *place, int fd);
/** Deletes a volume's row and what belongs to it, and lists its files as trash, in the transaction that is open.
 * -EBUSY: a container has it. */
int mica_volume_delete_row(struct mica_store *store, const char *name);
/** Unmounts all that is. */
int mica_volume_unmount_locked(struct mica_store *store, const char *name, const struct mica_volume_place *place,
			       int fd);

#endif
