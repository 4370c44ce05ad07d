/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/suggest.h"

#include <string.h>

/** Longest word that is compared; names of commands, options and containers are shorter. */
#define WORD_BYTES 64

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment (Damerau-Levenshtein where no substring is edited twice): three rows of the table. */
size_t mica_suggest_distance(const char *a, const char *b, size_t limit)
{
	size_t a_size = strlen(a), b_size = strlen(b);
	if (a_size > WORD_BYTES || b_size > WORD_BYTES)
		return limit + 1;
	if ((a_size > b_size ? a_size - b_size : b_size - a_size) > limit)
		return limit + 1;

	size_t rows[3][WORD_BYTES + 1];
	size_t *before = rows[0], *previous = rows[1], *current = rows[2];
	for (size_t j = 0; j <= b_size; j++)
		previous[j] = before[j] = j;

	for (size_t i = 1; i <= a_size; i++) {
		current[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t cost = previous[j - 1] + (a[i - 1] != b[j - 1]);
			cost = smaller(cost, smaller(previous[j], current[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cost = smaller(cost, before[j - 2] + 1);
			current[j] = cost;
		}
		size_t *free_row = before;
		before = previous;
		previous = current;
		current = free_row;
	}
	return smaller(previous[b_size], limit + 1);
}

const char *mica_suggest(const char *word, const char *const *words)
{
	/* "df" must not become "cp": at most one edit in three letters, and something must be the same. */
	size_t size = strlen(word);
	size_t limit = (size + 2) / 3;
	if (size < 2)
		return NULL;

	const char *nearest = NULL;
	size_t nearest_distance = limit + 1;
	for (; *words; words++) {
		size_t distance = mica_suggest_distance(word, *words, limit);
		if (distance < nearest_distance) {
			nearest = *words;
			nearest_distance = distance;
		}
	}
	return nearest;
}
