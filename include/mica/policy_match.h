/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The matcher: one pass of an automaton (mica/policy.h) over the bytes of a path. The same source runs in the kernel
 * and in user space. The includer says before where the tables are: a program defines MICA_POLICY_TABLES, the map (an
 * array of struct mica_policy_chunk); user space passes them.
 *
 * Written for the verifier of 6.1: loops are bpf_loop with their state in struct mica_policy_match, which lies in a
 * map; every reference is masked into its chunk, whatever the tables say. Nothing here sleeps or allocates.
 */
#ifndef MICA_POLICY_MATCH_H
#define MICA_POLICY_MATCH_H

#include "mica/policy_words.h"

/** Passes over one word of the path; looks at the slashes in it. The last one leaves the hash of the whole path. */
mica_policy_always_inline long mica_policy_scan_word(struct mica_policy_context *context,
						     struct mica_policy_match *match, __u32 offset)
{
	__u32 bytes = match->path_bytes - offset;
	__u64 word, slashes = 0, hash = match->hash;

	if (offset > match->scan_end)
		return 1;
	/* The rest of a path of whole words is nothing. */
	if (offset >= match->path_bytes) {
		match->hash = mica_policy_hash_end(hash, 0);
		return 1;
	}
	word = mica_policy_low(mica_policy_path_word(match, offset), bytes);
	/* No entry that has states ends in most words. */
	if (match->root.lengths >> (offset & 56) & 0xff)
		slashes = mica_policy_bytes_equal(word, MICA_POLICY_SLASHES);
	for (int i = 0; i < 8 && slashes; i++) {
		__u64 before = ((slashes & -slashes) >> 7) - 1, end, bits;

		slashes &= slashes - 1;
		if (!(match->root.lengths >> ((offset + mica_policy_bytes_below(before)) & 63) & 1))
			continue;
		end = mica_policy_hash_end(hash, word & before);
		bits = mica_policy_filter_bits(end);
		if ((mica_policy_word(context->chunk, context->offset + (end >> 32 & context->mask)) & bits) == bits) {
			__u32 number = match->candidates & (MICA_POLICY_PATH_SLASHES - 1);

			match->candidate_hash[number] = end;
			match->candidate_bytes[number] = offset + mica_policy_bytes_below(before);
			match->candidates = number + 1;
		}
	}
	if (bytes < 8) {
		match->hash = mica_policy_hash_end(hash, word);
		return 1;
	}
	match->hash = mica_policy_hash_word(hash, word);
	return 0;
}

static long mica_policy_scan_step(__u32 step, void *data)
{
	struct mica_policy_context *context = data;
	struct mica_policy_match *match = context->match;

	for (__u32 i = 0; i < MICA_POLICY_SCAN_WORDS; i++)
		if (mica_policy_scan_word(context, match, (step * MICA_POLICY_SCAN_WORDS + i) * 8))
			return 1;
	return 0;
}

static long mica_policy_compare_step(__u32 step, void *data)
{
	struct mica_policy_context *context = data;
	struct mica_policy_match *match = context->match;

	for (__u32 i = 0; i < MICA_POLICY_COMPARE_WORDS; i++) {
		__u32 index = step * MICA_POLICY_COMPARE_WORDS + i, offset = index * 8;
		__u64 word;

		if (offset >= match->entry_bytes)
			return 1;
		word = mica_policy_low(mica_policy_path_word(match, offset), match->entry_bytes - offset);
		if (word != mica_policy_word(context->chunk, context->offset + index)) {
			match->differs = 1;
			return 1;
		}
	}
	return 0;
}

/** Whether the entry at `reference` is the first match->entry_bytes bytes of the path. */
mica_policy_function int mica_policy_compare(struct mica_policy_match *match, __u32 reference)
{
	struct mica_policy_context context = { .match = match };
	__u32 head;

	if (!match)
		return 0;
	context.chunk = mica_policy_chunk(match, reference);
	if (!context.chunk)
		return 0;
	head = mica_policy_word(context.chunk, reference);
	if ((head & ~MICA_POLICY_ENTRY_STATES) != (match->entry_bytes | MICA_POLICY_ENTRY_MARK))
		return 0;
	context.offset = reference + MICA_POLICY_ENTRY_WORDS;
	if (head & MICA_POLICY_ENTRY_STATES)
		context.offset += (match->root.lanes + 1) / 2;
	match->differs = 0;
	mica_policy_loop(MICA_POLICY_PATH_BYTES / 8 / MICA_POLICY_COMPARE_WORDS, mica_policy_compare_step, &context);
	return !match->differs;
}

