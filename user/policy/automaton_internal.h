/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of building an automaton: places (automaton_places.c), states (automaton_states.c), minimising
 * (automaton_minimise.c), packing states (automaton_pack.c) and entries (automaton_entries.c); automaton.c joins them.
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
int array_reserve(struct array *array, size_t count);

static inline int array_add(struct array *array, uint32_t item)
{
	if (array->count == array->capacity) {
		int r = array_reserve(array, 1);
		if (r < 0)
			return r;
	}
	array->items[array->count++] = item;
	return 0;
}

void array_free(struct array *array);

#define _cleanup_array_ _cleanup_(array_free)

/** Sorts, and drops what is there twice. */
void array_sort(struct array *array);

/* ---- rows: what is decided where a path ends ---- */

/** Rows with their pairs, each kept once. Row 0: no rule. */
struct rows {
	/** Row n: pairs from begins[n] to begins[n + 1]; a pair is two items: operations, outcome. */
	struct array begins;
	struct array pairs;
	/** Open addressing: rows + 1, 0 when free. */
	uint32_t *slots;
	size_t slot_count;
	/** Where each row lies in the tables, when it is written. */
	uint32_t *references;
};

/** The row of rules, given as indices into `rules`, in ascending order. 0, -ENOMEM, or -E2BIG. */
int rows_add(struct rows *rows, const struct mica_automaton_rule *rules, const uint32_t *matching, size_t count,
	     uint32_t *ret);

/** Where a row lies in the tables; it is written when it is first asked for. As mica_tables_take. */
int rows_write(struct rows *rows, struct mica_tables *tables, uint32_t row, uint32_t *ret);

void rows_free(struct rows *rows);

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
	/** Byte to class; '/' has one of its own. One member of each class, and how many it has. */
	uint8_t class_of[256];
	uint8_t member[256];
	uint16_t class_size[256];
	uint32_t class_count;
};

/** Adds a root. 0, -ENOMEM, -E2BIG. */
int places_add_root(struct places *places, uint32_t *ret);
/** Adds the tail of a rule (index) at a root. 0, -ENOMEM, -E2BIG. */
int places_add_tail(struct places *places, uint32_t root, const char *text, size_t size, uint32_t rule);
/** When all tails are added. */
void places_classify(struct places *places);
void places_free(struct places *places);

/** Adds a place, and those that are reached from it by no byte. 0 or -ENOMEM. */
int places_enter(const struct places *places, uint32_t place, struct array *set);
/** Adds where `byte` leads to from a place. */
int places_step(const struct places *places, uint32_t place, uint8_t byte, struct array *set);
/** Sorts a set, and drops places whose rules cannot win any more. 0 or -ENOMEM. */
int places_prune(const struct places *places, struct array *set);
/** Whether no byte changes the set. */
bool places_are_final(const struct places *places, const uint32_t *set, size_t count);
/** Adds the rules that match where the path ends; sorted. 0 or -ENOMEM. */
int places_rules(const struct places *places, const uint32_t *set, size_t count, struct array *rules);

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

int states_init(struct states *states, const struct places *places, struct rows *rows,
		struct mica_automaton_limit *limit);
void states_free(struct states *states);
/** The state of a set of places, which is pruned. 0, -ENOMEM, -E2BIG. */
int states_of_set(struct states *states, struct array *set, uint32_t *ret);
/** Where a byte leads to. */
int states_step(struct states *states, uint32_t state, uint8_t byte, uint32_t *ret);
/** Follows all states that are reached from `state`. */
int states_complete(struct states *states, uint32_t state);

/* ---- minimised, packed ---- */

/** Which states do the same. */
struct blocks {
	/** State to block; only states that have transitions, are final, or dead. */
	uint32_t *of;
	/** A state of each block: dead or final if there is one. */
	uint32_t *member;
	uint32_t count;
};

int states_minimise(const struct states *states, struct blocks *ret);
void blocks_free(struct blocks *blocks);

/** Packed: how a state is written as the next one. */
struct packed {
	/** By block. NONE: not packed. */
	uint32_t *next;
	uint32_t *todo;
	size_t todo_count;
};

/** Writes all blocks that are reached from the given states; ret->next by block. 0, -ENOMEM, -E2BIG. */
int states_pack(const struct states *states, const struct blocks *blocks, const uint32_t *from, size_t from_count,
		struct mica_tables *tables, struct packed *ret);
void packed_free(struct packed *packed);

/* ---- entries ---- */

struct literal {
	const char *text;
	uint32_t bytes;
	/** Of the globs, sorted by literal. */
	uint32_t first_glob;
	uint32_t glob_count;
	/** Nearest literal above it that has tails; NONE. */
	uint32_t parent;
	/** In the lane under work: root of its tails, NONE; state before and behind its '/'. */
	uint32_t root;
	bool has_tails;
	uint32_t row;
};

/** Entries, buckets, filter and root. `next`: lanes words for each literal, how its states are written. */
int entries_write(struct mica_tables *tables, struct rows *rows, const struct literal *literals, size_t count,
		  const uint32_t *next, uint32_t lanes, const uint8_t class_of[256], uint32_t *ret_root);

#endif
