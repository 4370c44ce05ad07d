/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of user/store/ share.
 */
#ifndef MICA_STORE_STORE_INTERNAL_H
#define MICA_STORE_STORE_INTERNAL_H

#include <stdint.h>

#include "store/database.h"
#include "store/store.h"

#define MICA_STORE_BOOT_ID_SIZE 37
/** Random digits with a NUL: names below staging/. */
#define MICA_STAGE_NAME_SIZE 33

struct mica_store {
	struct mica_database *database;
	char *root;
	int root_fd, layers_fd, staging_fd, volumes_fd, containers_fd;
	bool relaxed;
	/** NULL: none. */
	const struct mica_store_guard *guard;
	/** Of this boot of the kernel: mounts are counted in one boot only. */
	char boot[MICA_STORE_BOOT_ID_SIZE];
	char reason[1024];
};

/** Notes the reason of a failure and returns `error`. */
__attribute__((format(printf, 3, 4))) int mica_store_refuse(struct mica_store *store, int error, const char *format,
							    ...);
/** The same with what SQLite says. */
int mica_store_database_failed(struct mica_store *store, int error);

/** Frees the room that is kept for removals on a full disk; whoever opens the store next keeps some again. False: there
 * is none any more. */
bool mica_store_make_room(struct mica_store *store);

/** Nanoseconds since 1970. */
int64_t mica_store_now(void);

/** A tree in staging/ that this process works on; its lock goes with the descriptor. */
struct mica_stage {
	struct mica_store *store;
	char name[MICA_STAGE_NAME_SIZE];
	/** Negative: none. */
	int fd;
	/** It has its row: what is left here is finished by a rename, not removed. */
	bool committed;
};

#define MICA_STAGE_NONE ((struct mica_stage){ .fd = -EBADF })
/** Removes a tree that was not committed. */
#define _cleanup_stage_ _cleanup_(mica_stage_end)

/** Makes an empty, locked directory in staging/. */
int mica_stage_begin(struct mica_store *store, struct mica_stage *ret);
void mica_stage_end(struct mica_stage *stage);

/** Finishes or removes what the dead left in staging/, and empties the trash. */
int mica_stage_recover(struct mica_store *store);

/**
 * Puts the staged tree of a layer whose row is committed in its place: whole where the layer has no directory yet, else
 * its diff/ over the empty one that stands there. May be repeated, also by several at once.
 */
int mica_stage_finish_layer(struct mica_store *store, const char *id, const char *stage);
/** The same for a volume. */
int mica_stage_finish_volume(struct mica_store *store, const char *name, const char *stage);

/** Moves a directory of layers/ (id), volumes/ ("volume/NAME") or containers/ ("container/ID") that has no row any more
 *  away, if the trash lists it, and forgets the entry. Inside a transaction. */
int mica_trash_take(struct mica_store *store, const char *id);
/** Moves all of them away; their entries go later, many at once. */
int mica_trash_empty(struct mica_store *store);

#endif
