// SPDX-License-Identifier: BSD-2-Clause
/*
 * A hash table in which each entry lies where it is looked for first, so that finding one costs one cache miss. Entries
 * are put into groups by their hash; for each group, the heaviest first, that pilot is searched (a byte) with which all
 * of its entries fall on lines that are free.
 */
#include <errno.h>
#include <string.h>

#include "mica/policy_words.h"
#include "policy/automaton_internal.h"

/** Entries of a group, about. */
#define GROUP 3
/** Parts in 256 of the lines that are used at most, to begin with. */
#define MAX_LOAD 180

struct group {
	/** Of placing->members. */
	uint32_t begin;
	uint32_t count;
	uint32_t lines;
};

struct placing {
	const uint64_t *hashes;
	const uint32_t *sizes;
	uint32_t *at;
	uint32_t line_count;
	/** By line. */
	bool *used;
	/** Entries, by group; and groups, by hash. */
	uint32_t *members;
	struct group *groups;
	uint32_t group_count;
	uint32_t *by_weight;
};

static void placing_free(struct placing *p)
{
	free(p->used);
	free(p->members);
	free(p->groups);
	free(p->by_weight);
}

static int compare_weights(const void *left, const void *right, void *groups)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct group *group_a = (struct group *)groups + a, *group_b = (struct group *)groups + b;

	if (group_a->lines != group_b->lines)
		return group_a->lines > group_b->lines ? -1 : 1;
	return a < b ? -1 : a > b;
}

static int make_groups(struct placing *p, size_t count)
{
	uint32_t begin = 0;

	p->group_count = 8;
	while ((size_t)p->group_count * GROUP < count)
		p->group_count *= 2;
	p->groups = calloc(p->group_count, sizeof(*p->groups));
	p->by_weight = malloc(p->group_count * sizeof(*p->by_weight));
	p->members = malloc((count + 1) * sizeof(*p->members));
	if (!p->groups || !p->by_weight || !p->members)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		p->groups[p->hashes[i] & (p->group_count - 1)].count++;
	for (uint32_t group = 0; group < p->group_count; group++) {
		p->groups[group].begin = begin;
		begin += p->groups[group].count;
		p->groups[group].count = 0;
		p->by_weight[group] = group;
	}
	for (size_t i = 0; i < count; i++) {
		struct group *group = &p->groups[p->hashes[i] & (p->group_count - 1)];

		p->members[group->begin + group->count++] = i;
		group->lines += p->sizes[i];
	}
	qsort_r(p->by_weight, p->group_count, sizeof(*p->by_weight), compare_weights, p->groups);
	return 0;
}

static bool is_free(const struct placing *p, uint32_t at, uint32_t size)
{
	if (at + size > p->line_count || at % LINES_OF_CHUNK + size > LINES_OF_CHUNK)
		return false;
	for (uint32_t line = at; line < at + size; line++)
		if (p->used[line])
			return false;
	return true;
}

/** Takes the lines of a group's first entries by a pilot. How many: all, or those before the first that meets another.
 */
static uint32_t take(struct placing *p, const struct group *group, uint32_t pilot)
{
	for (uint32_t i = 0; i < group->count; i++) {
		uint32_t entry = p->members[group->begin + i];
		uint32_t at = mica_policy_line(p->hashes[entry], pilot, p->line_count);

		if (!is_free(p, at, p->sizes[entry]))
			return i;
		memset(p->used + at, true, p->sizes[entry]);
		p->at[entry] = at;
	}
	return group->count;
}

static bool find_pilot(struct placing *p, const struct group *group, uint8_t *ret)
{
	for (uint32_t pilot = 0; pilot < 256; pilot++) {
		uint32_t taken = take(p, group, pilot);

		if (taken == group->count) {
			*ret = pilot;
			return true;
		}
		while (taken--) {
			uint32_t entry = p->members[group->begin + taken];

			memset(p->used + p->at[entry], false, p->sizes[entry]);
		}
	}
	return false;
}

static bool find_pilots(struct placing *p, uint8_t *pilots)
{
	for (uint32_t i = 0; i < p->group_count; i++)
		if (!find_pilot(p, &p->groups[p->by_weight[i]], &pilots[p->by_weight[i]]))
			return false;
	return true;
}

int mica_lines_place(const uint64_t *hashes, const uint32_t *sizes, size_t count, uint32_t *ret_at, struct lines *ret)
{
	_cleanup_(placing_free) struct placing p = { .hashes = hashes, .sizes = sizes, .at = ret_at };
	_cleanup_free_ uint8_t *pilots = NULL;
	uint64_t lines = 0, most;
	int r = make_groups(&p, count);

	if (r < 0)
		return r;
	pilots = calloc(p.group_count, 1);
	if (!pilots)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		lines += sizes[i];
	/* Few entries need room to be scattered in: with several times as much as they need, only equal hashes fail. */
	most = lines * 16 + LINES_OF_CHUNK;
	for (lines = lines * 256 / MAX_LOAD + 1; lines <= most; lines += lines / 8 + 1) {
		if (lines > (uint64_t)MICA_POLICY_MAX_CHUNKS * LINES_OF_CHUNK)
			return -E2BIG;
		free(p.used);
		p.used = calloc(lines, sizeof(bool));
		if (!p.used)
			return -ENOMEM;
		p.line_count = lines;
		if (!find_pilots(&p, pilots))
			continue;
		*ret = (struct lines){ TAKE_PTR(pilots), p.group_count, lines };
		return 0;
	}
	return -E2BIG;
}

void mica_lines_free(struct lines *lines)
{
	free(lines->pilots);
	*lines = (struct lines){};
}
