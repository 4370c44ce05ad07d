// SPDX-License-Identifier: BSD-2-Clause
#include "policy/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void mica_policy_message(struct mica_policy_messages *messages, const char *file, struct mica_policy_place place,
			 const char *format, ...)
{
	va_list arguments;

	if (messages->count++ >= MICA_POLICY_MAX_MESSAGES)
		return;
	(void)mica_utf8_append_escaped(&messages->text, file, strlen(file));
	if (place.line)
		(void)mica_buffer_appendf(&messages->text, ":%u:%u", place.line, place.column);
	(void)mica_buffer_append_string(&messages->text, ": ");
	va_start(arguments, format);
	(void)mica_buffer_vappendf(&messages->text, format, arguments);
	va_end(arguments);
	(void)mica_buffer_append_byte(&messages->text, '\n');
}

struct mica_policy_quoted mica_policy_quote(const char *text, size_t size)
{
	_cleanup_buffer_ struct mica_buffer escaped = {};
	struct mica_policy_quoted quoted;
	size_t shown = size;

	if (size > MICA_POLICY_QUOTE_BYTES) {
		shown = MICA_POLICY_QUOTE_BYTES;
		/* Not in the middle of a character. */
		while (shown > MICA_POLICY_QUOTE_BYTES - 3 && ((unsigned char)text[shown] & 0xc0) == 0x80)
			shown--;
	}
	(void)mica_utf8_append_escaped(&escaped, text, shown);
	const char *string = mica_buffer_string(&escaped);
	(void)snprintf(quoted.text, sizeof(quoted.text), "'%s'%s", string ? string : "", shown < size ? "..." : "");
	return quoted;
}

struct mica_policy_hint mica_policy_hint(const char *word)
{
	struct mica_policy_hint hint = {};

	if (word)
		(void)snprintf(hint.text, sizeof(hint.text), "; did you mean '%s'?", word);
	return hint;
}

const char *mica_policy_messages_text(struct mica_policy_messages *messages)
{
	if (messages->count > MICA_POLICY_MAX_MESSAGES) {
		(void)mica_buffer_appendf(&messages->text, "... and %zu more\n",
					  messages->count - MICA_POLICY_MAX_MESSAGES);
		messages->count = MICA_POLICY_MAX_MESSAGES;
	}
	return mica_buffer_string(&messages->text);
}

void mica_policy_messages_free(struct mica_policy_messages *messages)
{
	mica_buffer_free(&messages->text);
	messages->count = 0;
}
