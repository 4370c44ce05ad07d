/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SMALLEST_CAPACITY 64

int mica_buffer_reserve(struct mica_buffer *buffer, size_t size)
{
	if (buffer->failed)
		return -ENOMEM;
	if (buffer->capacity - buffer->size >= size)
		return 0;
	if (size > PTRDIFF_MAX - buffer->size)
		goto fail;

	size_t needed = buffer->size + size;
	/* Doubling keeps a run of appends linear; capacity <= PTRDIFF_MAX, so that twice it cannot wrap. */
	size_t capacity = buffer->capacity ? buffer->capacity * 2 : SMALLEST_CAPACITY;
	if (capacity < needed)
		capacity = needed;
	if (capacity > PTRDIFF_MAX)
		capacity = PTRDIFF_MAX;

	char *data = realloc(buffer->data, capacity);
	if (!data)
		goto fail;
	buffer->data = data;
	buffer->capacity = capacity;
	return 0;
fail:
	buffer->failed = true;
	return -ENOMEM;
}

int mica_buffer_vappendf(struct mica_buffer *buffer, const char *format, va_list arguments)
{
	/* Mostly there is room already; else the first attempt tells how much is needed. */
	int r = mica_buffer_reserve(buffer, SMALLEST_CAPACITY);
	if (r < 0)
		return r;

	va_list again;
	va_copy(again, arguments);
	size_t room = buffer->capacity - buffer->size;
	int length = vsnprintf(buffer->data + buffer->size, room, format, again);
	va_end(again);
	if (length < 0) {
		buffer->failed = true;
		return -EINVAL;
	}

	if ((size_t)length >= room) {
		r = mica_buffer_reserve(buffer, (size_t)length + 1);
		if (r < 0)
			return r;
		(void)vsnprintf(buffer->data + buffer->size, (size_t)length + 1, format, arguments);
	}
	buffer->size += (size_t)length;
	return 0;
}

int mica_buffer_appendf(struct mica_buffer *buffer, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int r = mica_buffer_vappendf(buffer, format, arguments);
	va_end(arguments);
	return r;
}

const char *mica_buffer_string(struct mica_buffer *buffer)
{
	if (mica_buffer_reserve(buffer, 1) < 0)
		return NULL;
	buffer->data[buffer->size] = '\0';
	return buffer->data;
}

void mica_buffer_reset(struct mica_buffer *buffer)
{
	buffer->size = 0;
	buffer->failed = false;
}

void mica_buffer_free(struct mica_buffer *buffer)
{
	free(buffer->data);
	*buffer = MICA_BUFFER_INIT;
}
