// SPDX-License-Identifier: BSD-2-Clause
/*
 * Writes literals into tables as entries, with the filters and the pilots that find them (automaton_lines.c).
 */
#include <errno.h>
#include <string.h>

#include "mica/policy_words.h"
#include "policy/automaton_internal.h"

/** Bits of the filter for each entry that has states, and of the one of all entries. */
#define FILTER_BITS 16
#define WHOLE_BITS 10
/** The hash of a literal, as the matcher makes it of a path. */
static uint64_t hash_literal(const char *text, uint32_t bytes)
{
	uint64_t hash = MICA_POLICY_HASH_START, word;

	for (; bytes >= 8; bytes -= 8, text += 8) {
		memcpy(&word, text, sizeof(word));
		hash = mica_policy_hash_word(hash, word);
	}
	word = 0;
	memcpy(&word, text, bytes);
	return mica_policy_hash_end(hash, word);
}

struct writing {
	struct mica_tables *tables;
	struct rows *rows;
	const struct literal *literals;
	size_t count;
	const uint32_t *next;
	uint32_t lanes;
	uint64_t *hashes;
	/** Lines that each entry takes, and the one that it begins at. */
	uint32_t *sizes;
	uint32_t *lines;
	uint32_t first_line;
};

static uint32_t state_words(const struct writing *w, const struct literal *literal)
{
	return literal->has_tails ? (w->lanes + 1) / 2 : 0;
}

/** Writes an entry to the place that it was given. */
static int write_entry(struct writing *w, size_t number)
{
	const struct literal *literal = &w->literals[number];
	uint32_t states = state_words(w, literal), more, at = w->first_line + w->lines[number] * MICA_POLICY_LINE_WORDS;
	uint64_t pair;
	int r = mica_rows_rest(w->rows, w->tables, literal->row, &pair, &more);

	if (r < 0)
		return r;
	*mica_tables_word(w->tables, at) = mica_tables_pair(literal->bytes | MICA_POLICY_ENTRY_MARK |
								    (literal->has_tails ? MICA_POLICY_ENTRY_STATES : 0),
							    more);
	*mica_tables_word(w->tables, at + 1) = pair;
	at += MICA_POLICY_ENTRY_WORDS;
	for (uint32_t lane = 0; states && lane < w->lanes; lane++)
		*mica_tables_word(w->tables, at + lane / 2) |= (uint64_t)w->next[number * w->lanes + lane]
							       << (lane % 2 * 32);
	memcpy(mica_tables_word(w->tables, at + states), literal->text, literal->bytes);
	return 0;
}

/** Gives each entry its lines, and writes the pilots. */
static int place_entries(struct writing *w, uint64_t *ret_pilots, uint32_t *ret_lines)
{
	_cleanup_(mica_lines_free) struct lines placed = {};
	uint32_t at;
	int r;

	for (size_t i = 0; i < w->count; i++) {
		const struct literal *literal = &w->literals[i];
		uint32_t words = MICA_POLICY_ENTRY_WORDS + state_words(w, literal) + (literal->bytes + 7) / 8;

		w->sizes[i] = (words + MICA_POLICY_LINE_WORDS - 1) / MICA_POLICY_LINE_WORDS;
	}
	r = mica_lines_place(w->hashes, w->sizes, w->count, w->lines, &placed);
	if (r < 0)
		return r;
	r = mica_tables_take(w->tables, (placed.pilot_count + 7) / 8, 1, &at);
	if (r < 0)
		return r;
	memcpy(mica_tables_word(w->tables, at), placed.pilots, placed.pilot_count);
	*ret_pilots = mica_tables_pair(at, placed.pilot_count - 1);
	*ret_lines = placed.line_count;
	/* Where there are several chunks, no entry crosses from one to the next: lines are counted from the first. */
	return mica_tables_take(w->tables, placed.line_count * MICA_POLICY_LINE_WORDS,
				placed.line_count > LINES_OF_CHUNK ? MICA_POLICY_CHUNK_WORDS : MICA_POLICY_LINE_WORDS,
				&w->first_line);
}

