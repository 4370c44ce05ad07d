/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A volume's files as an archive, and back: tar in the form that layers have (pax; what an OCI tool reads).
 */
#ifndef MICA_STORE_VOLUME_ARCHIVE_H
#define MICA_STORE_VOLUME_ARCHIVE_H

#include "store/import.h"
#include "store/store.h"

/** Writes a volume's files to a descriptor; it is mounted for that where it has to be. -ENOENT, or an errno of reading
 * or writing. */
int mica_volume_backup(struct mica_store *store, const char *name, int fd);

/**
 * Fills an empty volume from an archive, compressed or not. A volume that is not there is made (`local`). Of a local
 * one all of it or nothing arrives, whatever happens; of another one what a failure left is removed. -ENOTEMPTY: it has
 * files; -EBUSY: an engine uses it; -EBADMSG: the archive is damaged or hostile.
 */
int mica_volume_restore(struct mica_store *store, const char *name, int fd, const struct mica_import_options *options,
			struct mica_import_counts *ret_counts);

#endif
