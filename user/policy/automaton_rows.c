// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "policy/automaton_internal.h"
#include "policy/operation.h"

/** Appends the pairs of one rule for `operations`: one for each errno. */
static int add_pairs(struct array *pairs, const struct mica_automaton_rule *rule, uint32_t operations)
{
	while (operations) {
		int error = rule->verdict == MICA_VERDICT_ALLOW ? 0 : rule->error;
		uint32_t same = operations;

		if (rule->verdict != MICA_VERDICT_ALLOW && !error) {
			error = mica_operation_describe(__builtin_ctz(operations))->default_errno;
			same = 0;
			for (uint32_t left = operations; left; left &= left - 1)
				if (mica_operation_describe(__builtin_ctz(left))->default_errno == error)
					same |= left & -left;
		}
		operations &= ~same;
		if (mica_array_add(pairs, same) < 0 ||
		    mica_array_add(pairs, MICA_POLICY_OUTCOME(rule->number, error, rule->verdict)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static const uint32_t *row_pairs(const struct rows *rows, uint32_t row, size_t *ret_count)
{
	uint32_t begin = rows->begins.items[row];

	*ret_count = rows->begins.items[row + 1] - begin;
	return rows->pairs.items + begin;
}

static size_t hash_items(const uint32_t *items, size_t count)
{
	uint64_t hash = count;

	for (size_t i = 0; i < count; i++) {
		hash = (hash ^ items[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

/** Twice as many slots. Rows that are known keep their numbers. */
static int grow(struct rows *rows)
{
	size_t slot_count = rows->slot_count ? rows->slot_count * 2 : 64, count;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (uint32_t row = 1; row + 1 < rows->begins.count; row++) {
		const uint32_t *pairs = row_pairs(rows, row, &count);
		size_t slot = hash_items(pairs, count);

		while (slots[slot & (slot_count - 1)])
			slot++;
		slots[slot & (slot_count - 1)] = row + 1;
	}
	free(rows->slots);
	rows->slots = slots;
	rows->slot_count = slot_count;
	return 0;
}

/** Row 0, and room for one more. */
static int prepare(struct rows *rows)
{
	/* Where row 0 begins, and where it ends. */
	while (rows->begins.count < 2)
		if (mica_array_add(&rows->begins, 0) < 0)
			return -ENOMEM;
	return rows->begins.count * 2 >= rows->slot_count ? grow(rows) : 0;
}

int mica_rows_add(struct rows *rows, const struct mica_automaton_rule *rules, const uint32_t *matching, size_t count,
		  uint32_t *ret)
{
	uint32_t left = UINT32_MAX;
	size_t begin, size, slot;
	int r = prepare(rows);

	if (r < 0)
		return r;
	if (!count) {
		*ret = 0;
		return 0;
	}
	begin = rows->pairs.count;
	for (size_t i = 0; i < count; i++) {
		const struct mica_automaton_rule *rule = &rules[matching[i]];

		r = add_pairs(&rows->pairs, rule, rule->operations & left);
		if (r < 0)
			return r;
		left &= ~rule->operations;
	}
	size = rows->pairs.count - begin;
	slot = hash_items(rows->pairs.items + begin, size) & (rows->slot_count - 1);
	for (; rows->slots[slot]; slot = (slot + 1) & (rows->slot_count - 1)) {
		size_t other_size;
		const uint32_t *other = row_pairs(rows, rows->slots[slot] - 1, &other_size);

		if (other_size == size && memcmp(other, rows->pairs.items + begin, size * sizeof(*other)) == 0) {
			rows->pairs.count = begin;
			*ret = rows->slots[slot] - 1;
			return 0;
		}
	}
	r = mica_array_add(&rows->begins, rows->pairs.count);
	if (r < 0)
		return r;
	*ret = rows->begins.count - 2;
	rows->slots[slot] = *ret + 1;
	return 0;
}

static int write_pairs(struct mica_tables *tables, const uint32_t *pairs, size_t count, uint32_t *ret)
{
	int r = mica_tables_take(tables, 1 + count / 2, 1, ret);

	if (r < 0)
		return r;
	*mica_tables_word(tables, *ret) = count / 2;
	for (size_t i = 0; i < count; i += 2)
		*mica_tables_word(tables, *ret + 1 + i / 2) = mica_tables_pair(pairs[i], pairs[i + 1]);
	return 0;
}

/** References of rows, once no more are added. */
static int begin_writing(struct rows *rows)
{
	if (!rows->references)
		rows->references = calloc(2 * rows->begins.count + 1, sizeof(*rows->references));
	return rows->references ? 0 : -ENOMEM;
}

int mica_rows_write(struct rows *rows, struct mica_tables *tables, uint32_t row, uint32_t *ret)
{
	int r = begin_writing(rows);

	if (r == 0 && row && !rows->references[2 * row]) {
		size_t count;
		const uint32_t *pairs = row_pairs(rows, row, &count);

		r = write_pairs(tables, pairs, count, &rows->references[2 * row]);
	}
	if (r < 0)
		return r;
	*ret = row ? rows->references[2 * row] : 0;
	return 0;
}

int mica_rows_rest(struct rows *rows, struct mica_tables *tables, uint32_t row, uint64_t *ret_first, uint32_t *ret_rest)
{
	const uint32_t *pairs;
	size_t count;
	int r = begin_writing(rows);

	if (r < 0)
		return r;
	*ret_first = 0;
	*ret_rest = 0;
	if (!row)
		return 0;
	pairs = row_pairs(rows, row, &count);
	*ret_first = mica_tables_pair(pairs[0], pairs[1]);
	if (count > 2 && !rows->references[2 * row + 1]) {
		r = write_pairs(tables, pairs + 2, count - 2, &rows->references[2 * row + 1]);
		if (r < 0)
			return r;
	}
	*ret_rest = rows->references[2 * row + 1];
	return 0;
}

void mica_rows_free(struct rows *rows)
{
	mica_array_free(&rows->begins);
	mica_array_free(&rows->pairs);
	free(rows->slots);
	free(rows->references);
	*rows = (struct rows){};
}