/** Finds the entry with this hash that is the first `bytes` bytes of the path. 0: there is none. */
mica_policy_function int mica_policy_find(struct mica_policy_match *match, __u64 hash, __u32 bytes)
{
	const struct mica_policy_chunk *chunk;
	__u32 number, entry;

	if (!match)
		return 0;
	number = (__u32)hash & match->root.pilots_mask;
	chunk = mica_policy_chunk(match, match->root.pilots + number / 8);
	if (!chunk)
		return 0;
	number = mica_policy_word(chunk, match->root.pilots + number / 8) >> (number & 7) * 8 & 0xff;
	entry = match->root.first_line + mica_policy_line(hash, number, match->root.lines) * MICA_POLICY_LINE_WORDS;
	match->entry_bytes = bytes;
	return mica_policy_compare(match, entry) ? entry : 0;
}

/** The outcome that a row has for the operation, or 0. */
mica_policy_function int mica_policy_row(struct mica_policy_match *match, __u32 row)
{
	const struct mica_policy_chunk *chunk;
	__u32 count;

	if (!row || !match)
		return 0;
	chunk = mica_policy_chunk(match, row);
	if (!chunk)
		return MICA_POLICY_OUTCOME_BROKEN;
	count = mica_policy_word(chunk, row);
	for (__u32 i = 0; i < MICA_POLICY_MAX_PAIRS && i < count; i++) {
		__u64 pair = mica_policy_word(chunk, row + 1 + i);

		if ((__u32)pair & match->operations)
			return pair >> 32;
	}
	return 0;
}

/** Steps over at most eight bytes by rows. Ends early at a state that is elsewhere, decided, or has flags. */
mica_policy_always_inline void mica_policy_step_bytes(struct mica_policy_context *context,
						      const struct mica_policy_chunk *chunk, __u64 word, __u32 bytes)
{
	struct mica_policy_match *match = context->match;
	const unsigned char *classes = (const unsigned char *)context->chunk->words;
	__u32 state = match->state & MICA_POLICY_NEXT_REFERENCE, next = state, done = 0;

	for (__u32 i = 0; i < 8; i++) {
		__u32 class = classes[(context->offset * 8 + (word & 0xff)) & (sizeof(*chunk) - 1)];
		__u64 slot = mica_policy_word(chunk, state + MICA_POLICY_SLOT_CLASS + class);

		next = slot >> 32 == state ? slot : mica_policy_word(chunk, state);
		word >>= 8;
		done = i + 1;
		if (done == bytes || !next || (next ^ state) / MICA_POLICY_CHUNK_WORDS)
			break;
		state = next;
	}
	match->state = next;
	match->position += done;
}

/** From a state on, at least one byte. */
static long mica_policy_run_step(__u32 step, void *data)
{
	struct mica_policy_context *context = data;
	struct mica_policy_match *match = context->match;
	__u32 state = match->state, bytes = match->path_bytes - match->position, flags, length;
	const struct mica_policy_chunk *chunk;
	__u64 word, header, found;
	(void)step;

	if (!state || state & MICA_POLICY_NEXT_FINAL || match->position >= match->path_bytes)
		return 1;
	chunk = mica_policy_chunk(match, state & MICA_POLICY_NEXT_REFERENCE);
	if (!chunk) {
		match->differs = 1;
		return 1;
	}
	if (bytes > 8)
		bytes = 8;
	word = mica_policy_low(mica_policy_path_word(match, match->position), bytes);
	if (state & MICA_POLICY_NEXT_SPECIAL) {
		header = mica_policy_word(chunk, state);
		flags = header >> 32;
		if (flags & MICA_POLICY_STATE_CHAIN) {
			length = flags & 15;
			if (length < 1 || length > bytes ||
			    mica_policy_low(word, length) != mica_policy_word(chunk, state + 1)) {
				match->state = 0;
				return 1;
			}
			match->state = header;
			match->position += length;
			return 0;
		}
		found = mica_policy_bytes_equal(word, MICA_POLICY_SPREAD * (flags & 0xff)) |
			mica_policy_bytes_equal(word, MICA_POLICY_SPREAD * (flags >> 8 & 0xff));
		length = found ? mica_policy_bytes_before(found) : bytes;
		match->position += length;
		if (length >= bytes)
			return 0;
		word >>= length * 8;
		bytes -= length;
	}
	mica_policy_step_bytes(context, chunk, word, bytes);
	return 0;
}

