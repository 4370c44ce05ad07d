/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How what is mounted differs from what should be. Reads a table of mounts; changes nothing.
 */
#ifndef MICA_STORE_DRIFT_H
#define MICA_STORE_DRIFT_H

#include <stdbool.h>
#include <stddef.h>

#include "container/mountinfo.h"
#include "store/kept.h"

enum mica_drift {
	/** It is where it should be, as it should be. */
	MICA_DRIFT_NONE,
	/** Nothing is mounted there. */
	MICA_DRIFT_UNMOUNTED,
	/** It is there, but read-only, noexec, … */
	MICA_DRIFT_REMOUNTED,
	/** It is there, and something else is mounted over it, or over a directory above it. */
	MICA_DRIFT_COVERED,
	/** Something else is mounted in its place. */
	MICA_DRIFT_FOREIGN,
	_MICA_DRIFT_MAX,
};

struct mica_drift_found {
	enum mica_drift drift;
	/** Of foreign and covered: what lies there. Belongs to the table. */
	const struct mica_mount_entry *other;
	/** Of remounted: the mount. */
	const struct mica_mount_entry *mount;
};

/** A table of mounts that is quick to search by mount point. */
struct mica_mounts;
/** Reads a mountinfo file. */
int mica_mounts_new(const char *path, struct mica_mounts **ret);
void mica_mounts_free(struct mica_mounts **mounts);
#define _cleanup_mounts_ _cleanup_(mica_mounts_free)

/** Whether something is mounted at a path. */
bool mica_mounts_has(const struct mica_mounts *mounts, const char *target);

/** Compares one thing with the table. 0 or -ENOMEM. */
int mica_drift_find(const struct mica_kept *kept, const struct mica_mounts *mounts, struct mica_drift_found *ret);

/** What is seen at its target is the kept thing, and lies over something else that is mounted there. */
bool mica_drift_lies_over(const struct mica_kept *kept, const struct mica_mounts *mounts);

/** Mount attributes (MOUNT_ATTR_*, those that mica looks at) that a kept thing should have, and that a mount has.
 *  `mount`: of a volume; else NULL will do. */
unsigned mica_drift_wanted_attributes(const struct mica_kept *kept, const struct mica_mount_entry *mount);
unsigned mica_drift_attributes(const struct mica_mount_entry *mount);
/** The file system itself (not only the mount) became read-only, and should not be. */
bool mica_drift_is_frozen(const struct mica_kept *kept, const struct mica_mount_entry *mount);

/** "unmounted", "remounted", "covered", "foreign"; "none". A static string. */
const char *mica_drift_name(enum mica_drift drift);

#endif
