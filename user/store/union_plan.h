/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mounting what a plan says, with the guard of its read-only branches in force before anybody can reach it.
 */
#ifndef MICA_STORE_UNION_PLAN_H
#define MICA_STORE_UNION_PLAN_H

#include "store/store.h"
#include "store/union_mount.h"
#include "store/union_text.h"

/**
 * Mounts it at `target`. -EEXIST: a name stands in a read-only branch and in the writable one below it; -EOPNOTSUPP:
 * the guard cannot be had here; else as mica_union_mount.
 */
int mica_union_plan_mount(const struct mica_store *store, const struct mica_union_plan *plan, const char *target,
			  struct mica_union_reason *ret_reason);

/** Has the guard look after the union that is mounted at `target`, if it is to and does not. The same errors. */
int mica_union_plan_cover(const struct mica_store *store, const struct mica_union_plan *plan, const char *target,
			  struct mica_union_reason *ret_reason);

#endif
