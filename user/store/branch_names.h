/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that stand in a read-only branch and in the writable one below it. overlayfs has the writable one on top, so
 * these would show the wrong file: such a union is not mounted.
 */
#ifndef MICA_STORE_BRANCH_NAMES_H
#define MICA_STORE_BRANCH_NAMES_H

#include <stddef.h>

#include "base/buffer.h"

/** So many are named; all are counted. */
#define MICA_BRANCH_NAMES_SHOWN 10

/**
 * Compares two trees. A directory in both is merged, unless the writable one hides the other (opaque, or moved there by
 * a redirect): then it is one of the names. A whiteout in the read-only one is no name; in the writable one it is one.
 * Names are appended to `out`, escaped, with commas between. 0 or a negative errno: then `out` has the directory where
 * that was.
 */
int mica_branch_names_compare(const char *readonly, const char *writable, struct mica_buffer *out, size_t *ret_count);

#endif
