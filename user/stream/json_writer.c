/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/json_writer.h"

#include <endian.h>

#include "base/base64.h"
#include "base/utf8.h"

#define EIGHT_DIGITS 100000000u
#define ZEROES UINT64_C(0x3030303030303030)

/*
 * The eight digits of a number below 10^8 as numbers of a byte each, the first in the lowest byte. All are split at
 * once: into two numbers of four digits, four of two, eight of one. A product with a rounded 2^n / 100 or 2^n / 10 is
 * exact for numbers that small.
 */
static uint64_t split_digits(uint32_t value)
{
	uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
	uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x0000007f0000007f);
	uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
	uint64_t tens = (twos * 103 >> 10) & UINT64_C(0x000f000f000f000f);

	return tens | (twos - tens * 10) << 8;
}

static void put_eight(char *at, uint64_t digits)
{
	digits = htole64(digits | ZEROES);
	memcpy(at, &digits, sizeof(digits));
}

/* A number below 10^8 without zeroes before it. */
static char *put_few(char *at, uint32_t value)
{
	uint64_t digits = split_digits(value);
	/* The last digit counts, also when all are zero. */
	unsigned zeroes = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;

	put_eight(at, (digits | ZEROES) >> zeroes * 8);
	return at + 8 - zeroes;
}

char *mica_json_put_digits(char *at, uint64_t value)
{
	if (value < 10) {
		*at = (char)('0' + value);
		return at + 1;
	}
	if (value >= EIGHT_DIGITS) {
		uint64_t head = value / EIGHT_DIGITS;

		if (head >= EIGHT_DIGITS) {
			at = put_few(at, (uint32_t)(head / EIGHT_DIGITS));
			put_eight(at, split_digits((uint32_t)(head % EIGHT_DIGITS)));
			at += 8;
		} else {
			at = put_few(at, (uint32_t)head);
		}
		put_eight(at, split_digits((uint32_t)(value % EIGHT_DIGITS)));
		return at + 8;
	}
	return put_few(at, (uint32_t)value);
}

void mica_json_put_nine(char *at, uint32_t value)
{
	*at = (char)('0' + value / EIGHT_DIGITS);
	put_eight(at + 1, split_digits(value % EIGHT_DIGITS));
}

typedef int8_t sixteen __attribute__((vector_size(16)));
typedef uint64_t two __attribute__((vector_size(16)));

/* Not zero where a byte does not go into a JSON string as it is: what is not 0x20 to 0x7e (those over it are negative),
 * quote, backslash. */
static inline sixteen special_bytes(sixteen bytes)
{
	return (bytes < 0x20) | (bytes == 0x7f) | (bytes == '"') | (bytes == '\\');
}

static inline bool is_any(sixteen special)
{
	two words = (two)special;

	return words[0] | words[1];
}

static inline sixteen join_words(uint64_t first, uint64_t last)
{
	return (sixteen)(two){ first, last };
}

static bool eight_are_plain(const char *data)
{
	uint64_t word;

	memcpy(&word, data, sizeof(word));
	return !is_any(special_bytes(join_words(word, word)));
}

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static void append_u16(struct mica_buffer *out, uint32_t unit)
{
	static const char digits[] = "0123456789abcdef";
	char text[6] = {
		'\\', 'u', digits[unit >> 12], digits[unit >> 8 & 15], digits[unit >> 4 & 15], digits[unit & 15]
	};

	(void)mica_buffer_append(out, text, sizeof(text));
}

static void append_escape(struct mica_buffer *out, uint32_t character)
{
	switch (character) {
	case '"':
		(void)mica_buffer_append(out, "\\\"", 2);
		break;
	case '\\':
		(void)mica_buffer_append(out, "\\\\", 2);
		break;
	case '\n':
		(void)mica_buffer_append(out, "\\n", 2);
		break;
	case '\t':
		(void)mica_buffer_append(out, "\\t", 2);
		break;
	case '\r':
		(void)mica_buffer_append(out, "\\r", 2);
		break;
	default:
		if (character >= 0x10000) {
			append_u16(out, 0xd800 + ((character - 0x10000) >> 10));
			append_u16(out, 0xdc00 + ((character - 0x10000) & 0x3ff));
		} else {
			append_u16(out, character);
		}
	}
}

