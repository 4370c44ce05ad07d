/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parts of policy/check.c.
 */
#ifndef MICA_POLICY_CHECK_INTERNAL_H
#define MICA_POLICY_CHECK_INTERNAL_H

#include "policy/check.h"

/** What keeps a rule from having an effect. */
enum mica_policy_hidden {
	MICA_POLICY_SEEN,
	/** Rules of higher precedence say the same. */
	MICA_POLICY_REPEATED,
	/** Rules of higher precedence say something else. */
	MICA_POLICY_OVERRULED,
	/** A rule of higher precedence denies the same operation with another errno. */
	MICA_POLICY_OTHER_ERRNO,
};

struct mica_policy_hiding {
	/** enum mica_policy_hidden */
	uint8_t how;
	/** One of the operations that it is about. enum mica_operation */
	uint8_t operation;
	/** The rule that is in its way. */
	uint32_t by;
};

/**
 * For each rule of a policy what hides it: one of the same object and the same glob, or of a glob that matches
 * everything with the same literal prefix. So not all that is unreachable is found, but what is found is unreachable.
 * `ret` has room for all rules. 0 or -ENOMEM. n log n in the rules.
 */
int mica_policy_find_hidden(const struct mica_policy *policy, struct mica_policy_hiding *ret);

#endif
