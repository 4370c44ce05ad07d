// SPDX-License-Identifier: BSD-2-Clause
#include "policy/decide.h"

/** Parts of an isolation, by the index of an answer. */
static const char *const isolation_parts[] = { "unions", "volumes", "layers" };

const char *mica_policy_voice_part(const struct mica_policy *policy, enum mica_policy_voice voice, size_t index)
{
	bool otherwise = index == MICA_POLICY_OTHERWISE;

	switch (voice) {
	case MICA_POLICY_VOICE_RULE:
		return index < policy->rule_count ? policy->rules[index].name : NULL;
	case MICA_POLICY_VOICE_ISOLATION:
		return index < sizeof(isolation_parts) / sizeof(isolation_parts[0]) ? isolation_parts[index] : NULL;
	case MICA_POLICY_VOICE_MOUNTS:
		if (otherwise)
			return "otherwise";
		return index < policy->mounts.count ? mica_verdict_name(policy->mounts.items[index].verdict) : NULL;
	case MICA_POLICY_VOICE_VOLUMES:
		if (otherwise)
			return "who";
		if (index >= policy->volume_count)
			return NULL;
		return policy->volumes[index].read_only ? "ro" : "rw";
	default:
		return NULL;
	}
}

static struct mica_policy_place isolation_place(const struct mica_policy_isolation *isolation, size_t index)
{
	const struct mica_policy_place places[] = { isolation->unions_place, isolation->volumes_place,
						    isolation->layers_place };

	return index < sizeof(places) / sizeof(places[0]) ? places[index] : (struct mica_policy_place){};
}

struct mica_policy_place mica_policy_voice_place(const struct mica_policy *policy, enum mica_policy_voice voice,
						 size_t index)
{
	const struct mica_policy_mounts *mounts = &policy->mounts;

	switch (voice) {
	case MICA_POLICY_VOICE_RULE:
		return index < policy->rule_count ? policy->rules[index].place : (struct mica_policy_place){};
	case MICA_POLICY_VOICE_ISOLATION:
		return isolation_place(&policy->isolation, index);
	case MICA_POLICY_VOICE_MOUNTS:
		if (index < mounts->count)
			return mounts->items[index].place;
		return mounts->otherwise_place.line ? mounts->otherwise_place : mounts->place;
	case MICA_POLICY_VOICE_VOLUMES:
		/* Of "no entry is for the subject" the first one that matches is told with the answer; here any. */
		if (index < policy->volume_count)
			return policy->volumes[index].place;
		return policy->volume_count ? policy->volumes[0].place : (struct mica_policy_place){};
	default:
		return (struct mica_policy_place){};
	}
}
