// SPDX-License-Identifier: BSD-2-Clause
#include "policy/automaton.h"

#include <errno.h>
#include <string.h>

#include "policy/automaton_internal.h"

/** A glob without braces. */
struct glob {
	/** Index. */
	uint32_t rule;
	/** Where its text is: the literal without backslashes, then the tail as it was written. */
	uint32_t text;
	uint16_t literal_bytes;
	uint16_t tail_bytes;
};

struct build {
	const struct mica_automaton_rule *rules;
	size_t rule_count;
	struct mica_automaton_limit *limit;
	/** The rule whose globs are taken. */
	uint32_t rule;
	struct glob *globs;
	size_t glob_count;
	size_t glob_capacity;
	char *text;
	size_t text_bytes;
	size_t text_capacity;
	struct literal *literals;
	size_t literal_count;
	struct rows rows;
	struct classes classes;
	struct lane *lanes;
	uint32_t lane_count;
};

/** Some of the tails, made into one automaton. */
struct lane {
	struct places places;
	struct states states;
	struct blocks blocks;
	struct packed packed;
	/** By literal. */
	uint32_t *before;
	uint32_t *behind;
};

static int too_much(struct build *build, const char *what, uint64_t most)
{
	*build->limit = (struct mica_automaton_limit){ what, most };
	return -E2BIG;
}

static void lane_free(struct lane *lane)
{
	mica_places_free(&lane->places);
	mica_states_free(&lane->states);
	mica_blocks_free(&lane->blocks);
	mica_packed_free(&lane->packed);
	free(lane->before);
	free(lane->behind);
	*lane = (struct lane){};
}

static void build_free(struct build *build)
{
	free(build->globs);
	free(build->text);
	free(build->literals);
	mica_rows_free(&build->rows);
	for (uint32_t i = 0; i < build->lane_count; i++)
		lane_free(&build->lanes[i]);
	free(build->lanes);
}

/* ---- globs and literals ---- */

/** Where the last '/' before the first metacharacter is; `size` if there is no metacharacter. */
static size_t cut(const char *text, size_t size)
{
	size_t slash = 0, at = 0;

	while (at < size && !strchr("*?[", text[at])) {
		size_t byte = text[at] == '\\' ? at + 1 : at;

		if (text[byte] == '/')
			slash = at;
		at = byte + 1;
	}
	return at >= size ? size : slash;
}

static int reserve_glob(struct build *build, size_t size)
{
	if (build->glob_count == MICA_AUTOMATON_MAX_GLOBS)
		return too_much(build, "globs with their braces expanded", MICA_AUTOMATON_MAX_GLOBS);
	if (build->text_bytes + size > MICA_AUTOMATON_MAX_BYTES)
		return too_much(build, "bytes of globs with their braces expanded", MICA_AUTOMATON_MAX_BYTES);
	if (build->glob_count == build->glob_capacity) {
		size_t capacity = build->glob_capacity ? build->glob_capacity + build->glob_capacity / 2 : 16;
		struct glob *globs = realloc(build->globs, capacity * sizeof(*globs));

		if (!globs)
			return -ENOMEM;
		build->globs = globs;
		build->glob_capacity = capacity;
	}
	if (build->text_capacity - build->text_bytes < size) {
		size_t capacity = build->text_capacity + build->text_capacity / 4 + size + 64;
		char *moved = realloc(build->text, capacity);

		if (!moved)
			return -ENOMEM;
		build->text = moved;
		build->text_capacity = capacity;
	}
	return 0;
}

static int take_glob(const char *text, size_t size, void *userdata)
{
	struct build *build = userdata;
	size_t literal = cut(text, size), bytes = 0;
	int r;

	if (!size || size > MICA_GLOB_MAX_BYTES)
		return -EINVAL;
	r = reserve_glob(build, size);
	if (r < 0)
		return r;
	char *to = build->text + build->text_bytes;
	for (size_t at = 0; at < literal; at++) {
		at += text[at] == '\\' && at + 1 < literal;
		to[bytes++] = text[at];
	}
	memcpy(to + bytes, text + literal, size - literal);
	build->globs[build->glob_count++] = (struct glob){
		.rule = build->rule, .text = build->text_bytes, .literal_bytes = bytes, .tail_bytes = size - literal
	};
	build->text_bytes += bytes + size - literal;
	return 0;
}

