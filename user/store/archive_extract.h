/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacking a layer's archive (OCI image-spec, layer.md) into a directory, as overlayfs wants a layer: whiteouts become
 * device nodes 0/0, opaque directories get their attribute. Nothing outside of the directory is touched, whatever the
 * archive says: each entry is reached from the directory's descriptor, without symlinks.
 */
#ifndef MICA_STORE_ARCHIVE_EXTRACT_H
#define MICA_STORE_ARCHIVE_EXTRACT_H

#include <stddef.h>

#include "store/archive_input.h"
#include "store/import.h"

/** Unpacks all of it. Negative: what it made is left for the caller to remove, and `reason` says which entry is at
 *  fault. -EBADMSG: the archive is damaged or hostile; -EFBIG: over options->max_bytes; or an errno of making a file.
 */
int mica_archive_extract(struct mica_archive_input *input, int directory_fd, const struct mica_import_options *options,
			 struct mica_import_counts *counts, char *reason, size_t reason_size);

#endif
