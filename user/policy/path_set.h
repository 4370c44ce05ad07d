/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths by globs, as policies have them, compiled to the same automaton: one pass over a path, however many globs.
 * Pure.
 */
#ifndef MICA_POLICY_PATH_SET_H
#define MICA_POLICY_PATH_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "policy/automaton.h"

struct mica_path_set;

/**
 * The paths that any of `count` path globs matches; each passed mica_glob_check. To be freed by the caller. 0; -E2BIG:
 * over *ret_limit; -EINVAL: not a glob; -ENOMEM.
 */
int mica_path_set_new(const char *const *globs, size_t count, struct mica_path_set **ret,
		      struct mica_automaton_limit *ret_limit);
void mica_path_set_free(struct mica_path_set **set);

#define _cleanup_path_set_ _cleanup_(mica_path_set_free)

/**
 * Is an absolute path one of the set? A slash at its end is not counted. A path of more than MICA_POLICY_PATH_BYTES,
 * which no table knows, is said to be. Not for two threads at once: the set has the room that the matcher works in.
 */
bool mica_path_set_has(struct mica_path_set *set, const char *path, size_t size);

#endif
