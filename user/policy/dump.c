// SPDX-License-Identifier: BSD-2-Clause
#include "policy/dump.h"

#include <errno.h>
#include <string.h>

#include "policy/dump_internal.h"
#include "policy/operation.h"

/** An entry, looked at. */
struct entry {
	const char *text;
	uint32_t bytes;
	uint32_t reference;
};

static int by_text(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = memcmp(a->text, b->text, a->bytes < b->bytes ? a->bytes : b->bytes);

	return order ? order : (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

/** The entry that begins at a line, or none (reference 0); and the lines that it takes. */
static struct entry look_at(const struct mica_tables *tables, uint32_t reference, uint32_t lanes, size_t *ret_lines)
{
	uint32_t head = (uint32_t)*mica_tables_word(tables, reference), bytes = head & 0xffff;
	uint32_t before = MICA_POLICY_ENTRY_WORDS + (head & MICA_POLICY_ENTRY_STATES ? (lanes + 1) / 2 : 0);

	*ret_lines = 1;
	if (!(head & MICA_POLICY_ENTRY_MARK))
		return (struct entry){};
	*ret_lines = (before + (bytes + 7) / 8 + MICA_POLICY_LINE_WORDS - 1) / MICA_POLICY_LINE_WORDS;
	return (struct entry){ (const char *)(mica_tables_word(tables, reference) + before), bytes, reference };
}

static void dump_entry(struct dump *dump, const struct entry *entry, uint32_t lanes)
{
	const struct mica_tables *tables = &dump->compiled->tables;
	uint64_t head = *mica_tables_word(tables, entry->reference);

	(void)mica_buffer_append_string(dump->buffer, "    ");
	mica_dump_bytes(dump->buffer, entry->text, entry->bytes);
	(void)mica_buffer_append_string(dump->buffer, "\n      end: ");
	mica_dump_row(dump, *mica_tables_word(tables, entry->reference + 1), head >> 32);
	(void)mica_buffer_append_byte(dump->buffer, '\n');
	for (uint32_t lane = 0; head & MICA_POLICY_ENTRY_STATES && lane < lanes; lane++) {
		uint64_t states = *mica_tables_word(tables, entry->reference + MICA_POLICY_ENTRY_WORDS + lane / 2);

		(void)mica_buffer_append_string(dump->buffer, "      \"/\": ");
		mica_dump_next(dump, lane & 1 ? states >> 32 : (uint32_t)states);
		(void)mica_buffer_append_byte(dump->buffer, '\n');
	}
}

static int dump_automaton(struct dump *dump, uint32_t root)
{
	const struct mica_tables *tables = &dump->compiled->tables;
	uint32_t lanes = *mica_tables_word(tables, root + MICA_POLICY_ROOT_HEAD) >> 32;
	uint32_t first = (uint32_t)*mica_tables_word(tables, root + MICA_POLICY_ROOT_LINES);
	uint64_t pair = *mica_tables_word(tables, root + MICA_POLICY_ROOT_CLASSES);
	uint32_t classes = (uint32_t)pair;
	size_t lines = pair >> 32, count = 0, taken;
	_cleanup_free_ struct entry *entries = calloc(lines, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	for (size_t line = 0; line < lines; line += taken) {
		entries[count] = look_at(tables, first + line * MICA_POLICY_LINE_WORDS, lanes, &taken);
		count += entries[count].reference != 0;
	}
	qsort(entries, count, sizeof(*entries), by_text);
	dump->states.class_of = classes ? (const unsigned char *)mica_tables_word(tables, classes) : NULL;
	(void)mica_buffer_appendf(dump->buffer, "    %zu literals, %u lanes\n", count, lanes);
	for (size_t i = 0; i < count; i++)
		dump_entry(dump, &entries[i], lanes);
	mica_dump_states(dump);
	return dump->states.failed ? -ENOMEM : 0;
}

/** "union", "layer 2", "volume "db-*"". */
static void dump_object(struct mica_buffer *buffer, unsigned object, unsigned layer, const char *name)
{
	(void)mica_buffer_append_string(buffer, mica_policy_object_name(object));
	if (layer)
		(void)mica_buffer_appendf(buffer, " %u", layer);
	if (name) {
		(void)mica_buffer_append_byte(buffer, ' ');
		mica_dump_bytes(buffer, name, strlen(name));
	}
}

/** A rule with its number by precedence, from 1. */
static void dump_rule(struct dump *dump, size_t number)
{
	const struct mica_policy *policy = dump->policy->policy;
	const struct mica_policy_rule *rule = &policy->rules[dump->policy->order[number - 1]];
	struct mica_buffer *buffer = dump->buffer;

	(void)mica_buffer_appendf(buffer, "  rule %zu %s, line %u: ", number, rule->name, rule->place.line);
	dump_object(buffer, rule->object, rule->layer, rule->object_name.text);
	(void)mica_buffer_append_byte(buffer, ' ');
	mica_dump_bytes(buffer, rule->path.text, strlen(rule->path.text));
	(void)mica_buffer_append_string(buffer, " on ");
	mica_dump_operations(buffer, rule->operations);
	(void)mica_buffer_append_string(buffer, ": ");
	mica_dump_verdict(buffer, rule->verdict, rule->error);
	(void)mica_buffer_append_byte(buffer, '\n');
}

static int dump_policy(struct dump *dump)
{
	const struct mica_policy *policy = dump->policy->policy;
	int r = 0;

	(void)mica_buffer_appendf(dump->buffer, "policy %s, mode %s\n", policy->name,
				  policy->mode == MICA_POLICY_AUDIT ? "audit" : "enforce");
	for (size_t i = 1; i <= policy->rule_count; i++)
		dump_rule(dump, i);
	for (size_t i = 0; r == 0 && i < dump->policy->group_count; i++) {
		const struct mica_policy_group *group = &dump->policy->groups[i];

		(void)mica_buffer_append_string(dump->buffer, "  object ");
		dump_object(dump->buffer, group->object, group->layer, group->name);
		(void)mica_buffer_append_byte(dump->buffer, '\n');
		r = dump_automaton(dump, group->root);
	}
	return r;
}

int mica_policy_dump(const struct mica_policy_compiled *compiled, struct mica_buffer *buffer)
{
	_cleanup_free_ uint32_t *numbers = calloc((size_t)compiled->tables.used + 1, sizeof(*numbers));
	struct dump dump = { .compiled = compiled, .buffer = buffer, .states.numbers = numbers };
	int r = numbers ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < compiled->set->count; i++) {
		dump.policy = &compiled->policies[i];
		r = dump_policy(&dump);
	}
	free(dump.states.met);
	if (r == 0 && buffer->failed)
		r = -ENOMEM;
	return r;
}
