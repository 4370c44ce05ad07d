/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/json_writer.h"

#include <criterion/criterion.h>
#include <jansson.h>

#include "hostile.h"

static void assert_quoted(const char *text, size_t size, const char *expected, bool valid)
{
	_cleanup_buffer_ struct mica_buffer out = {};

	cr_assert_eq(mica_json_quote(&out, (struct mica_bytes){ .data = text, .size = size }), valid);
	cr_assert_str_eq(mica_buffer_string(&out), expected);
}

Test(stream_json_writer, escapes)
{
	assert_quoted("", 0, "\"\"", true);
	assert_quoted("a\"b\\c\n\r\t", 8, "\"a\\\"b\\\\c\\n\\r\\t\"", true);
	assert_quoted("\0\x1b\x7f", 3, "\"\\u0000\\u001b\\u007f\"", true);
	assert_quoted("\xe2\x80\xa8\xc2\x9b", 5, "\"\\u2028\\u009b\"", true);
	assert_quoted("\xf3\xa0\x80\x81", 4, "\"\\udb40\\udc01\"", true);
	assert_quoted("\xc3\xa9\xf0\x9f\x98\x80", 6, "\"é😀\"", true);
	assert_quoted("a\xffz", 3, "\"a\xef\xbf\xbdz\"", false);
	assert_quoted("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", false);
}

/* Each byte at each place of a word of eight, among neighbours that could carry into it. */
Test(stream_json_writer, every_byte_at_every_place)
{
	static const char neighbours[] = { 'a', ' ', '~', '!', '#' };

	for (size_t n = 0; n < sizeof(neighbours); n++) {
		for (int byte = 0; byte < 256; byte++) {
			for (size_t place = 0; place < 16; place++) {
				_cleanup_buffer_ struct mica_buffer out = {};
				char text[16];
				memset(text, neighbours[n], sizeof(text));
				text[place] = (char)byte;
				bool valid = mica_json_quote(&out, (struct mica_bytes){ text, sizeof(text) });
				json_t *value = json_loadb(out.data, out.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
				cr_assert_not_null(value, "byte %d at %zu", byte, place);
				cr_assert_eq(valid, byte < 0x80);
				if (valid) {
					cr_assert_eq(json_string_length(value), sizeof(text));
					cr_assert_arr_eq(json_string_value(value), text, sizeof(text));
				}
				json_decref(value);
			}
		}
	}
}

Test(stream_json_writer, hostile_names_read_back)
{
	for (size_t i = 0; i < HOSTILE_COUNT; i++) {
		_cleanup_buffer_ struct mica_buffer out = {};
		struct mica_bytes text = { hostile_names[i], strlen(hostile_names[i]) };
		bool valid = mica_json_quote(&out, text);
		json_t *value = json_loadb(out.data, out.size, JSON_DECODE_ANY, NULL);
		cr_assert_not_null(value, "%zu", i);
		if (valid)
			cr_assert_str_eq(json_string_value(value), hostile_names[i]);
		json_decref(value);
	}
}

Test(stream_json_writer, fields)
{
	_cleanup_buffer_ struct mica_buffer out = {};
	struct mica_json_writer writer = { .out = &out };

	mica_json_begin(&writer, '{');
	mica_json_number(&writer, "zero", 0);
	mica_json_number(&writer, "most", UINT64_MAX);
	mica_json_key(&writer, "in");
	mica_json_begin(&writer, '{');
	mica_json_end(&writer, '}');
	mica_json_true(&writer, "yes");
	mica_json_string(&writer, "none", NULL);
	mica_json_string(&writer, "empty", "");
	mica_json_string(&writer, "name", "\xff");
	mica_json_end(&writer, '}');
	cr_assert_str_eq(mica_buffer_string(&out), "{\"zero\":0,\"most\":18446744073709551615,\"in\":{},\"yes\":true,"
						   "\"name\":\"\xef\xbf\xbd\",\"name_bytes\":\"/w==\"}");
}
