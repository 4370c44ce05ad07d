// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "policy/automaton_internal.h"

static int add_place(struct places *places, enum place_kind kind, uint32_t value, uint32_t *ret)
{
	if (places->count == MICA_AUTOMATON_MAX_PLACES)
		return -E2BIG;
	if (places->count == places->capacity) {
		size_t capacity = places->capacity ? places->capacity + places->capacity / 2 : 64;
		struct place *items = realloc(places->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		places->items = items;
		places->capacity = capacity;
	}
	*ret = places->count;
	places->items[places->count++] = (struct place){
		.kind = kind, .value = value, .first_child = NONE, .sibling = NONE, .lowest_rule = NONE
	};
	return 0;
}

int mica_places_add_root(struct places *places, uint32_t *ret)
{
	return add_place(places, PLACE_ROOT, 0, ret);
}

/** The child of a place, made if there is none. */
static int child_of(struct places *places, uint32_t parent, enum place_kind kind, uint32_t value, uint32_t *ret)
{
	uint32_t child = places->items[parent].first_child, loop;
	int r;

	for (; child != NONE; child = places->items[child].sibling)
		if (places->items[child].kind == kind && places->items[child].value == value) {
			*ret = child;
			return 0;
		}
	r = add_place(places, kind, value, &child);
	if (r == 0 && kind == PLACE_BELOW)
		r = add_place(places, PLACE_LOOP, 0, &loop);
	if (r < 0)
		return r;
	places->items[child].sibling = places->items[parent].first_child;
	places->items[parent].first_child = child;
	*ret = child;
	return 0;
}

/** The number of a set of bytes. */
static int number_of_set(struct places *places, const uint64_t set[static 4], uint32_t *ret)
{
	uint64_t(*sets)[4];
	size_t i = 0;

	while (i < places->set_count && memcmp(places->sets[i], set, sizeof(places->sets[i])) != 0)
		i++;
	if (i == places->set_count) {
		sets = realloc(places->sets, (i + 1) * sizeof(*sets));
		if (!sets)
			return -ENOMEM;
		places->sets = sets;
		memcpy(sets[i], set, sizeof(sets[i]));
		places->set_count++;
	}
	*ret = i;
	return 0;
}

/** A rule's index and operations, for all places on the way to it. */
static void note_rule(struct places *places, uint32_t place, uint32_t rule)
{
	if (rule < places->items[place].lowest_rule)
		places->items[place].lowest_rule = rule;
	places->items[place].operations |= places->rules[rule].operations;
}

int mica_places_add_tail(struct places *places, uint32_t root, const char *text, size_t size, uint32_t rule)
{
	static const uint8_t kinds[] = {
		[MICA_GLOB_BYTE] = PLACE_BYTE, [MICA_GLOB_ONE_OF] = PLACE_SET,  [MICA_GLOB_COMPONENT] = PLACE_COMPONENT,
		[MICA_GLOB_ALL] = PLACE_ALL,   [MICA_GLOB_BELOW] = PLACE_BELOW,
	};
	struct mica_glob_token token;
	uint32_t place = root, value;
	size_t offset = 0;
	int r;

	note_rule(places, place, rule);
	while (mica_glob_next(text, size, &offset, &token)) {
		value = token.kind == MICA_GLOB_BYTE ? token.byte : 0;
		if (token.kind == MICA_GLOB_ONE_OF) {
			r = number_of_set(places, token.set, &value);
			if (r < 0)
				return r;
		}
		r = child_of(places, place, kinds[token.kind], value, &place);
		if (r < 0)
			return r;
		note_rule(places, place, rule);
		if (token.kind == MICA_GLOB_BELOW)
			note_rule(places, place + 1, rule);
	}
	return child_of(places, place, PLACE_RULE, rule, &value);
}

/** Splits classes into bytes that are in `set` and that are not. */
static void split(struct classes *classes, const uint64_t set[static 4])
{
	uint16_t inside[256] = {};
	uint16_t new[256];

	memset(new, 0xff, sizeof(new));
	for (unsigned byte = 0; byte < 256; byte++)
		inside[classes->of[byte]] += mica_glob_set_has(set, byte);
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t class = classes->of[byte];

		if (!mica_glob_set_has(set, byte) || !inside[class] || inside[class] == classes->size[class])
			continue;
		if (new[class] == UINT16_MAX)
			new[class] = classes->count++;
		classes->of[byte] = new[class];
	}
	memset(classes->size, 0, sizeof(classes->size));
	for (unsigned byte = 0; byte < 256; byte++)
		classes->size[classes->of[byte]]++;
}

void mica_classes_init(struct classes *classes)
{
	uint64_t slash[4] = { ['/' >> 6] = UINT64_C(1) << ('/' & 63) };

	*classes = (struct classes){ .count = 1, .size = { 256 } };
	split(classes, slash);
}

