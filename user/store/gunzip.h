/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gzip by zlib: libarchive's reader of it does not compare the checksum, and a damaged archive would be taken for a
 * whole one.
 */
#ifndef MICA_STORE_GUNZIP_H
#define MICA_STORE_GUNZIP_H

#include <stddef.h>

struct mica_gunzip;

/** `read` gives the compressed bytes piece by piece (size 0: the end) and returns 0 or a negative errno; a piece stays
 *  valid until the next is asked for. */
int mica_gunzip_new(int (*read)(const void **ret_data, size_t *ret_size, void *userdata), void *userdata,
		    struct mica_gunzip **ret);
void mica_gunzip_free(struct mica_gunzip **gunzip);

/** The next uncompressed bytes, valid until the next call; size 0: the end of the last member. What follows it and is
 * no member is ignored, as gzip(1) does. -EBADMSG: damaged or cut off; or what `read` returned. */
int mica_gunzip_read(struct mica_gunzip *gunzip, const void **ret_data, size_t *ret_size);

#endif
