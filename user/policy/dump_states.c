// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>

#include "policy/dump_internal.h"

/** The number of a state; 0: no memory. */
static uint32_t number_of(struct dump_states *states, uint32_t next)
{
	uint32_t slot = next & MICA_POLICY_NEXT_REFERENCE;

	if (states->numbers[slot])
		return states->numbers[slot];
	if (states->count == states->capacity) {
		uint32_t capacity = states->capacity ? states->capacity * 2 : 64;
		uint32_t *met = realloc(states->met, capacity * sizeof(*met));

		if (!met) {
			states->failed = true;
			return 0;
		}
		states->met = met;
		states->capacity = capacity;
	}
	states->met[states->count++] = next;
	return states->numbers[slot] = states->count;
}

void mica_dump_next(struct dump *dump, uint32_t next)
{
	if (!next) {
		(void)mica_buffer_append_string(dump->buffer, "nothing");
	} else if (next & MICA_POLICY_NEXT_FINAL) {
		(void)mica_buffer_append_string(dump->buffer, "decided ");
		mica_dump_row(dump, 0, next & ~MICA_POLICY_NEXT_FINAL);
	} else {
		(void)mica_buffer_appendf(dump->buffer, "state %u", number_of(&dump->states, next));
	}
}

/** The transition by a byte of the state whose first slot is `state`. */
static uint32_t target_of(const struct dump *dump, uint32_t state, unsigned byte)
{
	const struct mica_tables *tables = &dump->compiled->tables;
	uint64_t slot = *mica_tables_word(tables, state + MICA_POLICY_SLOT_CLASS + dump->states.class_of[byte]);

	return slot >> 32 == state ? (uint32_t)slot : (uint32_t)*mica_tables_word(tables, state);
}

/** The bytes that lead where `byte` does, the first of them: runs as "a" - "z". */
static void dump_bytes_like(struct dump *dump, uint32_t state, unsigned byte, bool done[static 256])
{
	uint32_t target = target_of(dump, state, byte);
	const char *between = "";

	for (unsigned begin = byte; begin < 256; begin++) {
		unsigned end = begin;
		char ends[2];

		if (target_of(dump, state, begin) != target)
			continue;
		while (end + 1 < 256 && target_of(dump, state, end + 1) == target)
			end++;
		for (unsigned i = begin; i <= end; i++)
			done[i] = true;
		ends[0] = (char)begin;
		ends[1] = (char)end;
		(void)mica_buffer_append_string(dump->buffer, between);
		mica_dump_bytes(dump->buffer, &ends[0], 1);
		if (end > begin) {
			(void)mica_buffer_append_byte(dump->buffer, '-');
			mica_dump_bytes(dump->buffer, &ends[1], 1);
		}
		between = " ";
		begin = end;
	}
}

static void dump_transitions(struct dump *dump, uint32_t state)
{
	uint32_t fallback = (uint32_t)*mica_tables_word(&dump->compiled->tables, state);
	bool done[256] = {};

	/* No path has a NUL. */
	for (unsigned byte = 1; byte < 256; byte++) {
		uint32_t target = target_of(dump, state, byte);

		if (done[byte] || target == fallback)
			continue;
		(void)mica_buffer_append_string(dump->buffer, "      ");
		dump_bytes_like(dump, state, byte, done);
		(void)mica_buffer_append_string(dump->buffer, ": ");
		mica_dump_next(dump, target);
		(void)mica_buffer_append_byte(dump->buffer, '\n');
	}
	(void)mica_buffer_append_string(dump->buffer, "      other: ");
	mica_dump_next(dump, fallback);
	(void)mica_buffer_append_byte(dump->buffer, '\n');
}

static void dump_state(struct dump *dump, uint32_t number)
{
	const struct mica_tables *tables = &dump->compiled->tables;
	uint32_t state = dump->states.met[number - 1] & MICA_POLICY_NEXT_REFERENCE, flags;
	uint64_t slot = *mica_tables_word(tables, state);

	flags = slot >> 32;
	(void)mica_buffer_appendf(dump->buffer, "    state %u\n", number);
	if (flags & MICA_POLICY_STATE_CHAIN) {
		(void)mica_buffer_append_string(dump->buffer, "      ");
		mica_dump_bytes(dump->buffer, (const char *)mica_tables_word(tables, state + 1), flags & 15);
		(void)mica_buffer_append_string(dump->buffer, ": ");
		mica_dump_next(dump, (uint32_t)slot);
		(void)mica_buffer_append_string(dump->buffer, "\n      other: nothing\n");
		return;
	}
	slot = *mica_tables_word(tables, state + MICA_POLICY_SLOT_END);
	if (slot >> 32 == state) {
		(void)mica_buffer_append_string(dump->buffer, "      end: ");
		mica_dump_row(dump, 0, (uint32_t)slot);
		(void)mica_buffer_append_byte(dump->buffer, '\n');
	}
	dump_transitions(dump, state);
}

void mica_dump_states(struct dump *dump)
{
	struct dump_states *states = &dump->states;

	/* Dumping one can meet more. */
	for (uint32_t number = 1; number <= states->count && !states->failed; number++)
		dump_state(dump, number);
	for (uint32_t i = 0; i < states->count; i++)
		states->numbers[states->met[i] & MICA_POLICY_NEXT_REFERENCE] = 0;
	states->count = 0;
}