/** As memcmp, but '/' is less than any other byte: what lies below a directory follows it. */
static int compare_paths(const char *left, size_t left_bytes, const char *right, size_t right_bytes)
{
	size_t common = left_bytes < right_bytes ? left_bytes : right_bytes, at = 0;

	while (at < common && left[at] == right[at])
		at++;
	if (at == common)
		return left_bytes < right_bytes ? -1 : left_bytes > right_bytes;
	if (left[at] == '/' || right[at] == '/')
		return left[at] == '/' ? -1 : 1;
	return (unsigned char)left[at] < (unsigned char)right[at] ? -1 : 1;
}

static int compare_globs(const void *left, const void *right, void *text)
{
	const struct glob *a = left, *b = right;
	int order = compare_paths((char *)text + a->text, a->literal_bytes, (char *)text + b->text, b->literal_bytes);

	if (order)
		return order;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static bool lies_below(const struct literal *literal, const struct literal *above)
{
	return literal->bytes > above->bytes && literal->text[above->bytes] == '/' &&
	       memcmp(literal->text, above->text, above->bytes) == 0;
}

/** Finds the different literals, and what lies below what. */
static int make_literals(struct build *build)
{
	if (build->glob_count)
		qsort_r(build->globs, build->glob_count, sizeof(build->globs[0]), compare_globs, build->text);
	build->literals = calloc(build->glob_count + 1, sizeof(build->literals[0]));
	if (!build->literals)
		return -ENOMEM;
	for (size_t i = 0; i < build->glob_count; i++) {
		const struct glob *glob = &build->globs[i];
		struct literal *literal = &build->literals[build->literal_count];
		const char *text = build->text + glob->text;

		if (!i || literal[-1].bytes != glob->literal_bytes ||
		    memcmp(literal[-1].text, text, glob->literal_bytes) != 0) {
			*literal = (struct literal){
				.text = text, .bytes = glob->literal_bytes, .first_glob = i, .parent = NONE
			};
			build->literal_count++;
		} else {
			literal--;
		}
		literal->glob_count++;
		literal->has_tails |= glob->tail_bytes > 0;
	}
	for (size_t i = 1; i < build->literal_count; i++) {
		uint32_t above = build->literals[i - 1].has_tails ? i - 1 : build->literals[i - 1].parent;

		while (above != NONE && !lies_below(&build->literals[i], &build->literals[above]))
			above = build->literals[above].parent;
		build->literals[i].parent = above;
	}
	return 0;
}

/* ---- lanes ---- */

/** Adds the tails of a literal that are of the lane: globs from `first` to `end` in the order of rules. */
static int add_tails(struct build *build, struct lane *lane, size_t number, uint32_t first, uint32_t end, uint32_t *ret)
{
	const struct literal *literal = &build->literals[number];
	uint32_t root = NONE;
	int r = 0;

	for (uint32_t i = literal->first_glob; r == 0 && i < literal->first_glob + literal->glob_count; i++) {
		const struct glob *glob = &build->globs[i];

		if (!glob->tail_bytes || i < first || i >= end)
			continue;
		if (root == NONE)
			r = mica_places_add_root(&lane->places, &root);
		if (r == 0)
			r = mica_places_add_tail(&lane->places, root, build->text + glob->text + glob->literal_bytes,
						 glob->tail_bytes, glob->rule);
	}
	if (r == -E2BIG)
		return too_much(build, "places in tails of globs", MICA_AUTOMATON_MAX_PLACES);
	*ret = root;
	return r;
}

/** Adds the places that are reached in a lane from the literal above to a literal, before its '/'. */
static int add_from_above(const struct build *build, struct lane *lane, const struct literal *literal,
			  struct array *set)
{
	const struct literal *above;
	uint32_t state;
	int r = 0;

	if (literal->parent == NONE)
		return 0;
	above = &build->literals[literal->parent];
	state = lane->behind[literal->parent];
	for (uint32_t i = above->bytes + 1; r == 0 && state && i < literal->bytes; i++)
		r = mica_states_step(&lane->states, state, (uint8_t)literal->text[i], &state);
	for (uint32_t i = 0; r == 0 && i < lane->states.items[state].count; i++)
		r = mica_array_add(set, lane->states.sets.items[lane->states.items[state].begin + i]);
	return r;
}

/** Finds the states of a literal in a lane. `root`: of its own tails, or NONE. */
static int find_states(const struct build *build, struct lane *lane, size_t number, uint32_t root)
{
	_cleanup_array_ struct array before = {}, behind = {};
	int r = add_from_above(build, lane, &build->literals[number], &before);

	if (r == 0 && root != NONE)
		r = mica_places_enter(&lane->places, root, &before);
	if (r == 0)
		r = mica_states_of_set(&lane->states, &before, &lane->before[number]);
	for (size_t i = 0; r == 0 && i < before.count; i++)
		r = mica_places_step(&lane->places, before.items[i], '/', &behind);
	if (r == 0 && build->literals[number].has_tails)
		r = mica_states_of_set(&lane->states, &behind, &lane->behind[number]);
	return r;
}

/** Makes a lane of the tails of globs from `first` to `end`. */
static int make_lane(struct build *build, struct lane *lane, uint32_t first, uint32_t end)
{
	_cleanup_free_ uint32_t *roots = calloc(build->literal_count + 1, sizeof(*roots));
	int r = 0;

	lane->before = calloc(build->literal_count + 1, sizeof(uint32_t));
	lane->behind = calloc(build->literal_count + 1, sizeof(uint32_t));
	if (!roots || !lane->before || !lane->behind)
		return -ENOMEM;
	lane->places.rules = build->rules;
	for (size_t i = 0; r == 0 && i < build->literal_count; i++)
		r = add_tails(build, lane, i, first, end, &roots[i]);
	if (r < 0)
		return r;
	r = mica_states_init(&lane->states, &lane->places, &build->classes, &build->rows, build->limit);
	for (size_t i = 0; r == 0 && i < build->literal_count; i++)
		r = find_states(build, lane, i, roots[i]);
	for (size_t i = 0; r == 0 && i < build->literal_count; i++)
		r = mica_states_complete(&lane->states, lane->behind[i]);
	return r;
}

/** Makes lanes of the tails of globs from `first` to `end`: one, or halves. NOLINTNEXTLINE(misc-no-recursion) */
static int make_lanes(struct build *build, uint32_t first, uint32_t end)
{
	uint32_t middle = first + (end - first) / 2;
	int r;

	if (build->lane_count == MICA_POLICY_MAX_LANES)
		return too_much(build, "automata of the largest size for the patterns of one object",
				MICA_POLICY_MAX_LANES);
	r = make_lane(build, &build->lanes[build->lane_count], first, end);
	if (r != -E2BIG || end - first < 2) {
		build->lane_count++;
		return r;
	}
	lane_free(&build->lanes[build->lane_count]);
	r = make_lanes(build, first, middle);
	return r < 0 ? r : make_lanes(build, middle, end);
}

/* ---- all together ---- */

/** What is decided where the path is a literal: by the rule that is only that, and what its lanes say. */
static int find_row(struct build *build, size_t number)
{
	struct literal *literal = &build->literals[number];
	_cleanup_array_ struct array rules = {};
	int r = 0;

	for (uint32_t i = literal->first_glob; r == 0 && i < literal->first_glob + literal->glob_count; i++)
		if (!build->globs[i].tail_bytes)
			r = mica_array_add(&rules, build->globs[i].rule);
	for (uint32_t i = 0; r == 0 && i < build->lane_count; i++) {
		struct lane *lane = &build->lanes[i];
		const struct state *state = &lane->states.items[lane->before[number]];

		r = mica_places_rules(&lane->places, lane->states.sets.items + state->begin, state->count, &rules);
	}
	if (r < 0)
		return r;
	mica_array_sort(&rules);
	return mica_rows_add(&build->rows, build->rules, rules.items, rules.count, &literal->row);
}

/** Minimises and writes a lane; *next[literal * lanes + lane] are its states behind the literals. */
static int write_lane(struct build *build, uint32_t number, struct mica_tables *tables, uint32_t *next)
{
	struct lane *lane = &build->lanes[number];
	_cleanup_array_ struct array from = {};
	int r = mica_states_minimise(&lane->states, lane->behind, build->literal_count, &lane->blocks);

	for (size_t i = 0; r == 0 && i < build->literal_count; i++)
		r = mica_array_add(&from, lane->blocks.of[lane->behind[i]]);
	if (r == 0)
		r = mica_states_pack(&lane->states, &lane->blocks, from.items, from.count, tables, &lane->packed);
	for (size_t i = 0; r == 0 && i < build->literal_count; i++)
		next[i * build->lane_count + number] = lane->packed.next[from.items[i]];
	return r;
}

static int write_all(struct build *build, struct mica_tables *tables, uint32_t *ret_root)
{
	size_t count = build->literal_count * (build->lane_count ? build->lane_count : 1);
	_cleanup_free_ uint32_t *next = calloc(count + 1, sizeof(*next));
	int r = next ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < build->literal_count; i++)
		r = find_row(build, i);
	for (uint32_t i = 0; r == 0 && i < build->lane_count; i++)
		r = write_lane(build, i, tables, next);
	if (r < 0)
		return r;
	return mica_entries_write(tables, &build->rows, build->literals, build->literal_count, next, build->lane_count,
				  build->lane_count ? build->classes.of : NULL, ret_root);
}

