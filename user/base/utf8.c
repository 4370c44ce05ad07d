/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/utf8.h"

#include <string.h>

size_t mica_utf8_decode(const char *data, size_t size, uint32_t *ret_character)
{
	const unsigned char *bytes = (const unsigned char *)data;
	size_t length;
	uint32_t character, smallest;

	if (size == 0)
		return 0;
	if (bytes[0] < 0x80) {
		length = 1, character = bytes[0], smallest = 0;
	} else if ((bytes[0] & 0xe0) == 0xc0) {
		length = 2, character = bytes[0] & 0x1f, smallest = 0x80;
	} else if ((bytes[0] & 0xf0) == 0xe0) {
		length = 3, character = bytes[0] & 0x0f, smallest = 0x800;
	} else if ((bytes[0] & 0xf8) == 0xf0) {
		length = 4, character = bytes[0] & 0x07, smallest = 0x10000;
	} else {
		return 0;
	}
	if (size < length)
		return 0;

	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (bytes[i] & 0x3f);
	}
	if (character < smallest || character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
		return 0;
	if (ret_character)
		*ret_character = character;
	return length;
}

/* Most bytes of most names: no need to look further. */
static bool is_plain_ascii(char byte)
{
	return byte >= 0x20 && byte < 0x7f;
}

bool mica_utf8_valid(const char *data, size_t size)
{
	size_t i = 0;

	while (i < size) {
		uint64_t word;
		/* Nearly all names are ASCII: eight bytes at a time. */
		if (size - i >= sizeof(word)) {
			memcpy(&word, data + i, sizeof(word));
			if (!(word & 0x8080808080808080u)) {
				i += sizeof(word);
				continue;
			}
		}
		size_t length = mica_utf8_decode(data + i, size - i, NULL);
		if (length == 0)
			return false;
		i += length;
	}
	return true;
}

size_t mica_utf8_length(const char *data, size_t size)
{
	size_t characters = 0;

	for (size_t i = 0; i < size; characters++) {
		size_t length = mica_utf8_decode(data + i, size - i, NULL);
		i += length ? length : 1;
	}
	return characters;
}

bool mica_utf8_is_unsafe(uint32_t character)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f },       /* C0 */
		{ 0x7f, 0x9f },       /* DEL, C1 */
		{ 0xad, 0xad },       /* soft hyphen */
		{ 0x61c, 0x61c },     /* Arabic letter mark */
		{ 0x180e, 0x180e },   /* Mongolian vowel separator */
		{ 0x200b, 0x200f },   /* zero width, marks of direction */
		{ 0x2028, 0x202e },   /* separators of lines and paragraphs, embeddings, overrides */
		{ 0x2060, 0x206f },   /* word joiner, invisible operators, isolates */
		{ 0xfeff, 0xfeff },   /* byte order mark */
		{ 0xfff9, 0xfffb },   /* interlinear annotation */
		{ 0xe0000, 0xe007f }, /* tags */
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	return false;
}

static int append_unsafe(struct mica_buffer *buffer, uint32_t character)
{
	switch (character) {
	case '\n':
		return mica_buffer_append_string(buffer, "\\n");
	case '\t':
		return mica_buffer_append_string(buffer, "\\t");
	case '\r':
		return mica_buffer_append_string(buffer, "\\r");
	case 0x1b:
		return mica_buffer_append_string(buffer, "\\e");
	}
	if (character < 0x80)
		return mica_buffer_appendf(buffer, "\\x%02x", (unsigned)character);
	if (character < 0x10000)
		return mica_buffer_appendf(buffer, "\\u%04x", (unsigned)character);
	return mica_buffer_appendf(buffer, "\\U%08x", (unsigned)character);
}

int mica_utf8_append_escaped(struct mica_buffer *buffer, const char *data, size_t size)
{
	size_t plain = 0; /* start of the run that is copied as it is */

	if (size == 0) /* `data` may be NULL, to which nothing may be added, not even 0 */
		return buffer->failed ? -ENOMEM : 0;
	for (size_t i = 0; i < size;) {
		if (is_plain_ascii(data[i]) && data[i] != '\\') {
			i++;
			continue;
		}
		uint32_t character = 0;
		size_t length = mica_utf8_decode(data + i, size - i, &character);
		if (length && character != '\\' && !mica_utf8_is_unsafe(character)) {
			i += length;
			continue;
		}

		(void)mica_buffer_append(buffer, data + plain, i - plain);
		if (length == 0)
			(void)mica_buffer_appendf(buffer, "\\x%02x", (unsigned char)data[i]);
		else if (character == '\\')
			(void)mica_buffer_append_string(buffer, "\\\\");
		else
			(void)append_unsafe(buffer, character);
		i += length ? length : 1;
		plain = i;
	}
	return mica_buffer_append(buffer, data + plain, size - plain);
}

/* Combining marks take no column; East Asian wide characters and emoji take two. Blocks only: alignment is a courtesy,
 * and glibc's wcwidth would depend on the locale. */
static size_t character_columns(uint32_t character)
{
	if (character < 0x300)
		return 1;
	if (character <= 0x36f || (character >= 0x1ab0 && character <= 0x1aff) ||
	    (character >= 0x20d0 && character <= 0x20ff) || (character >= 0xfe00 && character <= 0xfe0f) ||
	    (character >= 0xfe20 && character <= 0xfe2f))
		return 0;
	if ((character >= 0x1100 && character <= 0x115f) || (character >= 0x2e80 && character <= 0xa4cf) ||
	    (character >= 0xac00 && character <= 0xd7a3) || (character >= 0xf900 && character <= 0xfaff) ||
	    (character >= 0xfe30 && character <= 0xfe6f) || (character >= 0xff00 && character <= 0xff60) ||
	    (character >= 0xffe0 && character <= 0xffe6) || (character >= 0x1f300 && character <= 0x1f64f) ||
	    (character >= 0x1f900 && character <= 0x1f9ff) || (character >= 0x20000 && character <= 0x3fffd))
		return 2;
	return 1;
}

size_t mica_utf8_columns(const char *data, size_t size)
{
	size_t columns = 0;

	for (size_t i = 0; i < size;) {
		if (is_plain_ascii(data[i])) {
			columns++;
			i++;
			continue;
		}
		uint32_t character = 0;
		size_t length = mica_utf8_decode(data + i, size - i, &character);
		columns += length ? character_columns(character) : 1;
		i += length ? length : 1;
	}
	return columns;
}
