/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_ARCHIVE_ATTRIBUTES_H
#define MICA_STORE_ARCHIVE_ATTRIBUTES_H

#include <stdbool.h>

#include "store/import.h"

struct archive_entry;

/** True for an attribute that only overlayfs itself may write. Pure. */
bool mica_is_overlay_xattr(const char *name);

/**
 * Gives a file what the archive says of it: owner, mode, extended attributes, times (of a directory not: see the
 * caller). `fd` is the file's, or negative: then `name` in `directory_fd`, which is not followed. Attributes of
 * overlayfs, and those that the file system does not take, are left out and counted.
 */
int mica_archive_set_attributes(int fd, int directory_fd, const char *name, struct archive_entry *entry,
				struct mica_import_counts *counts);

#endif
