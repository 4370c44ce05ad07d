// SPDX-License-Identifier: BSD-2-Clause
#include "policy/compile.h"

#include <errno.h>
#include <string.h>

#include "policy/precedence.h"

static int compare(const void *left, const void *right)
{
	return mica_policy_precedence_compare(left, right);
}

static int order_rules(const struct mica_policy *policy, uint32_t **ret)
{
	_cleanup_free_ struct mica_policy_precedence *ranked = calloc(policy->rule_count + 1, sizeof(*ranked));
	uint32_t *order = calloc(policy->rule_count + 1, sizeof(*order));

	if (!ranked || !order) {
		free(order);
		return -ENOMEM;
	}
	for (size_t i = 0; i < policy->rule_count; i++)
		ranked[i] = mica_policy_precedence_of(&policy->rules[i], i);
	qsort(ranked, policy->rule_count, sizeof(*ranked), compare);
	for (size_t i = 0; i < policy->rule_count; i++)
		order[i] = ranked[i].index;
	*ret = order;
	return 0;
}

static bool is_of_group(const struct mica_policy_rule *rule, const struct mica_policy_group *group)
{
	if (rule->object != group->object || rule->layer != group->layer)
		return false;
	if (!rule->object_name.text || !group->name)
		return rule->object_name.text == group->name;
	return strcmp(rule->object_name.text, group->name) == 0;
}

/** The group of each rule, in `ret_of` by precedence. Groups are in the order of their best rules. */
static int find_groups(struct mica_policy_compiled_policy *compiled, uint32_t *ret_of)
{
	const struct mica_policy *policy = compiled->policy;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct mica_policy_rule *rule = &policy->rules[compiled->order[i]];
		struct mica_policy_group *groups;
		size_t at = 0;

		while (at < compiled->group_count && !is_of_group(rule, &compiled->groups[at]))
			at++;
		ret_of[i] = at;
		if (at < compiled->group_count)
			continue;
		if (at == MICA_POLICY_MAX_GROUPS)
			return -E2BIG;
		groups = realloc(compiled->groups, (at + 1) * sizeof(*groups));
		if (!groups)
			return -ENOMEM;
		groups[at] = (struct mica_policy_group){ .object = rule->object,
							 .layer = rule->layer,
							 .name = rule->object_name.text };
		compiled->groups = groups;
		compiled->group_count++;
	}
	return 0;
}

/** A policy in mode audit denies nothing. */
static uint8_t verdict_of(const struct mica_policy *policy, uint8_t verdict)
{
	return verdict == MICA_VERDICT_DENY && policy->mode == MICA_POLICY_AUDIT ? MICA_VERDICT_AUDIT : verdict;
}

static void note_operations(struct mica_policy_group *group, uint32_t operations, uint8_t verdict)
{
	group->operations |= operations;
	if (verdict != MICA_VERDICT_ALLOW)
		group->deciding |= operations;
	if (verdict == MICA_VERDICT_DENY)
		group->denying |= operations;
}

static int compile_policy(struct mica_policy_compiled_policy *compiled, struct mica_tables *tables,
			  struct mica_automaton_limit *limit)
{
	const struct mica_policy *policy = compiled->policy;
	_cleanup_free_ struct mica_automaton_rule *rules = calloc(policy->rule_count + 1, sizeof(*rules));
	_cleanup_free_ uint32_t *of = calloc(policy->rule_count + 1, sizeof(*of));
	int r = rules && of ? order_rules(policy, &compiled->order) : -ENOMEM;

	if (r == 0)
		r = find_groups(compiled, of);
	if (r == -E2BIG)
		*limit = (struct mica_automaton_limit){ "objects that the rules of a policy name",
							MICA_POLICY_MAX_GROUPS };
	for (size_t group = 0; r == 0 && group < compiled->group_count; group++) {
		size_t count = 0;

		for (size_t i = 0; i < policy->rule_count; i++) {
			const struct mica_policy_rule *rule = &policy->rules[compiled->order[i]];

			if (of[i] != group)
				continue;
			note_operations(&compiled->groups[group], rule->operations, verdict_of(policy, rule->verdict));
			rules[count++] = (struct mica_automaton_rule){
				.path = rule->path.text,
				.number = i + 1,
				.operations = rule->operations,
				.verdict = verdict_of(policy, rule->verdict),
				.error = rule->error,
			};
		}
		r = mica_automaton_build(tables, rules, count, &compiled->groups[group].root, limit);
	}
	return r;
}

int mica_policy_compile(const struct mica_policy_set *set, struct mica_policy_compiled *ret,
			struct mica_policy_refusal *ret_refusal)
{
	struct mica_policy_compiled compiled = { .set = set };

	compiled.policies = calloc(set->count + 1, sizeof(*compiled.policies));
	if (!compiled.policies)
		return -ENOMEM;
	for (size_t i = 0; i < set->count; i++) {
		struct mica_automaton_limit limit = {};
		int r;

		compiled.policies[i].policy = &set->policies[i];
		r = compile_policy(&compiled.policies[i], &compiled.tables, &limit);
		if (r == -E2BIG)
			*ret_refusal = (struct mica_policy_refusal){ &set->policies[i], limit };
		if (r < 0) {
			mica_policy_compiled_free(&compiled);
			return r;
		}
	}
	*ret = compiled;
	return 0;
}

void mica_policy_compiled_free(struct mica_policy_compiled *compiled)
{
	for (size_t i = 0; compiled->policies && i < compiled->set->count; i++) {
		free(compiled->policies[i].groups);
		free(compiled->policies[i].order);
	}
	free(compiled->policies);
	mica_tables_free(&compiled->tables);
	*compiled = (struct mica_policy_compiled){};
}
