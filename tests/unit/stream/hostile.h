/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that somebody may give to a file, to forge a line or to break a reader. */
#ifndef MICA_TESTS_UNIT_STREAM_HOSTILE_H
#define MICA_TESTS_UNIT_STREAM_HOSTILE_H

#define HOSTILE_50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const char *const hostile_names[] = {
	"/plain",
	"/new\nline",
	"/quote\"quote",
	"/back\\slash\\",
	"/tab\tcr\rbell\a\b\f\v",
	"/esc\033[2J\033]0;title\a",
	"/del\x7f",
	"/\x01\x1f",
	"/c1-\xc2\x9b"
	"2J",
	"/separators-\xe2\x80\xa8-\xe2\x80\xa9",
	"/bidi-\xe2\x80\xae-gnp.exe",
	"/emoji-\xf0\x9f\x98\x80-\xe6\xbc\xa2\xe5\xad\x97",
	"/tag-\xf3\xa0\x80\x81",
	"/latin1-\xe9t\xe9",
	"/\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7",
	"/overlong-\xc0\xaf-\xe0\x80\xaf-\xf0\x80\x80\xaf",
	"/surrogate-\xed\xa0\x80-\xed\xbf\xbf",
	"/too-large-\xf4\x90\x80\x80",
	"/cut-\xe2\x82",
	"/1234567\"",
	"/12345678\"",
	"/1234567\x80",
	"/\",\"errno\":\"EPERM\",\"x\":\"",
	"/" HOSTILE_50 HOSTILE_50 HOSTILE_50 HOSTILE_50 HOSTILE_50 "yyyyy", /* NAME_MAX */
};

#define HOSTILE_COUNT (sizeof(hostile_names) / sizeof(hostile_names[0]))

#endif
