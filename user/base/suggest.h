/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_BASE_SUGGEST_H
#define MICA_BASE_SUGGEST_H

#include <stddef.h>

/**
 * The word of a NULL-terminated list that `word` was probably meant to be: the nearest by insertions, deletions,
 * replacements and swaps of neighbours, the first of several; NULL when none is close enough to be worth a question
 * (more than a third of the letters differ). Pure.
 */
const char *mica_suggest(const char *word, const char *const *words);

/** Number of such edits between two words, or `limit + 1` when it is over `limit` or a word is over 64 bytes. Pure. */
size_t mica_suggest_distance(const char *a, const char *b, size_t limit);

#endif
