/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes JSON into a buffer, one field after the other, in the order of the calls. Errors are the buffer's, sticky.
 *
 * Why not jansson, as everywhere else: one line is 9,000 instructions here, and 156,000 with json_pack and json_dumpf
 * (callgrind, the copy-up event of DESIGN.md section 5), several times what a traced copy-up itself costs. Reading JSON
 * is jansson's, and the tests read each line back with it.
 */
#ifndef MICA_STREAM_JSON_WRITER_H
#define MICA_STREAM_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/bytes.h"

struct mica_container;

struct mica_json_writer {
	struct mica_buffer *out;
	/** The next field is not the first in its object or array. */
	bool comma;
};

/** Appends ,"key": where `key` is a constant without characters to escape. */
static inline void mica_json_key(struct mica_json_writer *writer, const char *key)
{
	struct mica_buffer *out = writer->out;
	size_t length = strlen(key);

	if ((out->failed || out->capacity - out->size < length + 4) && mica_buffer_reserve(out, length + 4) < 0)
		return;
	if (writer->comma)
		out->data[out->size++] = ',';
	out->data[out->size++] = '"';
	memcpy(out->data + out->size, key, length);
	out->size += length;
	memcpy(out->data + out->size, "\":", 2);
	out->size += 2;
	writer->comma = true;
}

static inline void mica_json_begin(struct mica_json_writer *writer, char bracket)
{
	(void)mica_buffer_append_byte(writer->out, bracket);
	writer->comma = false;
}

static inline void mica_json_end(struct mica_json_writer *writer, char bracket)
{
	(void)mica_buffer_append_byte(writer->out, bracket);
	writer->comma = true;
}

/** Appends decimal digits. */
void mica_json_digits(struct mica_buffer *out, uint64_t value);

static inline void mica_json_number(struct mica_json_writer *writer, const char *key, uint64_t value)
{
	mica_json_key(writer, key);
	mica_json_digits(writer->out, value);
}

static inline void mica_json_true(struct mica_json_writer *writer, const char *key)
{
	mica_json_key(writer, key);
	(void)mica_buffer_append(writer->out, "true", 4);
}

/**
 * Appends a JSON string, quotes included, of any bytes. Escaped are what JSON demands and what a terminal must not see
 * (mica_utf8_is_unsafe). Each byte that is in no valid UTF-8 sequence becomes U+FFFD; returns false if there was one.
 */
bool mica_json_quote(struct mica_buffer *out, struct mica_bytes text);

/** Appends the field, and beside it "KEY_bytes" in base64 if the text is not UTF-8. Nothing when the text is empty. */
void mica_json_bytes(struct mica_json_writer *writer, const char *key, struct mica_bytes text);

/** The same for a string; NULL is empty. */
static inline void mica_json_string(struct mica_json_writer *writer, const char *key, const char *text)
{
	if (text)
		mica_json_bytes(writer, key, (struct mica_bytes){ .data = text, .size = strlen(text) });
}

/** The field "container", as mica-events(5) has it. Nothing for NULL. */
void mica_json_container(struct mica_json_writer *writer, const struct mica_container *container);

#endif
