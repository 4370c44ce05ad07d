/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store: a directory and a database in it.
 *
 *   ROOT/mica.db                  what there is
 *   ROOT/layers/ID/{diff,work,merged}   a layer's tree, overlayfs' scratch, and where it is mounted
 *   ROOT/volumes/NAME/_data       a volume
 *   ROOT/containers/ID/           a container's bundle
 *   ROOT/staging/                 what is not there yet, or not any more
 *   ROOT/reserve                  room for removals on a full disk
 *
 * An operation makes its tree in staging/, brings it to the disk, commits a row (the moment in which it is done), and
 * renames the tree to its place. Whoever opens the store next finishes that rename, or removes a tree without a row. A
 * process that works on a tree in staging/ holds a lock on it, so that only what the dead left is touched.
 *
 * One thread uses a store; any number of processes do.
 */
#ifndef MICA_STORE_STORE_H
#define MICA_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/** Where the store is unless $MICA_ROOT or --root says otherwise. */
#define MICA_STORE_ROOT "/var/lib/mica"

struct mica_store;

#define _cleanup_store_ _cleanup_(mica_store_close)

/**
 * Opens a store, making it where it is not there, and finishes or undoes what a killed process left half done. `root`:
 * NULL for the default; made absolute. On failure mica_store_open_reason tells what was tried.
 */
int mica_store_open(const char *root, struct mica_store **ret);
/** The same without looking for what killed processes left: for a child of one that has just done so, since a store is
 *  not to be used across fork(2). */
int mica_store_open_again(const char *root, struct mica_store **ret);
void mica_store_close(struct mica_store **store);

/** From here on nothing that this handle does waits for the disk: a power cut (not a crash of the process) may undo it.
 */
void mica_store_relax(struct mica_store *store);

/** What the last failed call was about, in words; "" when the errno says it all. Valid until the next call. */
const char *mica_store_reason(const struct mica_store *store);
/** The same for a store that could not be opened. */
const char *mica_store_open_reason(void);

/** A call that writes waits so long for another process that does (else ten seconds), then fails with -ETIMEDOUT. */
void mica_store_set_patience(struct mica_store *store, int milliseconds);

/** This process keeps the store open for long, and writes often. */
void mica_store_stay(struct mica_store *store);

/**
 * What refuses changes of read-only branches above the writable one: not the store's, which knows no BPF. `union_fd` is
 * of any file of the union. The functions give 0 or a negative errno, and write why into `reason`.
 */
struct mica_store_guard {
	/** In force when it returns: of the union's lowers the topmost `count`. Again is fine. -EOPNOTSUPP: not here.
	 */
	int (*cover)(int union_fd, size_t count, const char *const *directories, char *reason, size_t size);
	/** Whether it is in force: its number of the union, and how much was refused. -ENOENT: it is not. */
	int (*look)(int union_fd, uint64_t *ret_number, uint64_t *ret_refused);
	/** The union with that number was unmounted; 0: one that had none. */
	void (*release)(uint64_t number);
};

/** Static. Without one, unions that need it are refused. */
void mica_store_set_guard(struct mica_store *store, const struct mica_store_guard *guard);

/** Absolute, without a slash at its end. */
const char *mica_store_root(const struct mica_store *store);

#endif
