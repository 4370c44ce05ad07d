// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/policy_answer.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "stream/json_writer.h"

/** Each cell but the last is as wide as the widest of its column. */
enum column {
	COLUMN_OPERATION,
	COLUMN_VERDICT,
	COLUMN_VOICE,
	_COLUMN_MAX,
};

static void append_cell(struct mica_buffer *out, enum column column, const struct mica_policy_said *said)
{
	const struct mica_policy_answer *answer = &said->answer;

	switch (column) {
	case COLUMN_OPERATION:
		(void)mica_buffer_append_string(out, mica_operation_describe(said->operation)->name);
		return;
	case COLUMN_VERDICT:
		(void)mica_buffer_append_string(out, mica_verdict_name(answer->verdict));
		if (answer->error)
			(void)mica_buffer_appendf(out, " %s", mica_errno_name(answer->error));
		return;
	default:
		(void)mica_buffer_append_string(out, mica_policy_voice_name(answer->voice));
		if (answer->policy)
			(void)mica_buffer_appendf(out, " %s/%s", answer->policy->name,
						  mica_policy_voice_part(answer->policy, answer->voice, answer->index));
		return;
	}
}

static int measure(const struct mica_policy_said *said, size_t count, size_t widths[static _COLUMN_MAX])
{
	for (size_t i = 0; i < count; i++) {
		for (unsigned column = 0; column < _COLUMN_MAX; column++) {
			_cleanup_buffer_ struct mica_buffer cell = {};
			append_cell(&cell, column, &said[i]);
			if (cell.failed)
				return -ENOMEM;
			/* Names of mica and of policies are ASCII. */
			if (cell.size > widths[column])
				widths[column] = cell.size;
		}
	}
	return 0;
}

int mica_policy_answers_append_text(struct mica_buffer *out, const struct mica_policy_said *said, size_t count,
				    bool applies)
{
	size_t widths[_COLUMN_MAX] = {};
	int r = measure(said, count, widths);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		const struct mica_policy_answer *answer = &said[i].answer;
		for (unsigned column = 0; column < _COLUMN_MAX; column++) {
			size_t start = out->size;
			append_cell(out, column, &said[i]);
			(void)mica_buffer_appendf(out, "%*s", (int)(widths[column] - (out->size - start) + 2), "");
		}
		if (answer->policy) {
			(void)mica_utf8_append_escaped(out, answer->policy->file, strlen(answer->policy->file));
			(void)mica_buffer_appendf(out, ":%u\n", answer->place.line);
		} else {
			(void)mica_buffer_append_string(out, applies ? "no policy decides it\n"
								     : "no policy is for this container\n");
		}
	}
	return out->failed ? -ENOMEM : 0;
}

int mica_policy_answers_append_json(struct mica_buffer *out, const struct mica_policy_said *said, size_t count,
				    bool applies)
{
	for (size_t i = 0; i < count; i++) {
		const struct mica_policy_answer *answer = &said[i].answer;
		struct mica_json_writer writer = { .out = out };

		mica_json_begin(&writer, '{');
		mica_json_number(&writer, "v", 1);
		mica_json_word(&writer, "operation", mica_operation_describe(said[i].operation)->name);
		mica_json_word(&writer, "verdict", mica_verdict_name(answer->verdict));
		if (answer->error)
			mica_json_word(&writer, "errno", mica_errno_name(answer->error));
		mica_json_word(&writer, "voice", mica_policy_voice_name(answer->voice));
		if (answer->policy) {
			mica_json_word(&writer, "policy", answer->policy->name);
			mica_json_word(&writer, "name",
				       mica_policy_voice_part(answer->policy, answer->voice, answer->index));
			mica_json_string(&writer, "file", answer->policy->file);
			mica_json_number(&writer, "line", answer->place.line);
		}
		mica_json_key(&writer, "applies");
		(void)mica_buffer_append_string(out, applies ? "true" : "false");
		mica_json_end(&writer, '}');
		(void)mica_buffer_append_byte(out, '\n');
	}
	return out->failed ? -ENOMEM : 0;
}
