/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unions that the user asked for: mounted, and written down, so that they can be listed and brought back.
 */
#ifndef MICA_STORE_UNION_H
#define MICA_STORE_UNION_H

#include <stddef.h>
#include <stdint.h>

#include "store/branches.h"
#include "store/store.h"

struct mica_union_request {
	/** Topmost first; made absolute. */
	const struct mica_branches *branches;
	/** Where the writable branch's scratch is; NULL: DIR.mica-work beside it. */
	const char *work;
	/** Further options of overlayfs; NULL-terminated, or NULL. */
	const char *const *options;
	bool readonly;
};

/**
 * Mounts the union at `target`, an empty or full directory, and writes it down. The same request again is fine.
 * -EOPNOTSUPP: a read-only branch lies above the writable one, and the guard that refuses changes of it cannot be had;
 * -EEXIST: a name stands in such a branch and in the writable one, or another union is at `target`; -EINVAL: two
 * writable branches; -E2BIG: more layers than the kernel takes.
 */
int mica_union_create(struct mica_store *store, const struct mica_union_request *request, const char *target);

/** Unmounts it and strikes it off. -ENOENT: there is no such union, and no overlayfs is mounted there; -EBUSY. */
int mica_union_remove(struct mica_store *store, const char *target);

enum mica_union_state {
	MICA_UNION_MOUNTED,
	/** Written down, and not mounted. */
	MICA_UNION_MISSING,
	/** Something else is mounted over it, or instead of it. */
	MICA_UNION_COVERED,
	/** Mounted, but nothing refuses changes of its read-only branches above the writable one. */
	MICA_UNION_UNGUARDED,
	_MICA_UNION_STATE_MAX,
};

struct mica_union_entry {
	const char *target;
	enum mica_union_state state;
	/** NULL: it is read-only. */
	const char *upper;
	size_t lower_count;
	/** What was refused since it was mounted; of those with read-only branches above the writable one. */
	uint64_t refused;
};

/** Calls `take` with each union that is written down, by target. */
int mica_union_list(struct mica_store *store, int (*take)(const struct mica_union_entry *entry, void *userdata),
		    void *userdata);

/** "mounted", "missing", "covered", "unguarded". A static string. */
const char *mica_union_state_name(enum mica_union_state state);

#endif
