/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/json_writer.h"

#include "base/base64.h"
#include "base/utf8.h"

/* 00 to 99 */
static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
			    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
			    "8081828384858687888990919293949596979899";

static unsigned count_digits(uint32_t value)
{
	static const uint32_t powers[] = { 0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };
	/* log2 to log10: 1233 / 4096 is a little more than log10(2), so it is right or one too much. */
	unsigned digits = (32 - (unsigned)__builtin_clz(value | 1)) * 1233 >> 12;

	return digits + (value >= powers[digits]);
}

void mica_json_put_padded(char *at, unsigned count, uint32_t value)
{
	for (; count >= 2; count -= 2, value /= 100)
		memcpy(at + count - 2, pairs + value % 100 * 2, 2);
	if (count)
		*at = (char)('0' + value % 10);
}

char *mica_json_put_digits(char *at, uint64_t value)
{
	const uint32_t eight_digits = 100000000;
	uint32_t head;
	unsigned count;

	if (value < 10) {
		*at = (char)('0' + value);
		return at + 1;
	}
	if (value > UINT32_MAX) {
		at = mica_json_put_digits(at, value / eight_digits);
		mica_json_put_padded(at, 8, (uint32_t)(value % eight_digits));
		return at + 8;
	}
	head = (uint32_t)value;
	count = count_digits(head);
	mica_json_put_padded(at, count, head);
	return at + count;
}

typedef int8_t sixteen __attribute__((vector_size(16)));
typedef uint64_t two __attribute__((vector_size(16)));

/* True if all go into a JSON string as they are: 0x20 to 0x7e (those over it are negative) without quote, backslash. */
static bool sixteen_are_plain(sixteen bytes)
{
	two special = (two)((bytes < 0x20) | (bytes == 0x7f) | (bytes == '"') | (bytes == '\\'));

	return !(special[0] | special[1]);
}

static bool eight_are_plain(const char *data)
{
	uint64_t word;

	memcpy(&word, data, sizeof(word));
	return sixteen_are_plain((sixteen)(two){ word, word });
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
		return sixteen_are_plain((sixteen)(two){ first, last });
	}
	if (size >= 4) {
		uint32_t head, tail;
		memcpy(&head, data, 4);
		memcpy(&tail, data + size - 4, 4);
		memcpy(at, &head, 4);
		memcpy(at + size - 4, &tail, 4);
		first = (uint64_t)head << 32 | tail;
		return sixteen_are_plain((sixteen)(two){ first, first });
	}
	for (size_t i = 0; i < size; i++) {
		if (!is_plain((unsigned char)data[i]))
			return false;
		at[i] = data[i];
	}
	return true;
}

/* Copies the text if all of it is plain, as nearly all names are. */
static bool copy_plain(char *at, const char *data, size_t size)
{
	sixteen bytes;

	if (size < sizeof(bytes))
		return copy_few(at, data, size);
	for (size_t i = 0; i + sizeof(bytes) <= size; i += sizeof(bytes)) {
		memcpy(&bytes, data + i, sizeof(bytes));
		memcpy(at + i, &bytes, sizeof(bytes));
		if (!sixteen_are_plain(bytes))
			return false;
	}
	/* The rest, together with bytes that were copied before. */
	memcpy(&bytes, data + size - sizeof(bytes), sizeof(bytes));
	memcpy(at + size - sizeof(bytes), &bytes, sizeof(bytes));
	return sixteen_are_plain(bytes);
}

/* Appends what has something to escape, or more than ASCII. */
static bool quote_any(struct mica_buffer *out, struct mica_bytes text)
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
	bool valid = true;

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
