/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of compiled policies while they are made and when they are used in user space (include/mica/policy.h).
 */
#ifndef MICA_POLICY_TABLES_H
#define MICA_POLICY_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "mica/policy.h"

/** Initialise with {}. */
struct mica_tables {
	struct mica_policy_chunk *chunks;
	/** Chunks that there are, as many as the map has elements. */
	uint32_t chunk_count;
	uint32_t chunk_capacity;
	/** First word that is not given away. */
	uint32_t used;
};

/**
 * Gives away `count` words, zeroed, that begin at a multiple of `align` (a power of two) and lie in one chunk if they
 * fit into one. 0; -E2BIG: more than MICA_POLICY_MAX_CHUNKS; -ENOMEM. Moves the words given before.
 */
int mica_tables_take(struct mica_tables *tables, uint32_t count, uint32_t align, uint32_t *ret);

/** A word that was given away. */
static inline __u64 *mica_tables_word(const struct mica_tables *tables, uint32_t word)
{
	return &tables->chunks[word / MICA_POLICY_CHUNK_WORDS].words[word % MICA_POLICY_CHUNK_WORDS];
}

static inline uint64_t mica_tables_pair(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

/**
 * Whether tables of somebody else have the right version and a root at `root` whose parts lie within them. The matcher
 * reads nothing outside even if they do not: this is to refuse early. 0 or -EBADMSG.
 */
int mica_tables_check(const struct mica_tables *tables, uint32_t root);

void mica_tables_free(struct mica_tables *tables);

#define _cleanup_tables_ _cleanup_(mica_tables_free)

#endif
