// SPDX-License-Identifier: BSD-2-Clause
/*
 * Writes states into tables: rows of transitions displaced into each other, runs of literal bytes as literals.
 */
#include <errno.h>
#include <string.h>

#include "policy/automaton_internal.h"

/** A literal of fewer bytes is not worth a step of its own. */
#define MIN_CHAIN 3
/** Places that are tried for a row before a new region is begun. */
#define MAX_TRIES 512
/** What a region is made for. */
#define SLOTS_PER_ROW 4

/** A block, looked at. */
struct shape {
	/** Blocks by class. */
	const uint32_t *targets;
	uint32_t fallback;
	uint32_t row;
	/** Every byte but these leaves the block as it is. */
	bool skips;
	uint8_t exits[2];
};

struct packing {
	const struct states *states;
	const struct blocks *blocks;
	struct mica_tables *tables;
	struct packed *packed;
	/** Targets of the block in work, and how often each block is one. */
	uint32_t targets[256];
	/** Words that are given to rows: which are used. */
	uint32_t region;
	uint32_t region_words;
	uint32_t first_free;
	uint8_t *used;
	/** Blocks with transitions that have no place yet. */
	uint32_t rows_left;
};

/** Whether a block stays what it is: dead, or final. */
static bool block_stays(const struct packing *p, uint32_t block)
{
	const struct states *states = p->states;
	uint32_t state = p->blocks->member[block], classes = states->classes->count;

	if (states->items[state].transitions == NONE)
		return true;
	for (uint32_t class = 0; class < classes; class ++)
		if (p->blocks->of[states->next.items[(size_t)states->items[state].transitions * classes + class]] !=
		    block)
			return false;
	return true;
}

static const uint32_t *transitions_of(const struct packing *p, uint32_t block)
{
	uint32_t row = p->states->items[p->blocks->member[block]].transitions;

	return p->states->next.items + (size_t)row * p->states->classes->count;
}

/** Finds the target that is the most common, and whether the block skips. */
static void look_at(struct packing *p, uint32_t block, struct shape *ret)
{
	const struct classes *classes = p->states->classes;
	const uint32_t *next = transitions_of(p, block);
	uint32_t votes = 0, exits = 0;

	*ret = (struct shape){ .targets = p->targets, .row = p->states->items[p->blocks->member[block]].row };
	for (uint32_t class = 0; class < classes->count; class ++) {
		p->targets[class] = p->blocks->of[next[class]];
		if (p->targets[class] == block)
			continue;
		exits += classes->size[class];
	}
	ret->skips = exits <= 2;
	for (unsigned byte = 0, found = 0; found < exits && ret->skips; byte++) {
		if (p->targets[classes->of[byte]] == block)
			continue;
		ret->exits[1] = byte;
		if (!found++)
			ret->exits[0] = byte;
	}
	/* A majority if there is one (Boyer and Moore); else any will do. */
	for (uint32_t class = 0; class < classes->count; class ++) {
		if (!votes)
			ret->fallback = p->targets[class];
		votes += p->targets[class] == ret->fallback ? 1 : -1U;
	}
}

/** If the block has a single byte that is not dead, and gives nothing: that byte, and where it leads. */
static bool is_link(const struct packing *p, uint32_t block, uint8_t *ret_byte, uint32_t *ret_next)
{
	const struct classes *classes = p->states->classes;
	uint32_t dead = p->blocks->of[0], found = NONE;
	const uint32_t *next;

	if (block_stays(p, block) || p->states->items[p->blocks->member[block]].row)
		return false;
	next = transitions_of(p, block);
	for (uint32_t class = 0; class < classes->count; class ++) {
		if (p->blocks->of[next[class]] == dead)
			continue;
		if (found != NONE || classes->size[class] != 1)
			return false;
		found = class;
	}
	if (found == NONE)
		return false;
	*ret_byte = classes->member[found];
	*ret_next = p->blocks->of[next[found]];
	return true;
}

static int begin_region(struct packing *p, uint32_t words)
{
	uint8_t *used;
	int r;

	if (words > MICA_POLICY_CHUNK_WORDS)
		words = MICA_POLICY_CHUNK_WORDS;
	used = calloc(words, 1);
	if (!used)
		return -ENOMEM;
	r = mica_tables_take(p->tables, words, 1, &p->region);
	if (r < 0) {
		free(used);
		return r;
	}
	free(p->used);
	p->used = used;
	p->region_words = words;
	p->first_free = 0;
	return 0;
}

/** Whether a row fits with its first slot at `at`, `count` slots of it being used. */
static bool fits(const struct packing *p, uint32_t at, const uint32_t *slots, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (p->used[at + slots[i]])
			return false;
	return true;
}

/** Finds room for a row. */
static int place_row(struct packing *p, const uint32_t *slots, uint32_t count, uint32_t *ret)
{
	uint32_t window = MICA_POLICY_SLOT_CLASS + p->states->classes->count, at, tries = 0;
	int r;

	for (at = p->first_free; at + window <= p->region_words && tries < MAX_TRIES; at++, tries++)
		if (fits(p, at, slots, count))
			goto found;
	r = begin_region(p, window + p->rows_left * SLOTS_PER_ROW);
	if (r < 0)
		return r;
	at = 0;
found:
	for (uint32_t i = 0; i < count; i++)
		p->used[at + slots[i]] = 1;
	while (p->first_free < p->region_words && p->used[p->first_free])
		p->first_free++;
	*ret = p->region + at;
	p->rows_left--;
	return 0;
}

