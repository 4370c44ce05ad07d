// SPDX-License-Identifier: BSD-2-Clause
#include "policy/image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/** Counters of a policy's isolation: unions, volumes, layers. */
#define ISOLATION_COUNTERS 3

void mica_policy_image_free(struct mica_policy_image *image)
{
	free(image->parts);
	free(image->mounts);
	*image = (struct mica_policy_image){};
}

static void lay_out_counters(struct mica_policy_image *image)
{
	const struct mica_policy_set *set = image->compiled->set;
	uint32_t next = _MICA_ENFORCE_COUNT_MAX, mount = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct mica_policy *policy = &set->policies[i];
		struct mica_policy_image_part *part = &image->parts[i];

		part->rules = next;
		part->isolation = part->rules + (uint32_t)policy->rule_count;
		part->mounts = part->isolation + ISOLATION_COUNTERS;
		part->volumes = part->mounts + (uint32_t)policy->mounts.count + 1;
		next = part->volumes + 2 * (uint32_t)policy->volume_count;
		part->first_mount = mount;
		mount += (uint32_t)policy->mounts.count;
	}
	image->counter_count = next;
	image->mount_count = mount;
}

/** An automaton that gives its only rule to what matches `before` and the glob; 0 for a glob that is absent. */
static int add_glob(struct mica_tables *tables, const char *before, const struct mica_policy_glob *glob,
		    uint32_t *ret_root, struct mica_automaton_limit *limit)
{
	_cleanup_free_ char *text = NULL;
	struct mica_automaton_rule rule = { .number = 1,
					    .operations = MICA_OPERATIONS_ALL,
					    .verdict = MICA_VERDICT_ALLOW };

	*ret_root = 0;
	if (!glob->text)
		return 0;
	if (asprintf(&text, "%s%s", before, glob->text) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	rule.path = text;
	return mica_automaton_build(tables, &rule, 1, ret_root, limit);
}

static int add_mount(struct mica_tables *tables, const struct mica_policy_mount *mount, struct mica_enforce_mount *ret,
		     struct mica_automaton_limit *limit)
{
	int r = add_glob(tables, MICA_ENFORCE_TEXT_PREFIX, &mount->type, &ret->type_root, limit);

	if (r == 0)
		r = add_glob(tables, MICA_ENFORCE_TEXT_PREFIX, &mount->source, &ret->source_root, limit);
	if (r == 0)
		r = add_glob(tables, "", &mount->at, &ret->at_root, limit);
	ret->flags_set = mount->flags_set;
	ret->flags_clear = mount->flags_clear;
	ret->verdict = mount->verdict;
	return r;
}

static int add_mounts(struct mica_policy_compiled *compiled, struct mica_policy_image *image,
		      struct mica_policy_refusal *refusal)
{
	for (size_t i = 0; i < compiled->set->count; i++) {
		const struct mica_policy_mounts *mounts = &compiled->set->policies[i].mounts;

		for (size_t j = 0; j < mounts->count; j++) {
			struct mica_automaton_limit limit = {};
			int r = add_mount(&compiled->tables, &mounts->items[j],
					  &image->mounts[image->parts[i].first_mount + j], &limit);

			if (r == -E2BIG)
				*refusal = (struct mica_policy_refusal){ &compiled->set->policies[i], limit };
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/** Guards of the object rules: those of all policies, since they bind every task. */
static uint32_t guards_of(const struct mica_policy_set *set)
{
	uint32_t guards = 0;
	bool audit = true;

	for (size_t i = 0; i < set->count; i++) {
		const struct mica_policy_isolation *isolation = &set->policies[i].isolation;

		if (isolation->layers_immutable)
			guards |= MICA_ENFORCE_GUARD_LAYERS;
		if (isolation->unions)
			guards |= MICA_ENFORCE_GUARD_UPPERS;
		if (isolation->unions || isolation->volumes)
			guards |= MICA_ENFORCE_GUARD_DEVICES;
		if (isolation->layers_immutable || isolation->unions || isolation->volumes)
			audit &= set->policies[i].mode == MICA_POLICY_AUDIT;
	}
	return guards && audit ? guards | MICA_ENFORCE_GUARD_AUDIT : guards;
}

static uint32_t operations_of(const struct mica_policy_compiled *compiled)
{
	uint32_t operations = 0;

	for (size_t i = 0; i < compiled->set->count; i++) {
		const struct mica_policy *policy = &compiled->set->policies[i];

		for (size_t j = 0; j < compiled->policies[i].group_count; j++)
			operations |= compiled->policies[i].groups[j].deciding;
		if (policy->isolation.unions || policy->isolation.volumes || policy->volume_count)
			operations |= MICA_OPERATIONS_ALL & ~MICA_OPERATIONS_CAPABILITY;
		if (policy->isolation.layers_immutable)
			operations |= MICA_OPERATIONS_MODIFY;
		if (policy->mounts.place.line)
			operations |= MICA_OPERATIONS_MOUNTS;
	}
	return operations;
}

int mica_policy_image_make(struct mica_policy_compiled *compiled, struct mica_policy_image *ret,
			   struct mica_policy_refusal *ret_refusal)
{
	_cleanup_policy_image_ struct mica_policy_image image = { .compiled = compiled };
	int r;

	image.parts = calloc(compiled->set->count + 1, sizeof(*image.parts));
	if (!image.parts)
		return -ENOMEM;
	lay_out_counters(&image);
	image.mounts = calloc(image.mount_count + 1, sizeof(*image.mounts));
	if (!image.mounts)
		return -ENOMEM;
	r = add_mounts(compiled, &image, ret_refusal);
	if (r < 0)
		return r;
	image.guards = guards_of(compiled->set);
	image.operations = operations_of(compiled);
	*ret = image;
	image = (struct mica_policy_image){};
	return 0;
}

/** Of a policy's volumes: an entry, or that no entry is for the subject. */
static void count_volume(const struct mica_policy *policy, uint32_t number, struct mica_policy_counted *ret)
{
	bool nobody = number >= policy->volume_count;
	size_t entry = nobody ? number - policy->volume_count : number;

	ret->voice = MICA_POLICY_VOICE_VOLUMES;
	ret->index = nobody ? MICA_POLICY_OTHERWISE : entry;
	ret->place = policy->volumes[entry].place;
}

int mica_policy_image_counter(const struct mica_policy_image *image, uint32_t counter, struct mica_policy_counted *ret)
{
	struct mica_policy_counted counted = {};
	const struct mica_policy_image_part *part;
	const struct mica_policy *policy;
	size_t i = image->compiled->set->count;

	if (counter >= image->counter_count)
		return -ENOENT;
	if (counter < _MICA_ENFORCE_COUNT_MAX) {
		*ret = counted;
		return 0;
	}
	while (i > 1 && counter < image->parts[i - 1].rules)
		i--;
	part = &image->parts[i - 1];
	policy = counted.policy = &image->compiled->set->policies[i - 1];
	if (counter >= part->volumes) {
		count_volume(policy, counter - part->volumes, &counted);
		*ret = counted;
		return 0;
	}
	if (counter >= part->mounts) {
		counted.voice = MICA_POLICY_VOICE_MOUNTS;
		counted.index = counter - part->mounts;
		if (counted.index == policy->mounts.count)
			counted.index = MICA_POLICY_OTHERWISE;
	} else if (counter >= part->isolation) {
		counted.voice = MICA_POLICY_VOICE_ISOLATION;
		counted.index = counter - part->isolation;
	} else {
		counted.voice = MICA_POLICY_VOICE_RULE;
		counted.index = image->compiled->policies[i - 1].order[counter - part->rules];
	}
	counted.place = mica_policy_voice_place(policy, counted.voice, counted.index);
	*ret = counted;
	return 0;
}

const char *mica_policy_fixed_counter_name(uint32_t counter)
{
	static const char *const names[_MICA_ENFORCE_COUNT_MAX] = {
		[MICA_ENFORCE_COUNT_GUARD_LAYERS] = "guard/layers",
		[MICA_ENFORCE_COUNT_GUARD_UPPERS] = "guard/uppers",
		[MICA_ENFORCE_COUNT_GUARD_DEVICES] = "guard/devices",
		[MICA_ENFORCE_COUNT_NO_PATH] = "no-path",
		[MICA_ENFORCE_COUNT_NO_ROOM] = "no-room",
		[MICA_ENFORCE_COUNT_BROKEN] = "broken",
		[MICA_ENFORCE_COUNT_SELF] = "self-protection",
	};

	return counter < _MICA_ENFORCE_COUNT_MAX ? names[counter] : NULL;
}
