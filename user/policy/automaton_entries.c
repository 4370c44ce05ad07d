// SPDX-License-Identifier: BSD-2-Clause
/*
 * Writes literals into tables as entries, with the hash table and the filter that find them.
 */
#include <errno.h>
#include <string.h>

#include "mica/policy_words.h"
#include "policy/automaton_internal.h"

/** Bits of the filter for each entry that has states, and of the one of all entries. */
#define FILTER_BITS 16
#define WHOLE_BITS 10
/** Parts in 256 of the slots that are used at most, to begin with. */
#define MAX_LOAD 220

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
	uint32_t *references;
	uint64_t *hashes;
};

static int write_entry(struct writing *w, size_t number)
{
	const struct literal *literal = &w->literals[number];
	uint32_t state_words = literal->has_tails ? (w->lanes + 1) / 2 : 0, more, at;
	uint64_t pair;
	int r = mica_rows_rest(w->rows, w->tables, literal->row, &pair, &more);

	if (r < 0)
		return r;
	r = mica_tables_take(w->tables, MICA_POLICY_ENTRY_WORDS + state_words + (literal->bytes + 7) / 8, 1, &at);
	if (r < 0)
		return r;
	*mica_tables_word(w->tables, at) =
		mica_tables_pair(literal->bytes | (literal->has_tails ? MICA_POLICY_ENTRY_STATES : 0), more);
	*mica_tables_word(w->tables, at + 1) = pair;
	w->references[number] = at;
	at += MICA_POLICY_ENTRY_WORDS;
	for (uint32_t lane = 0; state_words && lane < w->lanes; lane++)
		*mica_tables_word(w->tables, at + lane / 2) |= (uint64_t)w->next[number * w->lanes + lane]
							       << (lane % 2 * 32);
	memcpy(mica_tables_word(w->tables, at + state_words), literal->text, literal->bytes);
	return 0;
}

/** Puts all entries into `buckets` (a power of two) buckets. False: some would be too far from their own. */
static bool fill_buckets(const struct writing *w, uint32_t *slots, size_t buckets, uint32_t *ret_probes)
{
	uint32_t probes = 1;

	for (size_t i = 0; i < w->count; i++) {
		uint32_t probe = 0, slot = 0;
		uint32_t *bucket;

		for (;; probe++, slot = 0) {
			if (probe == MICA_POLICY_MAX_PROBES || probe == buckets)
				return false;
			bucket = slots + (((uint32_t)w->hashes[i] + probe) & (buckets - 1)) * MICA_POLICY_BUCKET_SLOTS;
			while (slot < MICA_POLICY_BUCKET_SLOTS && bucket[slot])
				slot++;
			if (slot < MICA_POLICY_BUCKET_SLOTS)
				break;
		}
		bucket[slot] = w->references[i] | MICA_POLICY_SLOT_TAG(w->hashes[i]);
		if (probe >= probes)
			probes = probe + 1;
	}
	*ret_probes = probes;
	return true;
}

static int write_buckets(const struct writing *w, uint64_t *ret, uint32_t *ret_probes)
{
	size_t buckets = 1;
	uint32_t at;
	int r;

	while (buckets * MICA_POLICY_BUCKET_SLOTS * MAX_LOAD < w->count * 256)
		buckets *= 2;
	for (;; buckets *= 2) {
		size_t words = buckets * MICA_POLICY_BUCKET_WORDS;
		_cleanup_free_ uint32_t *slots = NULL;

		if (buckets > MICA_AUTOMATON_MAX_GLOBS)
			return -E2BIG;
		slots = calloc(words, sizeof(uint64_t));
		if (!slots)
			return -ENOMEM;
		if (!fill_buckets(w, slots, buckets, ret_probes))
			continue;
		r = mica_tables_take(w->tables, words, MICA_POLICY_BUCKET_WORDS, &at);
		if (r < 0)
			return r;
		/* Two slots are a word, the first its low half: little endian. */
		memcpy(mica_tables_word(w->tables, at), slots, words * sizeof(uint64_t));
		*ret = mica_tables_pair(at, buckets - 1);
		return 0;
	}
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

static int write_all(struct writing *w, const uint8_t class_of[256], uint32_t *ret_root)
{
	uint32_t root, classes = 0, probes = 0;
	uint64_t buckets = 0, filter = 0, whole = 0;
	int r = mica_tables_take(w->tables, MICA_POLICY_ROOT_WORDS, 1, &root);

	if (r < 0)
		return r;
	for (size_t i = 0; i < w->count; i++) {
		w->hashes[i] = hash_literal(w->literals[i].text, w->literals[i].bytes);
		r = write_entry(w, i);
		if (r < 0)
			return r;
	}
	r = write_buckets(w, &buckets, &probes);
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
	*mica_tables_word(w->tables, root + MICA_POLICY_ROOT_BUCKETS) = buckets;
	*mica_tables_word(w->tables, root + MICA_POLICY_ROOT_WHOLE) = whole;
	*mica_tables_word(w->tables, root + MICA_POLICY_ROOT_CLASSES) = mica_tables_pair(classes, probes);
	*ret_root = root;
	return 0;
}

int mica_entries_write(struct mica_tables *tables, struct rows *rows, const struct literal *literals, size_t count,
		       const uint32_t *next, uint32_t lanes, const uint8_t class_of[256], uint32_t *ret_root)
{
	_cleanup_free_ uint32_t *references = malloc((count + 1) * sizeof(*references));
	_cleanup_free_ uint64_t *hashes = malloc((count + 1) * sizeof(*hashes));
	struct writing w = {
		.tables = tables,
		.rows = rows,
		.literals = literals,
		.count = count,
		.next = next,
		.lanes = lanes,
		.references = references,
		.hashes = hashes,
	};

	if (!references || !hashes)
		return -ENOMEM;
	return write_all(&w, class_of, ret_root);
}
