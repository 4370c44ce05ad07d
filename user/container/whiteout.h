/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_CONTAINER_WHITEOUT_H
#define MICA_CONTAINER_WHITEOUT_H

#include "base/bytes.h"
#include "container/host.h"
#include "container/union_table.h"

/**
 * Finds the lower layer whose entry a whiteout at `path` hides, by looking into the layers' directories from the top
 * down, as overlayfs does: whiteouts, opaque directories and files in the way end the search. Redirected (renamed)
 * directories are not followed. Returns the layer (1 = topmost lower), or 0: none.
 */
unsigned mica_whiteout_layer(const struct mica_host *host, const struct mica_union *u, struct mica_bytes path);

#endif