/** The row that a state gives when the path ends in it. */
mica_policy_always_inline __u32 mica_policy_end_row(const struct mica_policy_match *match, __u32 state)
{
	const struct mica_policy_chunk *chunk;
	__u64 slot;

	if (state & MICA_POLICY_NEXT_FINAL)
		return state & ~MICA_POLICY_NEXT_FINAL;
	state &= MICA_POLICY_NEXT_REFERENCE;
	if (!state)
		return 0;
	chunk = mica_policy_chunk(match, state);
	if (!chunk)
		return 0;
	/* A literal's header has no end; what stands behind it is no slot. */
	if (mica_policy_word(chunk, state) >> 32 & MICA_POLICY_STATE_CHAIN)
		return 0;
	slot = mica_policy_word(chunk, state + MICA_POLICY_SLOT_END);
	return slot >> 32 == state ? slot : 0;
}

/** Runs one lane from the entry match->entry, which ends at a slash of the path; its outcome. */
mica_policy_function int mica_policy_lane(struct mica_policy_match *match, __u32 lane)
{
	struct mica_policy_context context = { .match = match };
	const struct mica_policy_chunk *chunk;
	__u64 states;

	if (!match)
		return MICA_POLICY_OUTCOME_BROKEN;
	chunk = mica_policy_chunk(match, match->entry);
	if (!chunk)
		return MICA_POLICY_OUTCOME_BROKEN;
	states = mica_policy_word(chunk, match->entry + MICA_POLICY_ENTRY_WORDS + lane / 2);
	match->state = lane & 1 ? states >> 32 : states;
	match->position = match->entry_bytes + 1;
	match->differs = 0;
	if (match->state && !(match->state & MICA_POLICY_NEXT_FINAL)) {
		context.chunk = mica_policy_chunk(match, match->root.classes);
		context.offset = match->root.classes;
		if (!context.chunk)
			return MICA_POLICY_OUTCOME_BROKEN;
		mica_policy_loop(MICA_POLICY_PATH_BYTES, mica_policy_run_step, &context);
		if (match->differs)
			return MICA_POLICY_OUTCOME_BROKEN;
	}
	return mica_policy_row(match, mica_policy_end_row(match, match->state));
}

/** The lowest rule of all lanes from the deepest entry that has states. */
mica_policy_always_inline __u32 mica_policy_lanes(struct mica_policy_match *match)
{
	__u32 best = 0;

	for (__u32 lane = 0; lane < MICA_POLICY_MAX_LANES && lane < match->root.lanes; lane++) {
		__u32 outcome = mica_policy_lane(match, lane);

		if (outcome == MICA_POLICY_OUTCOME_BROKEN)
			return outcome;
		if (outcome && (!best || outcome < best))
			best = outcome;
	}
	return best;
}

/** The chunk of `reference`, given that of another: small tables have one chunk only. */
mica_policy_always_inline const struct mica_policy_chunk *mica_policy_chunk_from(const struct mica_policy_match *match,
										 const struct mica_policy_chunk *chunk,
										 __u32 of, __u32 reference)
{
	return (of ^ reference) / MICA_POLICY_CHUNK_WORDS ? mica_policy_chunk(match, reference) : chunk;
}

/** Reads a root. False: there is none. */
mica_policy_always_inline int mica_policy_read_root(struct mica_policy_match *match,
						    const struct mica_policy_chunk *chunk, __u32 reference)
{
	__u64 head, filter, pilots, classes, whole, longest;

	whole = mica_policy_word(chunk, reference + MICA_POLICY_ROOT_WHOLE);
	head = mica_policy_word(chunk, reference + MICA_POLICY_ROOT_HEAD);
	filter = mica_policy_word(chunk, reference + MICA_POLICY_ROOT_FILTER);
	pilots = mica_policy_word(chunk, reference + MICA_POLICY_ROOT_PILOTS);
	match->root.first_line = mica_policy_word(chunk, reference + MICA_POLICY_ROOT_LINES);
	classes = mica_policy_word(chunk, reference + MICA_POLICY_ROOT_CLASSES);
	match->root.lanes = head >> 32;
	match->root.filter = filter;
	match->root.filter_mask = filter >> 32;
	match->root.pilots = pilots;
	match->root.pilots_mask = pilots >> 32;
	match->root.classes = classes;
	match->root.lines = classes >> 32;
	match->root.whole = whole;
	match->root.whole_mask = whole >> 32;
	longest = mica_policy_word(chunk, reference + MICA_POLICY_ROOT_LONGEST);
	match->root.longest = longest;
	match->root.longest_whole = longest >> 32;
	match->root.lengths = mica_policy_word(chunk, reference + MICA_POLICY_ROOT_LENGTHS);
	return (__u32)head == MICA_POLICY_ROOT_MARK;
}

