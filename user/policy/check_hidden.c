// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "policy/check_internal.h"
#include "policy/glob.h"

/** A rule, with what its order is made of. */
struct entry {
	const struct mica_policy_rule *rule;
	uint32_t index;
	/** Bytes of the path glob that make up the key: all of them, or its literal prefix. */
	size_t key_size;
	/** Covers each rule of the same key. */
	bool covers;
};

static int compare_key(const struct entry *a, const struct entry *b)
{
	const struct mica_policy_rule *left = a->rule, *right = b->rule;
	int r;

	if (left->object != right->object)
		return left->object < right->object ? -1 : 1;
	if (left->layer != right->layer)
		return left->layer < right->layer ? -1 : 1;
	r = strcmp(left->object_name.text ? left->object_name.text : "",
		   right->object_name.text ? right->object_name.text : "");
	if (r != 0)
		return r;
	r = memcmp(left->path.text, right->path.text, a->key_size < b->key_size ? a->key_size : b->key_size);
	if (r != 0)
		return r;
	return a->key_size < b->key_size ? -1 : a->key_size > b->key_size;
}

/* By key, then by precedence. */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	int r = compare_key(left, right);

	if (r != 0)
		return r;
	if (left->rule->verdict != right->rule->verdict)
		return left->rule->verdict > right->rule->verdict ? -1 : 1;
	return left->index < right->index ? -1 : left->index > right->index;
}

static int error_of(const struct mica_policy_rule *rule, unsigned operation)
{
	if (rule->verdict != MICA_VERDICT_DENY)
		return 0;
	return rule->error ? rule->error : mica_operation_describe(operation)->default_errno;
}

/** Compares a rule with those that own its operations: owner[n] is the index of a rule, or UINT32_MAX. */
static struct mica_policy_hiding judge(const struct mica_policy *policy, const struct mica_policy_rule *rule,
				       const uint32_t owner[static _MICA_OPERATION_MAX])
{
	struct mica_policy_hiding same = {}, other = {}, error = {};
	bool reached = false;

	for (unsigned i = 0; i < _MICA_OPERATION_MAX; i++) {
		if (!(rule->operations & MICA_OPERATION_BIT(i)))
			continue;
		if (owner[i] == UINT32_MAX) {
			reached = true;
			continue;
		}
		const struct mica_policy_rule *by = &policy->rules[owner[i]];
		struct mica_policy_hiding hiding = { .operation = (uint8_t)i, .by = owner[i] };
		if (by->verdict != rule->verdict && !other.how) {
			other = hiding;
			other.how = MICA_POLICY_OVERRULED;
		} else if (by->verdict == rule->verdict && error_of(by, i) != error_of(rule, i) && !error.how) {
			error = hiding;
			error.how = MICA_POLICY_OTHER_ERRNO;
		} else if (!same.how) {
			same = hiding;
			same.how = MICA_POLICY_REPEATED;
		}
	}
	if (error.how)
		return error;
	if (reached)
		return (struct mica_policy_hiding){};
	return other.how ? other : same;
}

static void walk(const struct mica_policy *policy, const struct entry *entries, size_t count,
		 struct mica_policy_hiding *ret)
{
	uint32_t owner[_MICA_OPERATION_MAX];

	for (size_t i = 0; i < count; i++) {
		const struct entry *entry = &entries[i];
		if (i == 0 || compare_key(&entries[i - 1], entry) != 0)
			memset(owner, 0xff, sizeof(owner));
		if (ret[entry->index].how == MICA_POLICY_SEEN)
			ret[entry->index] = judge(policy, entry->rule, owner);
		for (unsigned n = 0; entry->covers && n < _MICA_OPERATION_MAX; n++)
			if (entry->rule->operations & MICA_OPERATION_BIT(n) && owner[n] == UINT32_MAX)
				owner[n] = entry->index;
	}
}

int mica_policy_find_hidden(const struct mica_policy *policy, struct mica_policy_hiding *ret)
{
	_cleanup_free_ struct entry *entries = calloc(policy->rule_count + 1, sizeof(*entries));
	size_t count = 0;

	if (!entries)
		return -ENOMEM;
	memset(ret, 0, policy->rule_count * sizeof(*ret));
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct mica_policy_rule *rule = &policy->rules[i];
		entries[i] = (struct entry){ rule, (uint32_t)i, strlen(rule->path.text), true };
	}
	qsort(entries, policy->rule_count, sizeof(*entries), compare_entries);
	walk(policy, entries, policy->rule_count, ret);

	/* A literal path has precedence over each pattern of its prefix; an escaped byte is in the text twice. */
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct mica_policy_rule *rule = &policy->rules[i];
		bool exact;
		size_t prefix = mica_glob_literal_prefix(rule->path.text, &exact);
		if (!exact && !strchr(rule->path.text, '\\'))
			entries[count++] = (struct entry){ rule, (uint32_t)i, prefix,
							   strcmp(rule->path.text + prefix, "**") == 0 };
	}
	qsort(entries, count, sizeof(*entries), compare_entries);
	walk(policy, entries, count, ret);
	return 0;
}
