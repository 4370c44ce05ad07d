/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/utf8.h"

#include <criterion/criterion.h>

static void assert_escaped(const char *text, size_t size, const char *expected)
{
	_cleanup_buffer_ struct mica_buffer buffer = {};

	cr_assert_eq(mica_utf8_append_escaped(&buffer, text, size), 0);
	cr_assert_str_eq(mica_buffer_string(&buffer), expected);
}

/* What the encoder of the standard would write; 0 for what it must not. */
static size_t encode(uint32_t character, char *out)
{
	if (character < 0x80) {
		out[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		out[0] = (char)(0xc0 | character >> 6);
		out[1] = (char)(0x80 | (character & 63));
		return 2;
	}
	if (character < 0x10000) {
		out[0] = (char)(0xe0 | character >> 12);
		out[1] = (char)(0x80 | (character >> 6 & 63));
		out[2] = (char)(0x80 | (character & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | character >> 18);
	out[1] = (char)(0x80 | (character >> 12 & 63));
	out[2] = (char)(0x80 | (character >> 6 & 63));
	out[3] = (char)(0x80 | (character & 63));
	return 4;
}

Test(base_utf8, decodes_every_character_and_no_surrogate)
{
	for (uint32_t character = 0; character < 0x120000; character++) {
		char text[4];
		size_t size = encode(character, text);
		uint32_t decoded = 0;
		bool valid = character <= 0x10ffff && (character < 0xd800 || character > 0xdfff);
		size_t length = mica_utf8_decode(text, size, &decoded);
		if (length != (valid ? size : 0) || (valid && decoded != character))
			cr_assert_fail("U+%04X", character);
		if (size > 1 && mica_utf8_decode(text, size - 1, NULL) != 0)
			cr_assert_fail("U+%04X, cut", character);
	}
}

Test(base_utf8, rejects_what_is_not_utf8)
{
	static const char *const invalid[] = {
		"\x80",
		"\xbf",
		"\xc0\x80", /* overlong NUL */
		"\xc0\xaf",
		"\xc1\xbf",
		"\xe0\x9f\xbf",
		"\xf0\x8f\xbf\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf8\x88\x80\x80",
		"\xfe",
		"\xff",
		"\xc3(",
		"\xe2\x82",
		"\xe2(\xa1",
		"12345678\xff",
		"1234567\xc3",
	};

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
		cr_assert_not(mica_utf8_valid(invalid[i], strlen(invalid[i])), "%zu", i);
	cr_assert(mica_utf8_valid("", 0));
	cr_assert(mica_utf8_valid("plain ASCII, äöü, 漢字, 😀", strlen("plain ASCII, äöü, 漢字, 😀")));
}

Test(base_utf8, counts_characters_and_columns)
{
	cr_assert_eq(mica_utf8_length("aé漢\xff", 7), 4u);
	cr_assert_eq(mica_utf8_columns("212 µs", 7), 6u);
	cr_assert_eq(mica_utf8_columns("漢字", 6), 4u);
	cr_assert_eq(mica_utf8_columns("e\u0301", 3), 1u);
}

Test(base_utf8, escapes_for_a_terminal)
{
	assert_escaped("plain é", 8, "plain é");
	assert_escaped("a\nb\tc\rd", 7, "a\\nb\\tc\\rd");
	assert_escaped("\033[2J", 4, "\\e[2J");
	assert_escaped("a\0b", 3, "a\\x00b");
	assert_escaped("\x7f", 1, "\\x7f");
	assert_escaped("\xc2\x9b", 2, "\\u009b"); /* C1: CSI */
	assert_escaped("\xe2\x80\xae", 3, "\\u202e");
	assert_escaped("\xe2\x80\xa8", 3, "\\u2028");
	assert_escaped("\xf3\xa0\x80\x81", 4, "\\U000e0001");
	assert_escaped("\xff\xfe", 2, "\\xff\\xfe");
	assert_escaped("a\\n", 3, "a\\\\n"); /* not to be taken for a newline */
	assert_escaped("", 0, "");
	assert_escaped(NULL, 0, "");
}
