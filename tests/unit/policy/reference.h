/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second implementation of policies, as plain as it can be, from the sentences of the manual page: what the tests
 * compare with. Slow; shares nothing with user/policy but the tree.
 */
#ifndef MICA_TESTS_POLICY_REFERENCE_H
#define MICA_TESTS_POLICY_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/decide.h"

/** Whether a glob matches a whole string. */
bool reference_glob(const char *glob, const char *text);

/** Bytes before the first metacharacter, and 1 more in *ret_exact if there is none. */
size_t reference_prefix(const char *glob, bool *ret_exact);

/** What a set says to a question, place and all, as mica_policy_decide. */
void reference_decide(const struct mica_policy_set *set, const struct mica_policy_question *question,
		      struct mica_policy_answer *ret);

/* ---- random things ---- */

/** A generator that gives the same for the same seed everywhere. */
struct lottery {
	uint64_t state;
};

/** Below `end`. */
uint32_t draw(struct lottery *lottery, uint32_t end);

/** A path glob over few bytes, so that paths match. `size`: of `ret`, at least 64. */
void draw_glob(struct lottery *lottery, char *ret, size_t size);

/** A path over the same bytes. */
void draw_path(struct lottery *lottery, char *ret, size_t size);

/** Whether a path glob passes the check. */
bool glob_is_good(const char *text);

/** Draws `count` path globs that pass the check, with operations of the first `operations`, numbered from 1. */
void draw_rules(struct lottery *lottery, struct mica_automaton_rule *rules, char (*globs)[96], size_t count,
		unsigned operations);

#define DRAWN_POLICIES 4
#define DRAWN_RULES 8
#define DRAWN_ENTRIES 3
#define DRAWN_GLOBS (DRAWN_POLICIES * (DRAWN_RULES + DRAWN_ENTRIES))
#define DRAWN_WHO (DRAWN_POLICIES * DRAWN_ENTRIES)

struct drawn_policy {
	struct mica_policy_subject subjects[2];
	struct mica_policy_rule rules[DRAWN_RULES];
	struct mica_policy_mount mounts[DRAWN_ENTRIES];
	struct mica_policy_volume volumes[DRAWN_ENTRIES];
};

/** A set of policies, and where its parts are. */
struct drawn_set {
	struct mica_policy_set set;
	struct mica_policy policies[DRAWN_POLICIES];
	struct drawn_policy parts[DRAWN_POLICIES];
	struct mica_policy_subject who[DRAWN_WHO];
	size_t who_count;
	char globs[DRAWN_GLOBS][96];
	size_t glob_count;
};

/** Draws a set. It passes no check of sense: rules may hide each other. */
void draw_set(struct lottery *lottery, struct drawn_set *ret);

/** Draws a question; its path is in `path`. */
void draw_question(struct lottery *lottery, char *path, size_t size, struct mica_policy_question *ret);

/** $MICA_SEED, else `seed`. Printed by the tests when they fail. */
uint64_t lottery_seed(uint64_t seed);

/** `most`, or fewer under the sanitizers; $MICA_CASES overrides both. */
unsigned lottery_cases(unsigned most);

#endif
