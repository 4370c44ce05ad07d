/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is really mounted, in this mount namespace.
 */
#ifndef MICA_STORE_UNION_OBSERVE_H
#define MICA_STORE_UNION_OBSERVE_H

#include "container/mountinfo.h"
#include "store/union.h"
#include "store/union_text.h"

/** 1: a mount of mountinfo is the planned union's root; 0: it is not; or -ENOMEM. */
int mica_union_is_planned(const struct mica_union_plan *plan, const struct mica_mount_entry *mount);
/** Whether the planned union is the one that is seen at `target`. 0 or -ENOMEM. */
int mica_union_observe(const struct mica_mountinfo *mountinfo, const struct mica_union_plan *plan, const char *target,
		       enum mica_union_state *ret);
/** Finds a union whose upper is the directory, by its inode; *ret_target (caller frees) is untouched where none has. 0
 * or -ENOMEM. */
int mica_union_find_upper(const struct mica_mountinfo *mountinfo, const char *upper, char **ret_target);
/** Whether what is seen at `target` is the root of an overlayfs. */
bool mica_union_is_overlay(const struct mica_mountinfo *mountinfo, const char *target);

#endif