/* Copies up to 15 bytes if all are plain; they are taken twice where two words overlap. */
static bool copy_few(char *at, const char *data, size_t size)
{
	uint64_t first = 0, last = 0;

	if (size >= 8) {
		memcpy(&first, data, 8);
		memcpy(&last, data + size - 8, 8);
		memcpy(at, &first, 8);
		memcpy(at + size - 8, &last, 8);
		return !is_any(special_bytes(join_words(first, last)));
	}
	if (size >= 4) {
		uint32_t head, tail;
		memcpy(&head, data, 4);
		memcpy(&tail, data + size - 4, 4);
		memcpy(at, &head, 4);
		memcpy(at + size - 4, &tail, 4);
		first = (uint64_t)head << 32 | tail;
		return !is_any(special_bytes(join_words(first, first)));
	}
	for (size_t i = 0; i < size; i++) {
		if (!is_plain((unsigned char)data[i]))
			return false;
		at[i] = data[i];
	}
	return true;
}

/* Copies the text if all of it is plain, as nearly all names are: looked at once, at the end. */
static bool copy_plain(char *at, const char *data, size_t size)
{
	size_t last = size - sizeof(sixteen);
	sixteen bytes, special = {};

	if (size < sizeof(bytes))
		return copy_few(at, data, size);
	for (size_t i = 0; i < last; i += sizeof(bytes)) {
		memcpy(&bytes, data + i, sizeof(bytes));
		memcpy(at + i, &bytes, sizeof(bytes));
		special |= special_bytes(bytes);
	}
	/* The rest, together with bytes that were copied before. */
	memcpy(&bytes, data + last, sizeof(bytes));
	memcpy(at + last, &bytes, sizeof(bytes));
	return !is_any(special | special_bytes(bytes));
}

/* Appends what has something to escape, or more than ASCII. Not inlined: its registers would have to be saved for each
 * plain text too. */
__attribute__((noinline)) static bool quote_any(struct mica_buffer *out, struct mica_bytes text)
{
	const char *data = text.data;
	size_t size = text.size, plain = 0; /* start of the run that is copied as it is */
	bool valid = true;

	for (size_t i = 0; i < size;) {
		if (size - i >= 8 && eight_are_plain(data + i)) {
			i += 8;
			continue;
		}
		if (is_plain((unsigned char)data[i])) {
			i++;
			continue;
		}
		uint32_t character = 0;
		size_t length = mica_utf8_decode(data + i, size - i, &character);
		if (length > 1 && !mica_utf8_is_unsafe(character)) {
			i += length;
			continue;
		}

		(void)mica_buffer_append(out, data + plain, i - plain);
		if (length) {
			append_escape(out, character);
		} else {
			(void)mica_buffer_append_string(out, MICA_UTF8_REPLACEMENT);
			valid = false;
		}
		i += length ? length : 1;
		plain = i;
	}
	(void)mica_buffer_append(out, data + plain, size - plain);
	return valid;
}

bool mica_json_quote(struct mica_buffer *out, struct mica_bytes text)
{
	char *at = mica_json_room(out, text.size + 2);
	bool valid;

	if (!at)
		return true;
	*at = '"';
	if (__builtin_expect(copy_plain(at + 1, text.data, text.size), 1)) {
		at[text.size + 1] = '"';
		out->size += text.size + 2;
		return true;
	}
	out->size++;
	valid = quote_any(out, text);
	(void)mica_buffer_append_byte(out, '"');
	return valid;
}

void mica_json_base64(struct mica_json_writer *writer, const char *key, struct mica_bytes text)
{
	(void)mica_buffer_append_string(writer->out, ",\"");
	(void)mica_buffer_append_string(writer->out, key);
	(void)mica_buffer_append_string(writer->out, "_bytes\":\"");
	(void)mica_base64_append(writer->out, text.data, text.size);
	(void)mica_buffer_append_byte(writer->out, '"');
}
