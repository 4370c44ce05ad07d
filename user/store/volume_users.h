/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who wants a volume mounted: a count for each volume and user, kept in the store. A use by an engine ends with the
 * boot of the kernel (its containers and mounts do not outlive it); one by a person (`mica volume mount`) does not.
 */
#ifndef MICA_STORE_VOLUME_USERS_H
#define MICA_STORE_VOLUME_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/** Whoever typed `mica volume mount`. */
#define MICA_VOLUME_USER_PERSON "person"
/** Before the ID of a Mount call of the volume plugin. */
#define MICA_VOLUME_USER_PLUGIN "plugin:"

struct mica_volume_use {
	const char *user;
	/** It outlives a reboot, and is counted once. */
	bool lasting;
	/** Do nothing that may wait for a server or for another process. */
	bool quick;
};

/**
 * Mounts a volume where its backend mounts something, and counts one use more. *ret_directory (caller frees, may be
 * NULL) is where its files are. -EAGAIN: it could not be done `quick`: nothing is changed.
 */
int mica_volume_acquire(struct mica_store *store, const char *name, const struct mica_volume_use *use,
			char **ret_directory);

/**
 * Counts one use less, and unmounts where it was the last. Fine where the user has none. -EAGAIN: `quick`, and the
 * unmounting is left to be done (mica_volume_settle); -EBUSY: files in it are open, it stays mounted. The use is over
 * in both cases.
 */
int mica_volume_release(struct mica_store *store, const char *name, const struct mica_volume_use *use);

/** Unmounts a volume that nobody uses; one whose server does not let it go in time is taken out of the tree. */
int mica_volume_settle(struct mica_store *store, const char *name);

/** Sum of all uses of a volume in this boot. */
int mica_volume_users_count(struct mica_store *store, const char *name, int64_t *ret);
/** The same without what lasts: the uses by engines. */
int mica_volume_users_engines(struct mica_store *store, const char *name, int64_t *ret);
/** Calls `take` with each user of a volume. */
int mica_volume_users_list(struct mica_store *store, const char *name,
			   int (*take)(const char *user, int64_t count, void *userdata), void *userdata);
/** Ends the uses of a volume whose user's name begins with `prefix`. */
int mica_volume_users_forget(struct mica_store *store, const char *name, const char *prefix);
/** Strikes off the uses of former boots. */
int mica_volume_users_expire(struct mica_store *store);

#endif
