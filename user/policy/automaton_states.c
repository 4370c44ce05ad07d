// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "policy/automaton_internal.h"

static size_t hash_set(const uint32_t *items, size_t count)
{
	uint64_t hash = count;

	for (size_t i = 0; i < count; i++) {
		hash = (hash ^ items[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

static int too_many(struct states *states, const char *what, uint64_t most)
{
	*states->limit = (struct mica_automaton_limit){ what, most };
	return -E2BIG;
}

static int grow_slots(struct states *states)
{
	size_t slot_count = states->slot_count ? states->slot_count * 2 : 64;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < states->count; i++) {
		size_t slot = hash_set(states->sets.items + states->items[i].begin, states->items[i].count);

		while (slots[slot & (slot_count - 1)])
			slot++;
		slots[slot & (slot_count - 1)] = i + 1;
	}
	free(states->slots);
	states->slots = slots;
	states->slot_count = slot_count;
	return 0;
}

static int reserve(struct states *states)
{
	if (states->count == states->capacity) {
		size_t capacity = states->capacity ? states->capacity + states->capacity / 2 : 64;
		struct state *items = realloc(states->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		states->items = items;
		states->capacity = capacity;
	}
	return states->count * 2 >= states->slot_count ? grow_slots(states) : 0;
}

/** A state that is not known yet. */
static int add_state(struct states *states, const struct array *set, size_t slot, uint32_t *ret)
{
	_cleanup_array_ struct array rules = {};
	struct state state = { .begin = states->sets.count, .count = set->count, .transitions = NONE };
	int r = mica_places_rules(states->places, set->items, set->count, &rules);

	if (r == 0)
		r = mica_rows_add(states->rows, states->places->rules, rules.items, rules.count, &state.row);
	if (r == 0)
		r = mica_array_reserve(&states->sets, set->count);
	if (r < 0)
		return r;
	if (states->sets.count + set->count > MICA_AUTOMATON_MAX_SETS)
		return too_many(states, "places in tails that states stand for", MICA_AUTOMATON_MAX_SETS);
	if (set->count)
		memcpy(states->sets.items + states->sets.count, set->items, set->count * sizeof(set->items[0]));
	states->sets.count += set->count;
	state.final = mica_places_are_final(states->places, set->items, set->count);
	*ret = states->count;
	states->slots[slot] = states->count + 1;
	states->items[states->count++] = state;
	return 0;
}

int mica_states_of_set(struct states *states, struct array *set, uint32_t *ret)
{
	size_t slot;
	int r = mica_places_prune(states->places, set);

	if (r == 0)
		r = reserve(states);
	if (r < 0)
		return r;
	slot = hash_set(set->items, set->count) & (states->slot_count - 1);
	for (; states->slots[slot]; slot = (slot + 1) & (states->slot_count - 1)) {
		const struct state *state = &states->items[states->slots[slot] - 1];

		if (state->count == set->count && (!set->count || memcmp(states->sets.items + state->begin, set->items,
									 set->count * sizeof(set->items[0])) == 0)) {
			*ret = states->slots[slot] - 1;
			return 0;
		}
	}
	return add_state(states, set, slot, ret);
}

int mica_states_init(struct states *states, const struct places *places, const struct classes *classes,
		     struct rows *rows, struct mica_automaton_limit *limit)
{
	struct array empty = {};
	uint32_t dead;

	*states = (struct states){ .places = places, .classes = classes, .rows = rows, .limit = limit };
	return mica_states_of_set(states, &empty, &dead);
}

void mica_states_free(struct states *states)
{
	mica_array_free(&states->sets);
	mica_array_free(&states->next);
	mica_array_free(&states->expanded);
	free(states->items);
	free(states->slots);
	*states = (struct states){};
}

/** Finds where each class of bytes leads to. */
static int expand(struct states *states, uint32_t state)
{
	const struct places *places = states->places;
	_cleanup_array_ struct array set = {};
	uint32_t classes = states->classes->count, next = 0;
	int r = 0;

	if (states->next.count + classes > MICA_AUTOMATON_MAX_TRANSITIONS)
		return too_many(states, "transitions (states times byte classes) of one automaton",
				MICA_AUTOMATON_MAX_TRANSITIONS);
	if (mica_array_reserve(&states->next, classes) < 0 || mica_array_add(&states->expanded, state) < 0)
		return -ENOMEM;
	for (uint32_t class = 0; class < classes; class ++) {
		const struct state *from = &states->items[state];
		uint32_t begin = from->begin, count = from->count;

		set.count = 0;
		for (uint32_t i = 0; r == 0 && i < count; i++)
			r = mica_places_step(places, states->sets.items[begin + i], states->classes->member[class],
					     &set);
		if (r == 0)
			r = mica_states_of_set(states, &set, &next);
		if (r < 0)
			return r;
		states->next.items[states->next.count++] = next;
	}
	states->items[state].transitions = states->expanded.count - 1;
	return 0;
}

int mica_states_step(struct states *states, uint32_t state, uint8_t byte, uint32_t *ret)
{
	int r;

	if (!state || states->items[state].final) {
		*ret = state;
		return 0;
	}
	if (states->items[state].transitions == NONE) {
		r = expand(states, state);
		if (r < 0)
			return r;
	}
	*ret = states->next.items[(size_t)states->items[state].transitions * states->classes->count +
				  states->classes->of[byte]];
	return 0;
}

int mica_states_complete(struct states *states, uint32_t state)
{
	uint32_t classes = states->classes->count;
	/* What is expanded from here on is expanded whole; what was before has been by an earlier call, or is now. */
	int r = 0;

	if (state && !states->items[state].final && states->items[state].transitions == NONE)
		r = expand(states, state);
	for (size_t i = states->completed; r == 0 && i < states->expanded.count; i++) {
		for (uint32_t class = 0; r == 0 && class < classes; class ++) {
			uint32_t next = states->next.items[i * classes + class];

			if (next && !states->items[next].final && states->items[next].transitions == NONE)
				r = expand(states, next);
		}
		states->completed = i + 1;
	}
	return r;
}
