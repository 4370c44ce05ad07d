/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the tree of a set of policies to the tables that decide (include/mica/policy.h). Pure.
 */
#ifndef MICA_POLICY_COMPILE_H
#define MICA_POLICY_COMPILE_H

#include "base/cleanup.h"
#include "policy/automaton.h"
#include "policy/policy.h"
#include "policy/tables.h"

/** Objects (unions, volumes of a glob, layers of a glob or number) that the rules of a policy name. */
#define MICA_POLICY_MAX_GROUPS 1024

/** The rules of a policy for one object: one automaton. */
struct mica_policy_group {
	/** enum mica_policy_object */
	uint8_t object;
	/** A layer by its number; 0: by name. */
	uint16_t layer;
	/** Glob over the object's name, of the set; NULL: a union, or a layer by its number. */
	const char *name;
	/** Of the automaton in the tables. */
	uint32_t root;
	/** Operations that its rules are about: all of them; those that do not allow; those that deny. */
	uint32_t operations;
	uint32_t deciding;
	uint32_t denying;
};

struct mica_policy_compiled_policy {
	const struct mica_policy *policy;
	struct mica_policy_group *groups;
	size_t group_count;
	/** The policy's rules by precedence: outcome's rule n is policy->rules[order[n - 1]]. */
	uint32_t *order;
};

/** Initialise with {}. */
struct mica_policy_compiled {
	/** Borrowed; lives longer than this. */
	const struct mica_policy_set *set;
	/** One for each policy of the set, in its order. */
	struct mica_policy_compiled_policy *policies;
	struct mica_tables tables;
};

/** Why a set is refused: a limit of the tables that it goes over. */
struct mica_policy_refusal {
	/** The policy that went over it. */
	const struct mica_policy *policy;
	struct mica_automaton_limit limit;
};

/**
 * Compiles a set that passed the check. 0; -E2BIG: *ret_refusal says what was too much; -EINVAL: a glob that is none;
 * -ENOMEM. On failure *ret is untouched.
 */
int mica_policy_compile(const struct mica_policy_set *set, struct mica_policy_compiled *ret,
			struct mica_policy_refusal *ret_refusal);

void mica_policy_compiled_free(struct mica_policy_compiled *compiled);

#define _cleanup_policy_compiled_ _cleanup_(mica_policy_compiled_free)

#endif