/** Up to eight bytes from a block on that are the only way. Their number; the word, and the block behind them. */
static uint32_t follow_chain(const struct packing *p, uint32_t block, uint64_t *ret_word, uint32_t *ret_behind)
{
	uint32_t bytes = 0, next;
	uint8_t byte;

	*ret_word = 0;
	while (bytes < 8 && is_link(p, block, &byte, &next)) {
		*ret_word |= (uint64_t)byte << bytes++ * 8;
		block = next;
	}
	*ret_behind = block;
	return bytes;
}

/** Gives a block its place in the tables. What it leads to is written later. */
static int want(struct packing *p, uint32_t block, uint32_t *ret)
{
	uint32_t slots[258], count = 0, at, behind, row = p->states->items[p->blocks->member[block]].row;
	struct shape shape;
	uint64_t word;
	int r;

	if (p->packed->next[block] != NONE) {
		*ret = p->packed->next[block];
		return 0;
	}
	if (block_stays(p, block)) {
		r = mica_rows_write(p->states->rows, p->tables, row, &at);
		if (r < 0)
			return r;
		p->packed->next[block] = row ? MICA_POLICY_NEXT_FINAL | at : 0;
	} else if (follow_chain(p, block, &word, &behind) >= MIN_CHAIN) {
		r = mica_tables_take(p->tables, 2, 2, &at);
		if (r < 0)
			return r;
		p->packed->next[block] = MICA_POLICY_NEXT_SPECIAL | at;
		p->packed->todo[p->packed->todo_count++] = block;
	} else {
		look_at(p, block, &shape);
		slots[count++] = 0;
		if (row)
			slots[count++] = MICA_POLICY_SLOT_END;
		for (uint32_t class = 0; class < p->states->classes->count; class ++)
			if (shape.targets[class] != shape.fallback)
				slots[count++] = MICA_POLICY_SLOT_CLASS + class;
		r = place_row(p, slots, count, &at);
		if (r < 0)
			return r;
		p->packed->next[block] = at | (shape.skips ? MICA_POLICY_NEXT_SPECIAL : 0);
		p->packed->todo[p->packed->todo_count++] = block;
	}
	*ret = p->packed->next[block];
	return 0;
}

static int write_chain(struct packing *p, uint32_t at, uint32_t bytes, uint64_t word, uint32_t behind)
{
	uint32_t next;
	int r = want(p, behind, &next);

	if (r < 0)
		return r;
	*mica_tables_word(p->tables, at) =
		mica_tables_pair(next, MICA_POLICY_STATE_HEADER | MICA_POLICY_STATE_CHAIN | bytes);
	*mica_tables_word(p->tables, at + 1) = word;
	return 0;
}

static int write_row(struct packing *p, uint32_t at, uint32_t block)
{
	uint32_t flags = MICA_POLICY_STATE_HEADER, next, classes = p->states->classes->count;
	struct shape shape;
	int r;

	look_at(p, block, &shape);
	if (shape.skips)
		flags |= MICA_POLICY_STATE_SKIP | shape.exits[0] | (uint32_t)shape.exits[1] << 8;
	r = want(p, shape.fallback, &next);
	if (r < 0)
		return r;
	look_at(p, block, &shape);
	*mica_tables_word(p->tables, at) = mica_tables_pair(next, flags);
	if (shape.row) {
		r = mica_rows_write(p->states->rows, p->tables, shape.row, &next);
		if (r < 0)
			return r;
		*mica_tables_word(p->tables, at + MICA_POLICY_SLOT_END) = mica_tables_pair(next, at);
	}
	for (uint32_t class = 0; class < classes; class ++) {
		uint32_t target = p->blocks->of[transitions_of(p, block)[class]];

		if (target == shape.fallback)
			continue;
		r = want(p, target, &next);
		if (r < 0)
			return r;
		*mica_tables_word(p->tables, at + MICA_POLICY_SLOT_CLASS + class) = mica_tables_pair(next, at);
	}
	return 0;
}

static int pack(struct packing *p, const uint32_t *from, size_t from_count)
{
	uint32_t next, behind, bytes;
	uint64_t word;
	int r = 0;

	for (size_t i = 0; r == 0 && i < from_count; i++)
		r = want(p, from[i], &next);
	for (size_t i = 0; r == 0 && i < p->packed->todo_count; i++) {
		uint32_t block = p->packed->todo[i], at = p->packed->next[block] & MICA_POLICY_NEXT_REFERENCE;

		bytes = follow_chain(p, block, &word, &behind);
		r = bytes >= MIN_CHAIN ? write_chain(p, at, bytes, word, behind) : write_row(p, at, block);
	}
	return r;
}

int mica_states_pack(const struct states *states, const struct blocks *blocks, const uint32_t *from, size_t from_count,
		     struct mica_tables *tables, struct packed *ret)
{
	_cleanup_(mica_packed_free) struct packed packed = {
		.next = malloc(blocks->count * sizeof(uint32_t)),
		.todo = malloc(blocks->count * sizeof(uint32_t)),
	};
	struct packing p = { .states = states, .blocks = blocks, .tables = tables, .packed = &packed };
	int r;

	if (!packed.next || !packed.todo)
		return -ENOMEM;
	memset(packed.next, 0xff, blocks->count * sizeof(uint32_t));
	for (uint32_t block = 0; block < blocks->count; block++)
		p.rows_left += states->items[blocks->member[block]].transitions != NONE;
	r = pack(&p, from, from_count);
	free(p.used);
	if (r < 0)
		return r;
	*ret = packed;
	packed = (struct packed){};
	return 0;
}

void mica_packed_free(struct packed *packed)
{
	free(packed->next);
	free(packed->todo);
	*packed = (struct packed){};
}
