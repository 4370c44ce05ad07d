/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of building an automaton: places (automaton_places.c), states (automaton_states.c), minimising
 * (automaton_minimise.c), packing states (automaton_pack.c), entries (automaton_entries.c) and where they lie
 * (automaton_lines.c); automaton.c joins them.
 */
#ifndef MICA_POLICY_AUTOMATON_INTERNAL_H
#define MICA_POLICY_AUTOMATON_INTERNAL_H

#include <stdbool.h>

#include "policy/automaton.h"
#include "policy/glob.h"

/** No place, state, literal or row. */
#define NONE UINT32_MAX

/* ---- growing arrays ---- */

/** An array that grows; `items` is cast by who uses it. */
struct array {
	uint32_t *items;
	size_t count;
	size_t capacity;
};

/** Room for `count` more. 0 or -ENOMEM. */
int mica_array_reserve(struct array *array, size_t count);

static inline int mica_array_add(struct array *array, uint32_t item)
{
	if (array->count == array->capacity) {
		int r = mica_array_reserve(array, 1);
		if (r < 0)
			return r;
	}
	array->items[array->count++] = item;
	return 0;
}

void mica_array_free(struct array *array);

#define _cleanup_array_ _cleanup_(mica_array_free)

/** Sorts, and drops what is there twice. */
void mica_array_sort(struct array *array);

/* ---- rows: what is decided where a path ends ---- */

/** Rows with their pairs, each kept once. Row 0: no rule. */
struct rows {
	/** Row n: pairs from begins[n] to begins[n + 1]; a pair is two items: operations, outcome. */
	struct array begins;
	struct array pairs;
	/** Open addressing: rows + 1, 0 when free. */
	uint32_t *slots;
	size_t slot_count;
	/** Where each row lies in the tables, once it is written; and where what follows its first pair does. */
	uint32_t *references;
};

/** The row of rules, given as indices into `rules`, in ascending order. 0, -ENOMEM, or -E2BIG. */
int mica_rows_add(struct rows *rows, const struct mica_automaton_rule *rules, const uint32_t *matching, size_t count,
		  uint32_t *ret);

/** Where a row lies in the tables; it is written when it is first asked for. As mica_tables_take. */
int mica_rows_write(struct rows *rows, struct mica_tables *tables, uint32_t row, uint32_t *ret);

/** A row's first pair, and where a row of the others lies. As mica_rows_write. */
int mica_rows_rest(struct rows *rows, struct mica_tables *tables, uint32_t row, uint64_t *ret_first,
		   uint32_t *ret_rest);

void mica_rows_free(struct rows *rows);

/* ---- places: how far a tail is matched ---- */

enum place_kind {
	/** Where tails begin. */
	PLACE_ROOT,
	/** Behind one byte; behind one byte of a set. */
	PLACE_BYTE,
	PLACE_SET,
	/** Behind '*', behind two stars: stays there with more bytes. */
	PLACE_COMPONENT,
	PLACE_ALL,
	/** Behind a slash and two stars that match nothing; the next place in number is PLACE_LOOP. */
	PLACE_BELOW,
	/** Within a slash and two stars that match something; its children are those of the place before it. */
	PLACE_LOOP,
	/** Not a place: the rule `value` matches where its parent is. */
	PLACE_RULE,
};

/** Bytes that no tail tells apart. '/' has a class of its own. */
struct classes {
	uint8_t of[256];
	/** One byte of each class, and how many it has. */
	uint8_t member[256];
	uint16_t size[256];
	uint32_t count;
};

void mica_classes_init(struct classes *classes);
void mica_classes_add_tail(struct classes *classes, const char *text, size_t size);

/** A trie of tokens for each literal: tails that begin alike share places. */
struct place {
	uint8_t kind;
	/** Byte, number of a set, or index of a rule. */
	uint32_t value;
	uint32_t first_child;
	uint32_t sibling;
	/** Of the rules below: the lowest, and all operations. */
	uint32_t lowest_rule;
	uint32_t operations;
};

struct places {
	const struct mica_automaton_rule *rules;
	struct place *items;
	size_t count;
	size_t capacity;
	uint64_t (*sets)[4];
	size_t set_count;
};

/** Adds a root. 0, -ENOMEM, -E2BIG. */
int mica_places_add_root(struct places *places, uint32_t *ret);
/** Adds the tail of a rule (index) at a root. 0, -ENOMEM, -E2BIG. */
int mica_places_add_tail(struct places *places, uint32_t root, const char *text, size_t size, uint32_t rule);
void mica_places_free(struct places *places);