/** Hashes the path; notes at which slashes the filter says that entries with states may end. */
mica_policy_always_inline void mica_policy_scan(struct mica_policy_match *match, const struct mica_policy_chunk *filter)
{
	struct mica_policy_context context = {
		.match = match,
		.chunk = filter,
		.offset = match->root.filter,
		.mask = match->root.filter_mask,
	};

	match->hash = MICA_POLICY_HASH_START;
	match->candidates = 0;
	mica_policy_loop(MICA_POLICY_PATH_BYTES / 8 / MICA_POLICY_SCAN_WORDS + 1, mica_policy_scan_step, &context);
}

/** Whether the whole path can be an entry: most that are none cost no more than this. */
mica_policy_always_inline int mica_policy_can_be_whole(const struct mica_policy_match *match,
						       const struct mica_policy_chunk *chunk, __u32 of)
{
	__u64 hash = match->hash, bits = mica_policy_filter_bits(hash);
	__u32 word = match->root.whole + ((__u32)(hash >> 32) & match->root.whole_mask);

	chunk = mica_policy_chunk_from(match, chunk, of, word);

	return chunk && (mica_policy_word(chunk, word) & bits) == bits;
}

/** What the entry that is the whole path gives. */
mica_policy_always_inline __u32 mica_policy_whole(struct mica_policy_match *match, __u32 entry)
{
	const struct mica_policy_chunk *chunk = mica_policy_chunk(match, entry);
	__u64 pair;

	if (!chunk)
		return MICA_POLICY_OUTCOME_BROKEN;
	pair = mica_policy_word(chunk, entry + 1);
	if ((__u32)pair & match->operations)
		return pair >> 32;
	return mica_policy_row(match, mica_policy_word(chunk, entry) >> 32);
}

/** Looks whether the deepest candidate that is left is one. */
static long mica_policy_search_step(__u32 step, void *data)
{
	struct mica_policy_match *match = ((struct mica_policy_context *)data)->match;
	__u32 number = match->candidates - 1, entry;
	const struct mica_policy_chunk *chunk;

	(void)step;
	if (!match->candidates)
		return 1;
	match->candidates = number;
	number &= MICA_POLICY_PATH_SLASHES - 1;
	entry = mica_policy_find(match, match->candidate_hash[number], match->candidate_bytes[number]);
	if (!entry)
		return 0;
	chunk = mica_policy_chunk(match, entry);
	/* An entry without states only looks like one by its hash. */
	if (!chunk || !(mica_policy_word(chunk, entry) & MICA_POLICY_ENTRY_STATES))
		return 0;
	match->entry = entry;
	return 1;
}

/**
 * Finds what the automaton at `reference` has for match->path: then mica_policy_outcome says what that is to one
 * operation after the other. The path begins with '/' and has no other at its end. 0, or the tables are broken.
 */
mica_policy_always_inline int mica_policy_look(struct mica_policy_match *match, __u32 reference)
{
	const struct mica_policy_chunk *chunk = mica_policy_chunk(match, reference), *filter;
	struct mica_policy_context context = { .match = match };
	int whole;

	match->whole = 0;
	match->entry = 0;
	if (!chunk || match->path_bytes > MICA_POLICY_PATH_BYTES || !mica_policy_read_root(match, chunk, reference))
		return 1;
	/* What is behind the longest entry is of no account. */
	whole = match->path_bytes <= match->root.longest_whole;
	match->scan_end = whole ? match->path_bytes : match->root.longest;
	if (!whole && !match->root.lengths)
		return 0;
	filter = mica_policy_chunk_from(match, chunk, reference, match->root.filter);
	if (!filter)
		return 1;
	mica_policy_scan(match, filter);
	if (whole && mica_policy_can_be_whole(match, chunk, reference))
		match->whole = mica_policy_find(match, match->hash, match->path_bytes);
	if (!match->whole && match->candidates)
		mica_policy_loop(MICA_POLICY_PATH_SLASHES, mica_policy_search_step, &context);
	return 0;
}

/** The outcome for match->operations. */
mica_policy_always_inline __u32 mica_policy_outcome(struct mica_policy_match *match)
{
	if (match->whole)
		return mica_policy_whole(match, match->whole);
	return match->entry ? mica_policy_lanes(match) : 0;
}

/** What the automaton at `reference` says to match->operations on match->path: an outcome. */
mica_policy_always_inline __u32 mica_policy_match(struct mica_policy_match *match, __u32 reference)
{
	return mica_policy_look(match, reference) ? MICA_POLICY_OUTCOME_BROKEN : mica_policy_outcome(match);
}

#endif
