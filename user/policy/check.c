// SPDX-License-Identifier: BSD-2-Clause
#include "policy/check.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "policy/check_internal.h"

/** Operations that only unions know. */
#define UNION_ONLY MICA_OPERATIONS_CHANGE_LOWER

struct check {
	const struct mica_policy *policy;
	struct mica_policy_messages *messages;
};

#define message(check, place, ...) mica_policy_message((check)->messages, (check)->policy->file, (place), __VA_ARGS__)

/** Name of the lowest operation of a set that is not empty. */
static const char *first_operation(uint32_t operations)
{
	return mica_operation_describe((enum mica_operation)__builtin_ctz(operations))->name;
}

static void check_errno(const struct check *check, const struct mica_policy_rule *rule)
{
	for (unsigned i = 0; rule->error && i < _MICA_OPERATION_MAX; i++) {
		if (!(rule->operations & MICA_OPERATION_BIT(i)) || mica_operation_delivers(i, rule->error))
			continue;
		message(check, rule->errno_place, "the kernel cannot deny %s with %s, only with %s",
			mica_operation_describe(i)->name, mica_errno_name(rule->error),
			MICA_OPERATIONS_CAPABILITY & MICA_OPERATION_BIT(i) ? "EPERM" : "EACCES, EPERM or EROFS");
		return;
	}
}

static void check_operations(const struct check *check, const struct mica_policy_rule *rule)
{
	uint32_t capability = rule->operations & MICA_OPERATIONS_CAPABILITY;

	if (capability && (rule->object != MICA_POLICY_UNION || strcmp(rule->path.text, "/**") != 0))
		message(check, rule->on_place, "%s has no path: it is decided in a rule with 'union: \"/**\"' only",
			first_operation(capability));
	if (rule->object != MICA_POLICY_UNION && (rule->operations & ~UNION_ONLY) == 0)
		message(check, rule->on_place, "%s happens in unions only, never in a %s",
			first_operation(rule->operations), mica_policy_object_name(rule->object));
}

static void check_hidden(const struct check *check, const struct mica_policy_rule *rule,
			 const struct mica_policy_hiding *hiding)
{
	const struct mica_policy_rule *by = &check->policy->rules[hiding->by];
	const char *operation = mica_operation_describe(hiding->operation)->name;

	switch ((enum mica_policy_hidden)hiding->how) {
	case MICA_POLICY_SEEN:
		return;
	case MICA_POLICY_REPEATED:
		message(check, rule->place, "rule '%s' is never reached: rule '%s' (line %u) already decides %s so",
			rule->name, by->name, by->place.line, operation);
		return;
	case MICA_POLICY_OVERRULED:
		message(check, rule->place, "rule '%s' is never reached: rule '%s' (line %u) decides %s, by %s over %s",
			rule->name, by->name, by->place.line, operation, mica_verdict_name(by->verdict),
			mica_verdict_name(rule->verdict));
		return;
	case MICA_POLICY_OTHER_ERRNO:
		message(check, rule->place, "rule '%s' conflicts with rule '%s' (line %u): another errno for %s",
			rule->name, by->name, by->place.line, operation);
		return;
	}
}

static int compare_names(const void *a, const void *b)
{
	const struct mica_policy_rule *const *left = a, *const *right = b;
	int r = strcmp((*left)->name, (*right)->name);

	return r != 0 ? r : (*left < *right ? -1 : *left > *right);
}

/** first[n]: the first rule with the name of rule n, if that is another one. */
static int find_names(const struct mica_policy *policy, const struct mica_policy_rule **first)
{
	_cleanup_free_ const struct mica_policy_rule **sorted = calloc(policy->rule_count + 1, sizeof(void *));
	const struct mica_policy_rule *run = NULL;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < policy->rule_count; i++)
		sorted[i] = &policy->rules[i];
	qsort(sorted, policy->rule_count, sizeof(void *), compare_names);
	for (size_t i = 0; i < policy->rule_count; i++) {
		if (!run || strcmp(run->name, sorted[i]->name) != 0)
			run = sorted[i];
		else
			first[sorted[i] - policy->rules] = run;
	}
	return 0;
}

static int check_rules(const struct check *check)
{
	const struct mica_policy *policy = check->policy;
	_cleanup_free_ struct mica_policy_hiding *hidings = calloc(policy->rule_count + 1, sizeof(*hidings));
	_cleanup_free_ const struct mica_policy_rule **first = calloc(policy->rule_count + 1, sizeof(void *));
	int r;

	if (!hidings || !first)
		return -ENOMEM;
	r = find_names(policy, first);
	if (r == 0)
		r = mica_policy_find_hidden(policy, hidings);
	for (size_t i = 0; r == 0 && i < policy->rule_count; i++) {
		const struct mica_policy_rule *rule = &policy->rules[i];
		if (first[i])
			message(check, rule->place, "the name '%s' is taken by the rule at line %u", rule->name,
				first[i]->place.line);
		check_operations(check, rule);
		check_errno(check, rule);
		check_hidden(check, rule, &hidings[i]);
	}
	return r;
}

static bool same_glob(const struct mica_policy_glob *a, const struct mica_policy_glob *b)
{
	return a->text && b->text ? strcmp(a->text, b->text) == 0 : a->text == b->text;
}

static void check_mounts(const struct check *check)
{
	const struct mica_policy_mounts *mounts = &check->policy->mounts;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct mica_policy_mount *mount = &mounts->items[i];
		for (size_t j = 0; j < i; j++) {
			const struct mica_policy_mount *other = &mounts->items[j];
			if (!same_glob(&mount->type, &other->type) || !same_glob(&mount->source, &other->source) ||
			    !same_glob(&mount->at, &other->at) || mount->flags_set != other->flags_set ||
			    mount->flags_clear != other->flags_clear)
				continue;
			message(check, mount->place,
				mount->verdict == other->verdict ? "the same mount is at line %u"
								 : "conflicts with line %u: the same mount, "
								   "allowed and denied",
				other->place.line);
			break;
		}
	}
}

static void check_volumes(const struct check *check)
{
	const struct mica_policy *policy = check->policy;

	for (size_t i = 0; i < policy->volume_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (policy->volumes[i].who.count || policy->volumes[j].who.count ||
			    !same_glob(&policy->volumes[i].volume, &policy->volumes[j].volume))
				continue;
			message(check, policy->volumes[i].place, "line %u already decides for the same volumes",
				policy->volumes[j].place.line);
			break;
		}
	}
}

static void check_whole(const struct check *check, const struct mica_policy_set *set)
{
	const struct mica_policy *policy = check->policy;
	const struct mica_policy_isolation *isolation = &policy->isolation;

	for (const struct mica_policy *other = set->policies; other < policy; other++) {
		if (strcmp(other->name, policy->name) != 0)
			continue;
		message(check, policy->name_place, "the name '%s' is taken by the policy at %s:%u", policy->name,
			other->file, other->name_place.line);
		break;
	}
	if (!policy->rule_count && !policy->mounts.place.line && !policy->volume_count && !isolation->unions &&
	    !isolation->volumes && !isolation->layers_immutable)
		message(check, policy->place, "policy '%s' decides nothing", policy->name);
}

int mica_policy_check(const struct mica_policy_set *set, struct mica_policy_messages *messages)
{
	size_t before = messages->count;

	for (size_t i = 0; i < set->count; i++) {
		const struct check check = { &set->policies[i], messages };
		check_whole(&check, set);
		int r = check_rules(&check);
		if (r < 0)
			return r;
		check_mounts(&check);
		check_volumes(&check);
	}
	return messages->count > before ? -EINVAL : 0;
}
