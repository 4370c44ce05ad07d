// SPDX-License-Identifier: BSD-2-Clause
#include "base/error.h"
#include "policy/dump_internal.h"
#include "policy/operation.h"

void mica_dump_bytes(struct mica_buffer *buffer, const char *bytes, size_t size)
{
	(void)mica_buffer_append_byte(buffer, '"');
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte < ' ' || byte > '~') {
			(void)mica_buffer_appendf(buffer, "\\x%02x", byte);
			continue;
		}
		if (byte == '"' || byte == '\\')
			(void)mica_buffer_append_byte(buffer, '\\');
		(void)mica_buffer_append_byte(buffer, (char)byte);
	}
	(void)mica_buffer_append_byte(buffer, '"');
}

static void append_word(struct mica_buffer *buffer, const char *word, bool *first)
{
	if (!*first)
		(void)mica_buffer_append_byte(buffer, ' ');
	(void)mica_buffer_append_string(buffer, word);
	*first = false;
}

void mica_dump_operations(struct mica_buffer *buffer, uint32_t operations)
{
	bool first = true;

	if (operations == MICA_OPERATIONS_ALL) {
		append_word(buffer, "all", &first);
		return;
	}
	for (const struct mica_operation_group *group = mica_operation_groups; group->name; group++)
		if ((operations & group->operations) == group->operations) {
			append_word(buffer, group->name, &first);
			operations &= ~group->operations;
		}
	for (unsigned i = 0; i < _MICA_OPERATION_MAX; i++)
		if (operations & MICA_OPERATION_BIT(i))
			append_word(buffer, mica_operation_describe(i)->name, &first);
}

void mica_dump_verdict(struct mica_buffer *buffer, unsigned verdict, unsigned error)
{
	(void)mica_buffer_append_string(buffer, verdict < _MICA_VERDICT_MAX ? mica_verdict_name(verdict) : "?");
	if (error)
		(void)mica_buffer_appendf(buffer, " %s", mica_errno_name((int)error));
}

static void dump_pair(struct dump *dump, uint64_t pair, bool *first)
{
	uint32_t outcome = pair >> 32;

	if (!*first)
		(void)mica_buffer_append_string(dump->buffer, "; ");
	*first = false;
	mica_dump_operations(dump->buffer, (uint32_t)pair);
	(void)mica_buffer_appendf(dump->buffer, ": %u ", MICA_POLICY_OUTCOME_RULE(outcome));
	mica_dump_verdict(dump->buffer, MICA_POLICY_OUTCOME_VERDICT(outcome), MICA_POLICY_OUTCOME_ERROR(outcome));
}

void mica_dump_row(struct dump *dump, uint64_t first, uint32_t row)
{
	const struct mica_tables *tables = &dump->compiled->tables;
	uint32_t count = row ? (uint32_t)*mica_tables_word(tables, row) : 0;
	bool none = true;

	if (first)
		dump_pair(dump, first, &none);
	for (uint32_t i = 0; i < count; i++)
		dump_pair(dump, *mica_tables_word(tables, row + 1 + i), &none);
	if (none)
		(void)mica_buffer_append_string(dump->buffer, "no rule");
}