/** Adds a place, and those that are reached from it by no byte. 0 or -ENOMEM. */
int mica_places_enter(const struct places *places, uint32_t place, struct array *set);
/** Adds where `byte` leads to from a place. */
int mica_places_step(const struct places *places, uint32_t place, uint8_t byte, struct array *set);
/** Sorts a set, and drops places whose rules cannot win any more. 0 or -ENOMEM. */
int mica_places_prune(const struct places *places, struct array *set);
/** Whether no byte changes the set. */
bool mica_places_are_final(const struct places *places, const uint32_t *set, size_t count);
/** Adds the rules that match where the path ends; sorted. 0 or -ENOMEM. */
int mica_places_rules(const struct places *places, const uint32_t *set, size_t count, struct array *rules);

/* ---- states: sets of places ---- */

struct state {
	/** Of the places in states->sets. */
	uint32_t begin;
	uint32_t count;
	/** Number of its row of transitions; NONE: not followed yet, or final. */
	uint32_t transitions;
	uint32_t row;
	bool final;
};

/** State 0 is dead: no places. */
struct states {
	const struct places *places;
	const struct classes *classes;
	struct rows *rows;
	struct array sets;
	struct state *items;
	size_t count;
	size_t capacity;
	uint32_t *slots;
	size_t slot_count;
	/** State by row of transitions and class. */
	struct array next;
	/** States by row of transitions; those before `completed` have all their next states expanded. */
	struct array expanded;
	size_t completed;
	struct mica_automaton_limit *limit;
};

int mica_states_init(struct states *states, const struct places *places, const struct classes *classes,
		     struct rows *rows, struct mica_automaton_limit *limit);
void mica_states_free(struct states *states);
/** The state of a set of places, which is pruned. 0, -ENOMEM, -E2BIG. */
int mica_states_of_set(struct states *states, struct array *set, uint32_t *ret);
/** Where a byte leads to. */
int mica_states_step(struct states *states, uint32_t state, uint8_t byte, uint32_t *ret);
/** Follows all states that are reached from `state`. */
int mica_states_complete(struct states *states, uint32_t state);

/* ---- minimised, packed ---- */

/** Which states do the same. */
struct blocks {
	/** State to block; only states that have transitions, are final, or dead. */
	uint32_t *of;
	/** A state of each block: dead or final if there is one. */
	uint32_t *member;
	uint32_t count;
};

/** Minimises the states that are reached from those given, which are complete. 0 or -ENOMEM. */
int mica_states_minimise(const struct states *states, const uint32_t *from, size_t from_count, struct blocks *ret);
void mica_blocks_free(struct blocks *blocks);

/** Packed: how a state is written as the next one. */
struct packed {
	/** By block. NONE: not packed. */
	uint32_t *next;
	uint32_t *todo;
	size_t todo_count;
};

/** Writes all blocks that are reached from the given states; ret->next by block. 0, -ENOMEM, -E2BIG. */
int mica_states_pack(const struct states *states, const struct blocks *blocks, const uint32_t *from, size_t from_count,
		     struct mica_tables *tables, struct packed *ret);
void mica_packed_free(struct packed *packed);

/* ---- lines of entries ---- */

#define LINES_OF_CHUNK (MICA_POLICY_CHUNK_WORDS / MICA_POLICY_LINE_WORDS)

struct lines {
	uint8_t *pilots;
	/** A power of two. */
	uint32_t pilot_count;
	uint32_t line_count;
};

/**
 * Finds a line for each entry (by mica_policy_line) so that none takes those of another, or crosses chunks: a pilot for
 * each few hashes. `sizes`: lines that an entry takes. 0 and `ret_at`; -ENOMEM; -E2BIG: they do not fit into tables, or
 * two hashes are equal.
 */
int mica_lines_place(const uint64_t *hashes, const uint32_t *sizes, size_t count, uint32_t *ret_at, struct lines *ret);
void mica_lines_free(struct lines *lines);

/* ---- entries ---- */

struct literal {
	const char *text;
	uint32_t bytes;
	/** Of the globs, sorted by literal. */
	uint32_t first_glob;
	uint32_t glob_count;
	/** Nearest literal above it that has tails; NONE. */
	uint32_t parent;
	bool has_tails;
	/** What is decided if the path ends here. */
	uint32_t row;
};

/**
 * Entries, buckets, filter and root. `next`: for each literal, how the state of each lane behind its '/' is written;
 * `class_of` NULL: no state has transitions.
 */
int mica_entries_write(struct mica_tables *tables, struct rows *rows, const struct literal *literals, size_t count,
		       const uint32_t *next, uint32_t lanes, const uint8_t class_of[256], uint32_t *ret_root);

#endif
