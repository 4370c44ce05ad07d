// SPDX-License-Identifier: BSD-2-Clause
#include "enforce/decisions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct mica_decision_words {
	/** "isolation/unions"; NULL: the rule's own name. */
	char *rule;
	/** "web.yaml:9"; NULL: not made yet. */
	char *where;
};

void mica_decisions_free(struct mica_decisions *decisions)
{
	for (uint32_t i = 0; decisions->words && i < decisions->force->image.counter_count; i++) {
		free(decisions->words[i].rule);
		free(decisions->words[i].where);
	}
	free(decisions->words);
	decisions->words = NULL;
}

/** Whose guard it is: a policy that denies goes before one that audits, then the first. */
static void find_guard(const struct mica_policy_set *set, uint32_t counter, struct mica_policy_counted *ret)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct mica_policy *policy = &set->policies[i];
		const struct mica_policy_isolation *isolation = &policy->isolation;
		size_t part = 2;
		bool has = isolation->layers_immutable;

		if (counter == MICA_ENFORCE_COUNT_GUARD_UPPERS || counter == MICA_ENFORCE_COUNT_GUARD_DEVICES) {
			part = isolation->unions ? 0 : 1;
			has = isolation->unions || (counter == MICA_ENFORCE_COUNT_GUARD_DEVICES && isolation->volumes);
		}
		if (!has ||
		    (ret->policy && (ret->policy->mode == MICA_POLICY_ENFORCE || policy->mode == MICA_POLICY_AUDIT)))
			continue;
		*ret = (struct mica_policy_counted){
			.policy = policy,
			.voice = MICA_POLICY_VOICE_ISOLATION,
			.index = part,
			.place = mica_policy_voice_place(policy, MICA_POLICY_VOICE_ISOLATION, part),
		};
	}
}

static const char *rule_words(struct mica_decision_words *words, const struct mica_policy_counted *counted)
{
	const char *part = mica_policy_voice_part(counted->policy, counted->voice, counted->index);

	if (counted->voice == MICA_POLICY_VOICE_RULE || !part)
		return part;
	if (!words->rule && asprintf(&words->rule, "%s/%s", mica_policy_voice_name(counted->voice), part) < 0)
		words->rule = NULL;
	return words->rule;
}

static const char *where_words(struct mica_decision_words *words, const struct mica_policy_counted *counted)
{
	/* A part that the policy has not. */
	if (!counted->place.line)
		return NULL;
	if (!words->where && asprintf(&words->where, "%s:%u", counted->policy->file, counted->place.line) < 0)
		words->where = NULL;
	return words->where;
}

void mica_decisions_get(struct mica_decisions *decisions, uint32_t counter, struct mica_event_decision *ret)
{
	const struct mica_force *force = decisions->force;
	struct mica_policy_counted counted = {};

	*ret = (struct mica_event_decision){};
	if (mica_policy_image_counter(&force->image, counter, &counted) < 0)
		return;
	if (counter <= MICA_ENFORCE_COUNT_GUARD_DEVICES)
		find_guard(&force->set, counter, &counted);
	if (!decisions->words)
		decisions->words = calloc(force->image.counter_count, sizeof(*decisions->words));
	if (!counted.policy) {
		ret->rule = mica_policy_fixed_counter_name(counter);
		return;
	}
	ret->policy = counted.policy->name;
	if (!decisions->words)
		return;
	ret->rule = rule_words(&decisions->words[counter], &counted);
	ret->where = where_words(&decisions->words[counter], &counted);
}
