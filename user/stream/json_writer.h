/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes JSON into a buffer, one field after the other, in the order of the calls. Errors are the buffer's, sticky.
 *
 * Why not jansson, as everywhere else: one line is some 1,500 instructions here, and 156,000 with json_pack and
 * json_dumpf (callgrind, the copy-up event of DESIGN.md section 5), several times what a traced copy-up itself costs.
 * Reading JSON is jansson's, and the tests read each line back with it.
 *
 * What costs is in the header, so that the length of a key is a constant where the key is.
 */
#ifndef MICA_STREAM_JSON_WRITER_H
#define MICA_STREAM_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/bytes.h"

/** UINT64_MAX has 20 digits; they are written in words of eight. */
#define MICA_JSON_DIGITS 24

/** Functions that take a key: its length is to be a constant. */
#define mica_json_inline __attribute__((always_inline)) static inline

struct mica_json_writer {
	struct mica_buffer *out;
	/** The next field is not the first in its object or array. */
	bool comma;
};

/** Where the next byte goes, with room for `size` bytes; NULL: no memory. */
static inline char *mica_json_room(struct mica_buffer *out, size_t size)
{
	/* What is written after a failure is lost anyway, as long as it has room. */
	if (__builtin_expect(out->capacity - out->size < size, 0) && mica_buffer_reserve(out, size) < 0)
		return NULL;
	return out->data + out->size;
}

/** Bytes of ,"key": for a key of this length, at most. */
static inline size_t mica_json_key_size(size_t length)
{
	return length + 4;
}

/** Writes ,"key": where there is room for it. Returns the place behind. */
mica_json_inline char *mica_json_put_key(struct mica_json_writer *writer, char *at, const char *key, size_t length)
{
	*at = ',';
	at += writer->comma;
	*at++ = '"';
	memcpy(at, key, length);
	at[length] = '"';
	at[length + 1] = ':';
	writer->comma = true;
	return at + length + 2;
}

/** Appends ,"key": where `key` is a constant without characters to escape. */
mica_json_inline void mica_json_key(struct mica_json_writer *writer, const char *key)
{
	size_t length = strlen(key);
	char *at = mica_json_room(writer->out, mica_json_key_size(length));

	if (at)
		writer->out->size = (size_t)(mica_json_put_key(writer, at, key, length) - writer->out->data);
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

/** Writes decimal digits where there is room for MICA_JSON_DIGITS. Returns the place behind. */
char *mica_json_put_digits(char *at, uint64_t value);
/** Writes nine digits, zeroes before the number included; it is below 10^9. */
void mica_json_put_nine(char *at, uint32_t value);

mica_json_inline void mica_json_number(struct mica_json_writer *writer, const char *key, uint64_t value)
{
	size_t length = strlen(key);
	char *at = mica_json_room(writer->out, mica_json_key_size(length) + MICA_JSON_DIGITS);

	if (!at)
		return;
	at = mica_json_put_digits(mica_json_put_key(writer, at, key, length), value);
	writer->out->size = (size_t)(at - writer->out->data);
}

/** The same as a string. */
mica_json_inline void mica_json_quoted_number(struct mica_json_writer *writer, const char *key, uint64_t value)
{
	size_t length = strlen(key);
	char *at = mica_json_room(writer->out, mica_json_key_size(length) + MICA_JSON_DIGITS + 2);

	if (!at)
		return;
	at = mica_json_put_key(writer, at, key, length);
	*at = '"';
	at = mica_json_put_digits(at + 1, value);
	*at = '"';
	writer->out->size = (size_t)(at + 1 - writer->out->data);
}

mica_json_inline void mica_json_true(struct mica_json_writer *writer, const char *key)
{
	mica_json_key(writer, key);
	(void)mica_buffer_append(writer->out, "true", 4);
}

/**
 * Appends a JSON string, quotes included, of any bytes. Escaped are what JSON demands and what a terminal must not see
 * (mica_utf8_is_unsafe). Each byte that is in no valid UTF-8 sequence becomes U+FFFD; returns false if there was one.
 */
bool mica_json_quote(struct mica_buffer *out, struct mica_bytes text);

/** Appends ,"KEY_bytes":"…" in base64. */
void mica_json_base64(struct mica_json_writer *writer, const char *key, struct mica_bytes text);

/** Appends the field, and beside it "KEY_bytes" in base64 if the text is not UTF-8. Nothing when the text is empty. */
mica_json_inline void mica_json_bytes(struct mica_json_writer *writer, const char *key, struct mica_bytes text)
{
	if (text.size == 0)
		return;
	mica_json_key(writer, key);
	if (!mica_json_quote(writer->out, text))
		mica_json_base64(writer, key, text);
}

/** Writes a string of mica's own, which has nothing to escape. Returns the place behind. */
static inline char *mica_json_put_word(char *at, struct mica_bytes word)
{
	*at = '"';
	memcpy(at + 1, word.data, word.size);
	at[word.size + 1] = '"';
	return at + word.size + 2;
}

/** Appends the field with such a string. Nothing for NULL. */
mica_json_inline void mica_json_word(struct mica_json_writer *writer, const char *key, const char *word)
{
	struct mica_bytes bytes = { .data = word, .size = word ? strlen(word) : 0 };
	size_t length = strlen(key);
	char *at = mica_json_room(writer->out, mica_json_key_size(length) + bytes.size + 2);

	if (!word || !at)
		return;
	at = mica_json_put_word(mica_json_put_key(writer, at, key, length), bytes);
	writer->out->size = (size_t)(at - writer->out->data);
}

/** The same as mica_json_bytes for a string; NULL is empty. */
mica_json_inline void mica_json_string(struct mica_json_writer *writer, const char *key, const char *text)
{
	if (text)
		mica_json_bytes(writer, key, (struct mica_bytes){ .data = text, .size = strlen(text) });
}

#endif
