/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/json_writer.h"

#include "base/base64.h"
#include "base/utf8.h"
#include "container/container.h"

void mica_json_digits(struct mica_buffer *out, uint64_t value)
{
	char text[20]; /* UINT64_MAX has 20 digits */
	size_t start = sizeof(text);

	do {
		text[--start] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	(void)mica_buffer_append(out, text + start, sizeof(text) - start);
}

/*
 * True if all eight bytes go into a JSON string as they are: 0x20 to 0x7e without quote and backslash. Works on all
 * bytes of the word at once (Hacker's Delight, 6-1); a borrow or carry between bytes can only make it say "false"
 * wrongly, and then they are looked at one by one.
 */
static bool eight_are_plain(const char *data)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	uint64_t word;

	memcpy(&word, data, sizeof(word));
	uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
	uint64_t special = (word - ones * 0x20) | (word + ones) | word | (quote - ones) | (backslash - ones);
	return !(special & high);
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

bool mica_json_quote(struct mica_buffer *out, struct mica_bytes text)
{
	const char *data = text.data;
	size_t size = text.size, plain = 0; /* start of the run that is copied as it is */
	bool valid = true;

	(void)mica_buffer_reserve(out, size + 2);
	(void)mica_buffer_append_byte(out, '"');
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
	if (size) /* an empty text may be NULL, to which not even 0 may be added */
		(void)mica_buffer_append(out, data + plain, size - plain);
	(void)mica_buffer_append_byte(out, '"');
	return valid;
}

void mica_json_bytes(struct mica_json_writer *writer, const char *key, struct mica_bytes text)
{
	if (text.size == 0)
		return;
	mica_json_key(writer, key);
	if (mica_json_quote(writer->out, text))
		return;

	(void)mica_buffer_append_string(writer->out, ",\"");
	(void)mica_buffer_append_string(writer->out, key);
	(void)mica_buffer_append_string(writer->out, "_bytes\":\"");
	(void)mica_base64_append(writer->out, text.data, text.size);
	(void)mica_buffer_append_byte(writer->out, '"');
}

void mica_json_container(struct mica_json_writer *writer, const struct mica_container *container)
{
	if (!container)
		return;
	mica_json_key(writer, "container");
	mica_json_begin(writer, '{');
	mica_json_string(writer, "id", container->id);
	mica_json_string(writer, "name", container->name);
	mica_json_string(writer, "image", container->image);
	mica_json_string(writer, "engine", container->engine);
	mica_json_end(writer, '}');
}
