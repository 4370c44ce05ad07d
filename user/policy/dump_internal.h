/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of a dump: words that all of it uses (dump_words.c), states (dump_states.c); dump.c joins them. Appends
 * fail stickily: the caller looks once, at the end.
 */
#ifndef MICA_POLICY_DUMP_INTERNAL_H
#define MICA_POLICY_DUMP_INTERNAL_H

#include "policy/dump.h"

/** States of one automaton, numbered as they are met. */
struct dump_states {
	/** By first slot: its number, 0 when it was not met. As many as the tables have words. */
	uint32_t *numbers;
	/** First slots, with their flags, by number less 1. */
	uint32_t *met;
	uint32_t count;
	uint32_t capacity;
	/** Of the automaton: 256 classes of bytes. NULL: no state has transitions. */
	const unsigned char *class_of;
	bool failed;
};

struct dump {
	const struct mica_policy_compiled *compiled;
	const struct mica_policy_compiled_policy *policy;
	struct mica_buffer *buffer;
	struct dump_states states;
};

/** Bytes as a quoted string: what is not printable, quotes and backslashes are escaped. */
void mica_dump_bytes(struct mica_buffer *buffer, const char *bytes, size_t size);
/** Operations, with a group's name in place of all of its members. */
void mica_dump_operations(struct mica_buffer *buffer, uint32_t operations);
/** "deny EROFS". */
void mica_dump_verdict(struct mica_buffer *buffer, unsigned verdict, unsigned error);
/** What a row says, and before that a pair that may stand outside of it (0: none): "write: 3 deny EROFS; read: ...". */
void mica_dump_row(struct dump *dump, uint64_t first, uint32_t row);
/** What a next state is: "nothing", "decided ROW", "state N". */
void mica_dump_next(struct dump *dump, uint32_t next);
/** All states that were named until now, and those that they name; a paragraph each. Forgets them. */
void mica_dump_states(struct dump *dump);

#endif
