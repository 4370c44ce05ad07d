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

/** $MICA_SEED, else `seed`. Printed by the tests when they fail. */
uint64_t lottery_seed(uint64_t seed);

/** `most`, or fewer under the sanitizers; $MICA_CASES overrides both. */
unsigned lottery_cases(unsigned most);

#endif
