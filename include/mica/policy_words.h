/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Below the matcher (mica/policy_match.h): how words of tables and paths are read on either side, and how they are
 * compared and hashed.
 */
#ifndef MICA_POLICY_WORDS_H
#define MICA_POLICY_WORDS_H

#include "mica/policy.h"

#ifdef __bpf__
#include <bpf/bpf_helpers.h>
#define mica_policy_always_inline static __always_inline
/** Verified by itself, once, whoever calls it. */
#define mica_policy_function __weak __noinline
#else
#include <string.h>
#define mica_policy_always_inline static inline __attribute__((always_inline, unused))
#define mica_policy_function static inline __attribute__((unused))
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "words of a path are compared as little endian"
#endif

/** Words of a path that one step of the scan, and of a comparison looks at. */
#define MICA_POLICY_SCAN_WORDS 4
#define MICA_POLICY_COMPARE_WORDS 16

/** An automaton's root, read. */
struct mica_policy_root {
	__u32 lanes;
	__u32 filter;
	__u32 filter_mask;
	__u32 pilots;
	__u32 pilots_mask;
	__u32 classes;
	__u32 first_line;
	__u32 lines;
	__u32 whole;
	__u32 whole_mask;
	__u32 longest;
	__u32 longest_whole;
	__u64 lengths;
};

/**
 * Where a match stands, and the path. In the kernel in a map: 6.1 verifies a loop's body once if what it reads is from
 * there. The caller sets path, path_bytes and operations; bytes behind the path may be anything.
 */
struct mica_policy_match {
	/** Of the path: at most MICA_POLICY_PATH_BYTES. */
	__u32 path_bytes;
	/** The operation that is asked for, as a bit. */
	__u32 operations;
	/** Of the words passed so far; at last of the whole path. */
	__u64 hash;
	struct mica_policy_root root;
	/** How far the path is passed over. */
	__u32 scan_end;
	/** Places in the path where the filter says that an entry may end. */
	__u32 candidates;
	/** The entry that is looked at: its length, and whether it is something else. */
	__u32 entry_bytes;
	__u32 differs;
	/** The entry that is the whole path; else the deepest one that has states. */
	__u32 whole;
	__u32 entry;
	/** Where the automaton is: in the path, and in the tables. */
	__u32 position;
	__u32 state;
	/** Which tables, for a program that has several: the caller sets it, MICA_POLICY_LOOKUP reads it. */
	__u32 set;
	/** Where the path begins in `path`: at most at MICA_POLICY_PATH_BYTES. */
	__u32 begin;
	__u32 reserved;
	__u64 candidate_hash[MICA_POLICY_PATH_SLASHES];
	__u16 candidate_bytes[MICA_POLICY_PATH_SLASHES];
	/** Room for a path that begins anywhere, and for the words that begin in it, wherever they do. */
	char path[2 * MICA_POLICY_PATH_BYTES + 64];
#ifndef __bpf__
	/** The tables; a program has them in a map. */
	const struct mica_policy_chunk *chunks;
	__u32 chunk_count;
#endif
};

/** What a loop reads. */
struct mica_policy_context {
	struct mica_policy_match *match;
	const struct mica_policy_chunk *chunk;
	__u32 offset;
	__u32 mask;
};

#ifdef __bpf__

/** How a chunk is looked up; a program with several tables says so before. */
#ifndef MICA_POLICY_LOOKUP
#define MICA_POLICY_LOOKUP(match, number) bpf_map_lookup_elem(&MICA_POLICY_TABLES, number)
#endif

mica_policy_always_inline const struct mica_policy_chunk *mica_policy_chunk(const struct mica_policy_match *match,
									    __u32 reference)
{
	__u32 number = reference / MICA_POLICY_CHUNK_WORDS;

	return MICA_POLICY_LOOKUP(match, &number);
}

#define mica_policy_loop(times, step, context) bpf_loop(times, step, context, 0)

