/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UTF-8 as in RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF. File names are bytes, so all of this
 * takes any bytes. Pure.
 */
#ifndef MICA_BASE_UTF8_H
#define MICA_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define MICA_UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/** Length of the valid sequence at the start of `data` (1 to 4), its character in *ret_character (may be NULL);
 *  0: there is none, `ret_character` is untouched. */
size_t mica_utf8_decode(const char *data, size_t size, uint32_t *ret_character);

bool mica_utf8_valid(const char *data, size_t size);

/** Number of characters, each byte that is in no valid sequence counts as one. Not columns: see mica_utf8_columns. */
size_t mica_utf8_length(const char *data, size_t size);

/** True for what must not reach a terminal as it is: C0 and C1 controls, DEL, line and paragraph separators, and the
 *  invisible characters that reorder or hide text (bidirectional controls, zero width, byte order mark, tags). */
bool mica_utf8_is_unsafe(uint32_t character);

/**
 * Appends text that is safe on a terminal: \n \t \r \e \\ and else \x1b for unsafe bytes, \u202e for unsafe characters,
 * \xff for each byte that is in no valid sequence. A backslash becomes \\, so that the escapes are unambiguous.
 * 0 or -ENOMEM.
 */
int mica_utf8_append_escaped(struct mica_buffer *buffer, const char *data, size_t size);

/** Columns on a terminal of text that mica_utf8_append_escaped made. */
size_t mica_utf8_columns(const char *data, size_t size);

#endif
