/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A layer's archive as a stream: a range of a file, or a pipe to its end, uncompressed on the way (gzip, zstd, xz,
 * bzip2, or not compressed), with the digests of what came in and of what came out.
 */
#ifndef MICA_STORE_ARCHIVE_INPUT_H
#define MICA_STORE_ARCHIVE_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "store/digest.h"

struct archive;
struct mica_archive_input;

#define _cleanup_input_ _cleanup_(mica_archive_input_free)

struct mica_archive_source {
	int fd;
	/** Negative: read on from where the descriptor is, to its end. */
	off_t offset;
	uint64_t size;
	/** Of these bytes and of what comes out of them the digest is wanted: a tenth of the time of an import each. */
	bool source_digest, content_digest;
	/** Told of bytes that were read; may be NULL. */
	void (*progress)(uint64_t bytes, void *userdata);
	void *userdata;
};

int mica_archive_input_new(const struct mica_archive_source *source, struct mica_archive_input **ret);
void mica_archive_input_free(struct mica_archive_input **input);

/** Reads on. *ret_size 0: the end. -EBADMSG: it is damaged; or the errno of reading. The bytes are valid until the next
 *  call. */
int mica_archive_input_read(struct mica_archive_input *input, const void **ret_data, size_t *ret_size);
/** Opens libarchive's reader of tar on what comes out. */
int mica_archive_input_tar(struct mica_archive_input *input, struct archive **ret);
/** Reads to the end, and tells the digests of the source's bytes and of the uncompressed ones: those that were wanted;
 * the other may be NULL. */
int mica_archive_input_finish(struct mica_archive_input *input, char *source, char *content);
/** What was wrong, in libarchive's words; "" if it has none. */
const char *mica_archive_input_message(const struct mica_archive_input *input);

#endif
