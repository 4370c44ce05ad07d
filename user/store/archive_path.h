/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_ARCHIVE_PATH_H
#define MICA_STORE_ARCHIVE_PATH_H

#include "base/buffer.h"

/**
 * Brings a path of an archive into its one form: components with one slash between them, no "." among them; "" is the
 * top. -EINVAL: it is absolute, or has a ".."; -ENAMETOOLONG: over 4,095 bytes, or a component over 255; -ENOMEM.
 * Pure. Fuzzed.
 */
int mica_archive_path_clean(const char *path, struct mica_buffer *ret);

#endif
