/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which rule of a policy decides where several match. One definition, for compiling and for explaining.
 */
#ifndef MICA_POLICY_PRECEDENCE_H
#define MICA_POLICY_PRECEDENCE_H

#include "policy/policy.h"

/** What the order of a rule is made of; computed once for each rule. */
struct mica_policy_precedence {
	/** Bytes of the literal prefix of the path glob, twice, and one more if it is literal as a whole. */
	uint32_t path;
	/** The same of the object's name glob; 0: a union, a layer by number. */
	uint32_t object;
	uint8_t verdict;
	uint32_t index;
};

/** `index` is that of the rule in its policy. Pure. */
struct mica_policy_precedence mica_policy_precedence_of(const struct mica_policy_rule *rule, size_t index);

/** Below 0: `a` goes before `b`, if both match. Never 0 for two rules of one policy. Pure. */
int mica_policy_precedence_compare(const struct mica_policy_precedence *a, const struct mica_policy_precedence *b);

#endif
