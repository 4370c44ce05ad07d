/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_ARCHIVE_DATA_H
#define MICA_STORE_ARCHIVE_DATA_H

#include <stdint.h>

struct archive;

/** Writes the data of the entry that was read last into an empty file, which is `size` long afterwards. Holes stay
 * holes, and pages of zeros become some. -EBADMSG: the archive is damaged; or the errno of writing. */
int mica_archive_write_file(struct archive *tar, int fd, uint64_t size);

#endif