void mica_classes_add_tail(struct classes *classes, const char *text, size_t size)
{
	struct mica_glob_token token;
	size_t offset = 0;

	while (mica_glob_next(text, size, &offset, &token)) {
		if (token.kind == MICA_GLOB_BYTE && classes->size[classes->of[token.byte]] > 1) {
			memset(token.set, 0, sizeof(token.set));
			token.set[token.byte >> 6] = UINT64_C(1) << (token.byte & 63);
			split(classes, token.set);
		} else if (token.kind == MICA_GLOB_ONE_OF) {
			split(classes, token.set);
		}
	}
	/* From the highest, so that NUL, which no path has, stands for its class only if it is alone. */
	for (unsigned byte = 256; byte-- > 0;)
		if (byte || classes->size[classes->of[0]] == 1)
			classes->member[classes->of[byte]] = byte;
}

void mica_places_free(struct places *places)
{
	free(places->items);
	free(places->sets);
	*places = (struct places){};
}

/** The place that has the children of a place. */
static uint32_t parent_of(const struct places *places, uint32_t place)
{
	return places->items[place].kind == PLACE_LOOP ? place - 1 : place;
}

/* As deep as a tail has stars that can match nothing behind each other. NOLINTNEXTLINE(misc-no-recursion) */
int mica_places_enter(const struct places *places, uint32_t place, struct array *set)
{
	int r = mica_array_add(set, place);

	for (uint32_t child = places->items[parent_of(places, place)].first_child; r == 0 && child != NONE;
	     child = places->items[child].sibling) {
		uint8_t kind = places->items[child].kind;

		if (kind == PLACE_COMPONENT || kind == PLACE_ALL || kind == PLACE_BELOW)
			r = mica_places_enter(places, child, set);
	}
	return r;
}

int mica_places_step(const struct places *places, uint32_t place, uint8_t byte, struct array *set)
{
	const struct place *items = places->items;
	uint8_t kind = items[place].kind;
	int r = 0;

	if (kind == PLACE_ALL || kind == PLACE_LOOP || (kind == PLACE_COMPONENT && byte != '/'))
		r = mica_places_enter(places, place, set);
	for (uint32_t child = items[parent_of(places, place)].first_child; r == 0 && child != NONE;
	     child = items[child].sibling) {
		kind = items[child].kind;
		if ((kind == PLACE_BYTE && items[child].value == byte) ||
		    (kind == PLACE_SET && mica_glob_set_has(places->sets[items[child].value], byte)))
			r = mica_places_enter(places, child, set);
		else if (kind == PLACE_BELOW && byte == '/')
			r = mica_places_enter(places, child + 1, set);
	}
	return r;
}

/** Whether a place has only rules behind it. */
static bool has_only_rules(const struct places *places, uint32_t place)
{
	uint32_t child = places->items[parent_of(places, place)].first_child;

	while (child != NONE && places->items[child].kind == PLACE_RULE)
		child = places->items[child].sibling;
	return child == NONE;
}

static bool stays(const struct places *places, uint32_t place)
{
	return places->items[place].kind == PLACE_ALL || places->items[place].kind == PLACE_LOOP;
}

int mica_places_rules(const struct places *places, const uint32_t *set, size_t count, struct array *rules)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t child = places->items[parent_of(places, set[i])].first_child;

		for (; child != NONE; child = places->items[child].sibling)
			if (places->items[child].kind == PLACE_RULE &&
			    mica_array_add(rules, places->items[child].value) < 0)
				return -ENOMEM;
	}
	mica_array_sort(rules);
	return 0;
}

int mica_places_prune(const struct places *places, struct array *set)
{
	_cleanup_array_ struct array decided = {};
	size_t kept = 0;

	mica_array_sort(set);
	for (size_t i = 0; i < set->count; i++)
		if (stays(places, set->items[i]) && mica_places_rules(places, &set->items[i], 1, &decided) < 0)
			return -ENOMEM;
	for (size_t i = 0; decided.count && i < set->count; i++) {
		const struct place *place = &places->items[set->items[i]];
		uint32_t operations = 0;

		/* Rules that match whatever comes, and win over all that are still to come from this place. */
		for (size_t j = 0; j < decided.count && decided.items[j] < place->lowest_rule; j++)
			operations |= places->rules[decided.items[j]].operations;
		if (place->operations & ~operations)
			set->items[kept++] = set->items[i];
	}
	if (decided.count)
		set->count = kept;
	return 0;
}

bool mica_places_are_final(const struct places *places, const uint32_t *set, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!has_only_rules(places, set[i]))
			return false;
		if (!stays(places, set[i]) &&
		    (places->items[set[i]].kind != PLACE_BELOW || i + 1 == count || set[i + 1] != set[i] + 1))
			return false;
	}
	return count > 0;
}