/** Whether there are tails at all. */
static bool make_classes(struct build *build)
{
	bool tails = false;

	mica_classes_init(&build->classes);
	for (size_t i = 0; i < build->glob_count; i++) {
		const struct glob *glob = &build->globs[i];

		if (glob->tail_bytes)
			mica_classes_add_tail(&build->classes, build->text + glob->text + glob->literal_bytes,
					      glob->tail_bytes);
		tails |= glob->tail_bytes > 0;
	}
	return tails;
}

static int expand_rules(struct build *build)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < build->rule_count; i++) {
		build->rule = i;
		r = mica_glob_expand(build->rules[i].path, take_glob, build);
	}
	return r;
}

int mica_automaton_build(struct mica_tables *tables, const struct mica_automaton_rule *rules, size_t count,
			 uint32_t *ret_root, struct mica_automaton_limit *ret_limit)
{
	const struct mica_automaton_limit bytes = { "bytes of tables",
						    MICA_POLICY_MAX_CHUNKS * sizeof(struct mica_policy_chunk) };
	struct mica_automaton_limit limit = bytes;
	_cleanup_(build_free) struct build build = { .rules = rules, .rule_count = count, .limit = &limit };
	int r;

	build.lanes = calloc(MICA_POLICY_MAX_LANES, sizeof(*build.lanes));
	if (!build.lanes)
		return -ENOMEM;
	r = expand_rules(&build);
	if (r == 0)
		r = make_literals(&build);
	if (r == 0 && make_classes(&build))
		r = make_lanes(&build, 0, build.glob_count);
	if (r == 0) {
		/* A lane that was too large, and was halved, left its limit here. */
		limit = bytes;
		r = write_all(&build, tables, ret_root);
	}
	if (r == -E2BIG)
		*ret_limit = limit;
	return r;
}