/** The eight bytes of the path from `offset`, which need not be aligned. */
mica_policy_always_inline __u64 mica_policy_path_word(const struct mica_policy_match *match, __u32 offset)
{
	return *(const __u64 *)(match->path + ((match->begin + offset) & (2 * MICA_POLICY_PATH_BYTES - 1)));
}

#else

mica_policy_always_inline const struct mica_policy_chunk *mica_policy_chunk(const struct mica_policy_match *match,
									    __u32 reference)
{
	__u32 number = reference / MICA_POLICY_CHUNK_WORDS;

	return number < match->chunk_count ? &match->chunks[number] : NULL;
}

mica_policy_always_inline void mica_policy_loop(__u32 times, long (*step)(__u32, void *), void *context)
{
	for (__u32 i = 0; i < times; i++)
		if (step(i, context))
			return;
}

mica_policy_always_inline __u64 mica_policy_path_word(const struct mica_policy_match *match, __u32 offset)
{
	__u64 word;

	memcpy(&word, match->path + ((match->begin + offset) & (2 * MICA_POLICY_PATH_BYTES - 1)), sizeof(word));
	return word;
}

#endif

mica_policy_always_inline __u64 mica_policy_word(const struct mica_policy_chunk *chunk, __u32 reference)
{
	return chunk->words[reference & (MICA_POLICY_CHUNK_WORDS - 1)];
}

/** The low `bytes` bytes of a word; all from 8 on. */
mica_policy_always_inline __u64 mica_policy_low(__u64 word, __u32 bytes)
{
	return bytes >= 8 ? word : word & ~(~0ULL << bytes * 8);
}

#define MICA_POLICY_SPREAD 0x0101010101010101ULL

/** Bytes of a mask of whole bytes, from the lowest. */
mica_policy_always_inline __u32 mica_policy_bytes_below(__u64 mask)
{
	return (mask & MICA_POLICY_SPREAD) * MICA_POLICY_SPREAD >> 56;
}

/** Bytes before the first whose high bit is set in `found`, which is not 0. */
mica_policy_always_inline __u32 mica_policy_bytes_before(__u64 found)
{
	return mica_policy_bytes_below(((found & -found) >> 7) - 1);
}

/** The high bit of each byte that is `byte` (`spread` over the word), exactly. */
mica_policy_always_inline __u64 mica_policy_bytes_equal(__u64 word, __u64 spread)
{
	const __u64 low = 0x7f7f7f7f7f7f7f7fULL;

	word ^= spread;
	return ~(((word & low) + low) | word | low);
}

#define MICA_POLICY_SLASHES (MICA_POLICY_SPREAD * '/')
#define MICA_POLICY_HASH_START 0x9e3779b97f4a7c15ULL

/* A literal's hash: its whole words by mica_policy_hash_word, then the rest, padded with zeros, by
 * mica_policy_hash_end. */

mica_policy_always_inline __u64 mica_policy_hash_word(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
	return hash ^ hash >> 32;
}

mica_policy_always_inline __u64 mica_policy_hash_end(__u64 hash, __u64 rest)
{
	hash = mica_policy_hash_word(hash, rest) * 0xd6e8feb86659fd93ULL;
	return hash ^ hash >> 32;
}

/** The line, below `lines`, that an entry with this hash begins at if its pilot is `pilot`. */
mica_policy_always_inline __u32 mica_policy_line(__u64 hash, __u32 pilot, __u32 lines)
{
	hash = (hash ^ pilot * 0x9e3779b97f4a7c15ULL) * 0x9fb21c651e98df25ULL;
	return (hash >> 32) * lines >> 32;
}

/** The two bits of a filter's word that stand for a hash. */
mica_policy_always_inline __u64 mica_policy_filter_bits(__u64 hash)
{
	return 1ULL << (hash >> 20 & 63) | 1ULL << (hash >> 26 & 63);
}

#endif
