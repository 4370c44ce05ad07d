/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to user/kernel/branch_*.c.
 */
#ifndef MICA_KERNEL_BRANCH_GUARD_INTERNAL_H
#define MICA_KERNEL_BRANCH_GUARD_INTERNAL_H

#include "kernel/branch_guard.h"
#include "kernel/programs.h"

/** As in bpf/branch/branch.bpf.h. */
enum mica_branch_number {
	MICA_BRANCH_NUMBER_LAST,
	MICA_BRANCH_NUMBER_LOST,
	/** User space's: how many links are pinned. */
	MICA_BRANCH_NUMBER_LINKS,
};

/** The hooks. Two rows of a job are the same hook as it looks on different kernels. */
extern const struct mica_program mica_branch_hooks[];
extern const unsigned mica_branch_hook_count;

/** Loads, attaches and pins all of it, or nothing. */
int mica_branch_guard_load(struct mica_problem *problem);
/** Removes the pins, the sign of completeness first. */
int mica_branch_guard_unpin(void);
/** A descriptor of what is pinned under that name, or a negative errno. */
int mica_branch_guard_get(const char *name);
/** 0: it is there and whole. -ENOENT, -EPROTO. */
int mica_branch_guard_check(void);

#endif
