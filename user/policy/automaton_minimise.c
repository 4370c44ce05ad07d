// SPDX-License-Identifier: BSD-2-Clause
/*
 * Hopcroft's partition refinement. Final states and the dead one stay in themselves with every byte; they begin in one
 * block with the states that give the same row, so a state that only leads to itself is found to be one of them.
 */
#include <errno.h>
#include <string.h>

#include "policy/automaton_internal.h"

/** An element is a state that takes part; blocks are runs of `elements`. */
struct partition {
	uint32_t classes;
	uint32_t count;
	/** Element to state, and back (NONE: takes no part). */
	uint32_t *state;
	uint32_t *of_state;
	/** Elements by block, and where each stands there. */
	uint32_t *elements;
	uint32_t *location;
	uint32_t *block;
	/** Of each block. `marked` of its elements stand first. */
	uint32_t *begin;
	uint32_t *end;
	uint32_t *marked;
	uint32_t blocks;
	/** Transitions into each element: source * classes + class. */
	uint32_t *into_begin;
	uint32_t *into;
	/** Blocks that are to split others. */
	uint32_t *todo;
	uint32_t todo_count;
	bool *is_todo;
	/** Blocks with marked elements. */
	uint32_t *touched;
	uint32_t touched_count;
	/** Transitions into the splitting block, by class. */
	struct array incoming;
	struct array sorted;
};

static void partition_free(struct partition *p)
{
	uint32_t *const arrays[] = { p->state, p->of_state, p->elements,   p->location, p->block, p->begin,
				     p->end,   p->marked,   p->into_begin, p->into,     p->todo,  p->touched };

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		free(arrays[i]);
	free(p->is_todo);
	mica_array_free(&p->incoming);
	mica_array_free(&p->sorted);
}

static void add_final(struct partition *p, const uint32_t *states, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (p->of_state[states[i]] == NONE) {
			p->of_state[states[i]] = p->count;
			p->state[p->count++] = states[i];
		}
}

/** The states that take part: dead, those with transitions, and final ones that are reached. */
static int collect(struct partition *p, const struct states *states, const uint32_t *from, size_t from_count)
{
	p->classes = states->classes->count;
	p->of_state = malloc(states->count * sizeof(uint32_t));
	p->state = malloc(states->count * sizeof(uint32_t));
	if (!p->of_state || !p->state)
		return -ENOMEM;
	memset(p->of_state, 0xff, states->count * sizeof(uint32_t));
	p->of_state[0] = 0;
	p->state[p->count++] = 0;
	for (size_t i = 0; i < states->expanded.count; i++) {
		p->of_state[states->expanded.items[i]] = p->count;
		p->state[p->count++] = states->expanded.items[i];
	}
	add_final(p, states->next.items, states->next.count);
	add_final(p, from, from_count);
	return 0;
}

static int allocate(struct partition *p, const struct states *states)
{
	uint32_t **const arrays[] = { &p->elements, &p->location, &p->block, &p->begin,
				      &p->end,      &p->marked,   &p->todo,  &p->touched };

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		*arrays[i] = calloc(p->count, sizeof(uint32_t));
		if (!*arrays[i])
			return -ENOMEM;
	}
	p->is_todo = calloc(p->count, sizeof(bool));
	p->into_begin = calloc(p->count + 2, sizeof(uint32_t));
	p->into = malloc((states->next.count + 1) * sizeof(uint32_t));
	return p->is_todo && p->into_begin && p->into ? 0 : -ENOMEM;
}

/** Element of the expanded state whose transitions are row `row`: they follow the dead one. */
static uint32_t element_of_row(size_t row)
{
	return row + 1;
}

static void fill_into(struct partition *p, const struct states *states)
{
	uint32_t *begin = p->into_begin;

	for (size_t i = 0; i < states->next.count; i++)
		begin[p->of_state[states->next.items[i]] + 2]++;
	for (uint32_t i = 2; i < p->count + 2; i++)
		begin[i] += begin[i - 1];
	for (size_t i = 0; i < states->next.count; i++) {
		uint32_t source = element_of_row(i / p->classes), class = i % p->classes;

		p->into[begin[p->of_state[states->next.items[i]] + 1]++] = source * p->classes + class;
	}
}

struct row_element {
	uint32_t row;
	uint32_t element;
};

static int by_row(const void *left, const void *right)
{
	const struct row_element *a = left, *b = right;

	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	return a->element < b->element ? -1 : a->element > b->element;
}

static void push(struct partition *p, uint32_t block)
{
	if (!p->is_todo[block]) {
		p->is_todo[block] = true;
		p->todo[p->todo_count++] = block;
	}
}

/** The first blocks: states with the same row. */
static int begin_blocks(struct partition *p, const struct states *states)
{
	_cleanup_free_ struct row_element *order = malloc(p->count * sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->count; i++)
		order[i] = (struct row_element){ states->items[p->state[i]].row, i };
	qsort(order, p->count, sizeof(*order), by_row);
	for (uint32_t i = 0; i < p->count; i++) {
		if (!i || order[i].row != order[i - 1].row) {
			p->begin[p->blocks] = i;
			push(p, p->blocks++);
		}
		p->elements[i] = order[i].element;
		p->location[order[i].element] = i;
		p->block[order[i].element] = p->blocks - 1;
		p->end[p->blocks - 1] = i + 1;
	}
	return 0;
}

