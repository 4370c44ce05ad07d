/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_LOWER_H
#define MICA_STORE_LOWER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define MICA_OPAQUE_XATTR "trusted.overlay.opaque"

/** A whiteout of overlayfs: character device 0/0. */
bool mica_is_whiteout(const struct stat *stat);
/** True when an open directory hides all below it in lower layers. */
bool mica_is_opaque(int directory_fd);

/**
 * Looks a path up in layers, topmost first, as overlayfs does: whiteouts, opaque directories and files in the way hide
 * what is below. 1: found, with its attributes in *ret_stat (may be NULL) and its layer's index in *ret_layer (may be
 * NULL); 0: not there; or a negative errno. `fds` are the layers' directories.
 */
int mica_lower_find(const int *fds, size_t count, const char *path, struct stat *ret_stat, size_t *ret_layer);

#endif
