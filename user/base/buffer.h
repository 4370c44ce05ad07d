/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A growable run of bytes. Initialise with {} (or MICA_BUFFER_INIT); the storage is kept by reset, so that one buffer
 * serves a stream without further allocations.
 *
 * Failure is sticky: after one failed append all later ones fail too, until reset. So a writer may append many pieces
 * and look once, at the end.
 */
#ifndef MICA_BASE_BUFFER_H
#define MICA_BASE_BUFFER_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

struct mica_buffer {
	/** Not NUL-terminated: see mica_buffer_string. */
	char *data;
	size_t size;
	size_t capacity;
	/** An append failed since the last reset. */
	bool failed;
};

#define MICA_BUFFER_INIT ((struct mica_buffer){})

/** Frees what the buffer holds when the variable leaves its scope. */
#define _cleanup_buffer_ _cleanup_(mica_buffer_free)

/** Makes room for `size` more bytes. 0 or -ENOMEM. */
int mica_buffer_reserve(struct mica_buffer *buffer, size_t size);

/** Appends bytes. 0 or -ENOMEM. */
static inline int mica_buffer_append(struct mica_buffer *buffer, const void *data, size_t size)
{
	if (buffer->failed || buffer->capacity - buffer->size < size) {
		int r = mica_buffer_reserve(buffer, size);
		if (r < 0)
			return r;
	}
	if (size) {
		memcpy(buffer->data + buffer->size, data, size);
		buffer->size += size;
	}
	return 0;
}

static inline int mica_buffer_append_byte(struct mica_buffer *buffer, char byte)
{
	return mica_buffer_append(buffer, &byte, 1);
}

/** Appends a NUL-terminated string, without its NUL. 0 or -ENOMEM. */
static inline int mica_buffer_append_string(struct mica_buffer *buffer, const char *string)
{
	return mica_buffer_append(buffer, string, strlen(string));
}

/** Appends as printf does. 0, -ENOMEM, or -EINVAL for a format that cannot be printed (sticky too). */
__attribute__((format(printf, 2, 3))) int mica_buffer_appendf(struct mica_buffer *buffer, const char *format, ...);
__attribute__((format(printf, 2, 0))) int mica_buffer_vappendf(struct mica_buffer *buffer, const char *format,
							       va_list arguments);

/** The bytes with a NUL behind them (which does not count in `size`), valid until the next change; NULL: -ENOMEM. */
const char *mica_buffer_string(struct mica_buffer *buffer);

/** Empties the buffer, keeps its storage, forgets a failure. */
void mica_buffer_reset(struct mica_buffer *buffer);

/** Frees the storage; the buffer is as new. */
void mica_buffer_free(struct mica_buffer *buffer);

#endif