/** Moves an element to the marked ones of its block. */
static void mark(struct partition *p, uint32_t element)
{
	uint32_t block = p->block[element], at = p->location[element], to = p->begin[block] + p->marked[block];

	if (at < to)
		return;
	if (!p->marked[block]++)
		p->touched[p->touched_count++] = block;
	p->elements[at] = p->elements[to];
	p->location[p->elements[at]] = at;
	p->elements[to] = element;
	p->location[element] = to;
}

/** Makes the smaller of the marked and the other elements of each touched block a block of its own. */
static void split_touched(struct partition *p)
{
	while (p->touched_count) {
		uint32_t block = p->touched[--p->touched_count], marked = p->marked[block], new = p->blocks;
		uint32_t middle = p->begin[block] + marked;

		p->marked[block] = 0;
		if (middle == p->end[block])
			continue;
		p->blocks++;
		if (marked <= p->end[block] - middle) {
			p->begin[new] = p->begin[block];
			p->end[new] = middle;
			p->begin[block] = middle;
		} else {
			p->begin[new] = middle;
			p->end[new] = p->end[block];
			p->end[block] = middle;
		}
		for (uint32_t i = p->begin[new]; i < p->end[new]; i++)
			p->block[p->elements[i]] = new;
		/* The smaller is new. If the block is to split others anyway, so must both; else the smaller is enough.
		 */
		push(p, new);
	}
}

/** Transitions into a block, sorted by class; the states that stay in themselves lead there, too. */
static int gather(struct partition *p, const struct states *states, uint32_t block, uint32_t offsets[static 258])
{
	memset(offsets, 0, 258 * sizeof(offsets[0]));
	p->incoming.count = 0;
	for (uint32_t i = p->begin[block]; i < p->end[block]; i++) {
		uint32_t element = p->elements[i], count = p->into_begin[element + 1] - p->into_begin[element];
		bool stays = states->items[p->state[element]].transitions == NONE;

		if (mica_array_reserve(&p->incoming, count + p->classes) < 0)
			return -ENOMEM;
		if (count)
			memcpy(p->incoming.items + p->incoming.count, p->into + p->into_begin[element],
			       count * sizeof(uint32_t));
		p->incoming.count += count;
		for (uint32_t class = 0; stays && class < p->classes; class ++)
			p->incoming.items[p->incoming.count++] = element * p->classes + class;
	}
	p->sorted.count = 0;
	if (mica_array_reserve(&p->sorted, p->incoming.count) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < p->incoming.count; i++)
		offsets[p->incoming.items[i] % p->classes + 2]++;
	for (uint32_t class = 2; class < p->classes + 2; class ++)
		offsets[class] += offsets[class - 1];
	for (size_t i = 0; i < p->incoming.count; i++)
		p->sorted.items[offsets[p->incoming.items[i] % p->classes + 1]++] = p->incoming.items[i] / p->classes;
	return 0;
}

static int refine(struct partition *p, const struct states *states)
{
	uint32_t offsets[258];

	while (p->todo_count) {
		uint32_t block = p->todo[--p->todo_count];
		int r;

		p->is_todo[block] = false;
		r = gather(p, states, block, offsets);
		if (r < 0)
			return r;
		for (uint32_t class = 0; class < p->classes; class ++) {
			for (uint32_t i = offsets[class]; i < offsets[class + 1]; i++)
				mark(p, p->sorted.items[i]);
			split_touched(p);
		}
	}
	return 0;
}

static int take_blocks(const struct partition *p, const struct states *states, struct blocks *ret)
{
	uint32_t *of = malloc(states->count * sizeof(*of)), *member = malloc(p->blocks * sizeof(*member));

	if (!of || !member) {
		free(of);
		free(member);
		return -ENOMEM;
	}
	memset(of, 0xff, states->count * sizeof(*of));
	memset(member, 0xff, p->blocks * sizeof(*member));
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t state = p->state[i], block = p->block[i];

		of[state] = block;
		if (member[block] == NONE || states->items[state].transitions == NONE)
			member[block] = state;
	}
	*ret = (struct blocks){ .of = of, .member = member, .count = p->blocks };
	return 0;
}

int mica_states_minimise(const struct states *states, const uint32_t *from, size_t from_count, struct blocks *ret)
{
	_cleanup_(partition_free) struct partition p = {};
	int r = collect(&p, states, from, from_count);

	if (r == 0)
		r = allocate(&p, states);
	if (r < 0)
		return r;
	fill_into(&p, states);
	r = begin_blocks(&p, states);
	if (r == 0)
		r = refine(&p, states);
	return r < 0 ? r : take_blocks(&p, states, ret);
}

void mica_blocks_free(struct blocks *blocks)
{
	free(blocks->of);
	free(blocks->member);
	*blocks = (struct blocks){};
}
