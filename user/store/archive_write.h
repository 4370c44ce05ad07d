/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_ARCHIVE_WRITE_H
#define MICA_STORE_ARCHIVE_WRITE_H

#include <stddef.h>

/**
 * Writes what is in a layer's directory as an uncompressed OCI layer archive (pax): overlayfs' marks as whiteout files,
 * its attributes left out, names in bytewise order. The same tree gives the same bytes. Sockets are left out. `reason`
 * says which file is at fault.
 */
int mica_archive_write_layer(int directory_fd, int fd, char *reason, size_t reason_size);
/** The same of a volume's directory, with an entry for the directory itself. */
int mica_archive_write_volume(int directory_fd, int fd, char *reason, size_t reason_size);

struct mica_digest;
/** Adds the bytes that mica_archive_write_layer would write to a digest. */
int mica_archive_digest_layer(int directory_fd, struct mica_digest *digest, char *reason, size_t reason_size);

#endif
