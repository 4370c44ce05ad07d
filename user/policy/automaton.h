/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From path globs to an automaton in tables (include/mica/policy.h says how it is laid out). Pure.
 *
 * How it is made: each glob is cut at the last '/' before its first metacharacter, into a literal and a tail. The tails
 * are made deterministic by the subset construction, starting from the sets of tails that begin at each literal,
 * together with what the tails of the literals above it have come to there; what a rule of higher precedence has
 * decided for good is dropped from a set. The result is minimised (Hopcroft) and packed. Where the states would go over
 * a limit, the tails are halved and each half is an automaton of its own, a lane.
 */
#ifndef MICA_POLICY_AUTOMATON_H
#define MICA_POLICY_AUTOMATON_H

#include <stddef.h>
#include <stdint.h>

#include "policy/tables.h"

/** Transitions (states times byte classes) of one lane before it is minimised. */
#define MICA_AUTOMATON_MAX_TRANSITIONS (1U << 20)
/** Places in tails that the states of one lane stand for, all together. */
#define MICA_AUTOMATON_MAX_SETS (1U << 21)
/** Places in tails: about one for each byte behind the last literal directory of a glob. */
#define MICA_AUTOMATON_MAX_PLACES (1U << 20)
/** Globs of one automaton with their braces expanded, and the bytes of them all. */
#define MICA_AUTOMATON_MAX_GLOBS (1U << 18)
#define MICA_AUTOMATON_MAX_BYTES (24U << 20)

struct mica_automaton_rule {
	/** A path glob that passed the check. */
	const char *path;
	/** Its number by precedence, from 1; lists are in ascending order. */
	uint32_t number;
	uint32_t operations;
	/** enum mica_verdict */
	uint8_t verdict;
	/** Of a denial or an audit; 0: each operation's own. */
	uint8_t error;
};

/** A limit that was hit. */
struct mica_automaton_limit {
	/** What there was too much of ("bytes of tables"), static. */
	const char *what;
	uint64_t most;
};

/**
 * Appends the automaton of the rules to the tables. 0; -E2BIG: over *ret_limit; -EINVAL: not a glob; -ENOMEM. After a
 * failure the tables are good for nothing but to be freed.
 */
int mica_automaton_build(struct mica_tables *tables, const struct mica_automaton_rule *rules, size_t count,
			 uint32_t *ret_root, struct mica_automaton_limit *ret_limit);

#endif