/** A filter of the entries that have states, of at most one chunk; or of all. */
static int write_filter(const struct writing *w, bool all, uint64_t *ret)
{
	size_t words = 1, entries = 0;
	uint32_t at;
	int r;

	for (size_t i = 0; i < w->count; i++)
		entries += all || w->literals[i].has_tails;
	while (words * 64 < entries * (all ? WHOLE_BITS : FILTER_BITS) && (all || words < MICA_POLICY_CHUNK_WORDS))
		words *= 2;
	r = mica_tables_take(w->tables, words, 1, &at);
	if (r < 0)
		return r;
	for (size_t i = 0; i < w->count; i++)
		if (all || w->literals[i].has_tails)
			*mica_tables_word(w->tables, at + (w->hashes[i] >> 32 & (words - 1))) |=
				mica_policy_filter_bits(w->hashes[i]);
	*ret = mica_tables_pair(at, words - 1);
	return 0;
}

/** How long entries are: the matcher looks no further. */
static void write_lengths(const struct writing *w, uint32_t root)
{
	uint32_t longest = 0, longest_of_all = 0;
	uint64_t lengths = 0;

	for (size_t i = 0; i < w->count; i++) {
		uint32_t bytes = w->literals[i].bytes;

		if (bytes > longest_of_all)
			longest_of_all = bytes;
		if (!w->literals[i].has_tails)
			continue;
		if (bytes > longest)
			longest = bytes;
		lengths |= UINT64_C(1) << (bytes % 64);
	}
	*mica_tables_word(w->tables, root + MICA_POLICY_ROOT_LENGTHS) = lengths;
	*mica_tables_word(w->tables, root + MICA_POLICY_ROOT_LONGEST) = mica_tables_pair(longest, longest_of_all);
}

static int write_all(struct writing *w, const uint8_t class_of[256], uint32_t *ret_root)
{
	uint32_t root, classes = 0, lines = 0;
	uint64_t pilots = 0, filter = 0, whole = 0;
	int r = mica_tables_take(w->tables, MICA_POLICY_ROOT_WORDS, MICA_POLICY_LINE_WORDS, &root);

	if (r < 0)
		return r;
	for (size_t i = 0; i < w->count; i++)
		w->hashes[i] = hash_literal(w->literals[i].text, w->literals[i].bytes);
	r = place_entries(w, &pilots, &lines);
	for (size_t i = 0; r == 0 && i < w->count; i++)
		r = write_entry(w, i);
	if (r == 0)
		r = write_filter(w, false, &filter);
	if (r == 0)
		r = write_filter(w, true, &whole);
	if (r == 0 && class_of) {
		r = mica_tables_take(w->tables, 256 / 8, 1, &classes);
		if (r == 0)
			memcpy(mica_tables_word(w->tables, classes), class_of, 256);
	}
	if (r < 0)
		return r;
	*mica_tables_word(w->tables, root + MICA_POLICY_ROOT_HEAD) = mica_tables_pair(MICA_POLICY_ROOT_MARK, w->lanes);
	*mica_tables_word(w->tables, root + MICA_POLICY_ROOT_FILTER) = filter;
	*mica_tables_word(w->tables, root + MICA_POLICY_ROOT_PILOTS) = pilots;
	*mica_tables_word(w->tables, root + MICA_POLICY_ROOT_WHOLE) = whole;
	*mica_tables_word(w->tables, root + MICA_POLICY_ROOT_CLASSES) = mica_tables_pair(classes, lines);
	*mica_tables_word(w->tables, root + MICA_POLICY_ROOT_LINES) = w->first_line;
	write_lengths(w, root);
	*ret_root = root;
	return 0;
}

int mica_entries_write(struct mica_tables *tables, struct rows *rows, const struct literal *literals, size_t count,
		       const uint32_t *next, uint32_t lanes, const uint8_t class_of[256], uint32_t *ret_root)
{
	_cleanup_free_ uint32_t *sizes = malloc((count + 1) * sizeof(*sizes));
	_cleanup_free_ uint32_t *lines = malloc((count + 1) * sizeof(*lines));
	_cleanup_free_ uint64_t *hashes = malloc((count + 1) * sizeof(*hashes));
	struct writing w = {
		.tables = tables,
		.rows = rows,
		.literals = literals,
		.count = count,
		.next = next,
		.lanes = lanes,
		.sizes = sizes,
		.lines = lines,
		.hashes = hashes,
	};

	if (!sizes || !lines || !hashes)
		return -ENOMEM;
	return write_all(&w, class_of, ret_root);
}
