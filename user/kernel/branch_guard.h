/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guard of read-only branches above the writable one (SPEC M3): LSM programs that refuse with EROFS, to everybody,
 * whatever overlayfs would do as a copy-up from such a branch or as a whiteout over it. Linux 6.1, and `bpf` among the
 * active LSMs.
 *
 * It has no process: programs and maps are pinned in a bpffs, loaded by the first union that needs them, and removed
 * with the last. Processes do this one after the other, by a lock of the bpffs' root. Functions give 0 or a negative
 * errno; on failure nothing is changed, and `ret_problem` says what was tried and what to do.
 */
#ifndef MICA_KERNEL_BRANCH_GUARD_H
#define MICA_KERNEL_BRANCH_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "kernel/pins.h"
#include "mica/branch.h"

/** Mode 0700. */
#define MICA_BRANCH_PINS MICA_BPFFS "/mica-branches"

/**
 * Takes a union into the guard's care: of its layers the topmost `count`, whose names are `directories`, are read-only
 * from now on. `union_fd`: of any file of it, O_PATH too, and of a mount that is attached nowhere. Again is fine.
 * -EPERM: no privilege. -EOPNOTSUPP: this kernel cannot, the problem names the hook. -EINVAL: it is no union with an
 * upper and more layers than `count`, or another number is guarded. -EPROTO: another version of mica left its guard, or
 * not all of it is there. Other errno: as libbpf.
 */
int mica_branch_guard_cover(int union_fd, uint32_t count, const char *const *directories,
			    struct mica_problem *ret_problem);

/** What is guarded of a union: `number`, `guarded` and `refused`. -ENOENT: it is not in the guard's care; -EPROTO. */
int mica_branch_guard_look(int union_fd, struct mica_branch_call *ret);

/**
 * Removes the guard if no union needs it. The union with that number was unmounted: its end is waited for, a second at
 * most, for its superblock may have some work to do; 0: none was. 0: the guard is gone; -EBUSY: a union needs it; or
 * another errno.
 */
int mica_branch_guard_release(uint64_t number);

/* ---- refusals ---- */

struct mica_branch_reader;

/** Held by the reader, and by one only: what it reads, others do not get. */
#define MICA_BRANCH_READER_LOCK "/run/mica-branches.lock"

/** Reads refusals. -ENOENT: there is no guard; -EBUSY: another process does; -EPROTO; or another errno. */
int mica_branch_reader_open(int (*take)(const struct mica_denial *denial, void *userdata), void *userdata,
			    struct mica_branch_reader **ret);
void mica_branch_reader_close(struct mica_branch_reader **reader);
/** Number of refusals handed out, or a negative value of `take` or errno. Call it at least every 100 ms. */
int mica_branch_reader_read(struct mica_branch_reader *reader);
/** Refusals that found no room in the ring buffer since the guard was loaded. */
uint64_t mica_branch_reader_lost(const struct mica_branch_reader *reader);
/** Is it still the guard that is pinned? When the last union went, it is not. */
bool mica_branch_reader_is_current(const struct mica_branch_reader *reader);
/** The directory of the branch that a refusal is about. -ENOENT: the union is gone. */
int mica_branch_reader_directory(const struct mica_branch_reader *reader, const struct mica_denial *denial,
				 char ret[static MICA_BRANCH_DIRECTORY_BYTES]);

#endif
