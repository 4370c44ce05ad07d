/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where an import comes from: a directory, or a tar archive whose entries are found by name. An archive that is
 * compressed or comes through a pipe is copied to an unnamed file first.
 */
#ifndef MICA_STORE_ARCHIVE_SOURCE_H
#define MICA_STORE_ARCHIVE_SOURCE_H

#include <stdbool.h>

#include "store/archive_input.h"
#include "store/import.h"

struct mica_import_source;

#define _cleanup_source_ _cleanup_(mica_import_source_free)

/**
 * Takes a descriptor of a directory, file or pipe, which the caller keeps open. `spool_fd`: a directory for the copy.
 * -EBADMSG: no archive, or a damaged one.
 */
int mica_import_source_new(int fd, int spool_fd, const struct mica_import_options *options,
			   struct mica_import_source **ret);
void mica_import_source_free(struct mica_import_source **source);

/** True when there is a file of this name. */
bool mica_import_source_has(const struct mica_import_source *source, const char *name);
/** Opens a file: *ret has a descriptor that the caller closes. -ENOENT; -EBADMSG: it is none, or links in a circle. */
int mica_import_source_open(struct mica_import_source *source, const char *name, struct mica_archive_source *ret);
/** Opens the whole archive, as one that is a layer itself. -EISDIR: it is a directory. */
int mica_import_source_whole(struct mica_import_source *source, struct mica_archive_source *ret);
/** Reads a small file whole (caller frees), with a NUL behind it. -EFBIG: over 8 MiB. */
int mica_import_source_read(struct mica_import_source *source, const char *name, char **ret, size_t *ret_size);

#endif
