// SPDX-License-Identifier: BSD-2-Clause
#include "policy/decide.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "mica/policy_match.h"
#include "policy/glob.h"
#include "policy/operation.h"
#include "policy/subject.h"

/** A question under answer. */
struct asking {
	const struct mica_policy_question *question;
	/** Room of the matcher, with the path in it. */
	struct mica_policy_match *match;
	/** The same without slashes at its end. */
	const char *path;
	bool capability;
	const struct mica_policy *policy;
	struct mica_policy_answer answer;
};

/** A voice of the present policy speaks; a greater verdict replaces what was said before. */
static void say(struct asking *asking, enum mica_verdict verdict, int error, enum mica_policy_voice voice, size_t index,
		const struct mica_policy_place *place)
{
	struct mica_policy_answer *answer = &asking->answer;

	if (verdict == MICA_VERDICT_DENY && asking->policy->mode == MICA_POLICY_AUDIT)
		verdict = MICA_VERDICT_AUDIT;
	if (answer->voice != MICA_POLICY_VOICE_NONE && verdict <= answer->verdict)
		return;
	*answer = (struct mica_policy_answer){
		.verdict = verdict,
		.error = verdict == MICA_VERDICT_ALLOW ? 0 : error,
		.voice = voice,
		.policy = asking->policy,
		.index = index,
		.place = *place,
	};
}

static int is_object(const struct asking *asking, const struct mica_policy_group *group)
{
	const struct mica_policy_question *question = asking->question;

	if (asking->capability)
		return group->object == MICA_POLICY_UNION;
	if (group->object != question->object)
		return 0;
	if (group->layer)
		return group->layer == question->layer;
	if (!group->name)
		return 1;
	/* A glob that matches anything is about those without a name, too. */
	return mica_glob_match(group->name, question->object_name ? question->object_name : "");
}

static int ask_rules(struct asking *asking, const struct mica_policy_compiled_policy *compiled)
{
	uint32_t best = 0, number;

	for (size_t i = 0; i < compiled->group_count; i++) {
		uint32_t outcome;
		int r = is_object(asking, &compiled->groups[i]);

		if (r < 0)
			return r;
		if (!r)
			continue;
		outcome = mica_policy_match(asking->match, compiled->groups[i].root);
		if (outcome == MICA_POLICY_OUTCOME_BROKEN)
			return -EBADMSG;
		if (outcome && (!best || outcome < best))
			best = outcome;
	}
	number = MICA_POLICY_OUTCOME_RULE(best);
	if (best) {
		uint32_t rule = compiled->order[number - 1];

		say(asking, MICA_POLICY_OUTCOME_VERDICT(best), MICA_POLICY_OUTCOME_ERROR(best), MICA_POLICY_VOICE_RULE,
		    rule, &asking->policy->rules[rule].place);
	}
	return 0;
}

static void ask_isolation(struct asking *asking)
{
	const struct mica_policy_isolation *isolation = &asking->policy->isolation;
	const struct mica_policy_question *question = asking->question;

	if (asking->capability)
		return;
	if (question->object == MICA_POLICY_UNION && question->foreign && isolation->unions)
		say(asking, MICA_VERDICT_DENY, EACCES, MICA_POLICY_VOICE_ISOLATION, 0, &isolation->unions_place);
	if (question->object == MICA_POLICY_VOLUME && question->foreign && isolation->volumes)
		say(asking, MICA_VERDICT_DENY, EACCES, MICA_POLICY_VOICE_ISOLATION, 1, &isolation->volumes_place);
	if (question->object == MICA_POLICY_LAYER && isolation->layers_immutable &&
	    MICA_OPERATIONS_MODIFY & MICA_OPERATION_BIT(question->operation))
		say(asking, MICA_VERDICT_DENY, EROFS, MICA_POLICY_VOICE_ISOLATION, 2, &isolation->layers_place);
}

/** Keys of an entry of `mounts` that the operation knows. */
struct known {
	bool type;
	bool source;
	bool at;
	bool flags;
};

static struct known known_keys(const struct asking *asking)
{
	const struct mica_policy_question *question = asking->question;
	bool at = !asking->capability && question->object == MICA_POLICY_UNION;

	switch (question->operation) {
	case MICA_OPERATION_MOUNT:
		return (struct known){ true, true, at, true };
	case MICA_OPERATION_MOVE_MOUNT:
		return (struct known){ false, true, at, false };
	case MICA_OPERATION_REMOUNT:
		return (struct known){ false, false, at, true };
	default:
		return (struct known){ .at = at };
	}
}

/** Whether the type is of no account: the kernel ignores it. */
static bool type_is_ignored(const struct mica_policy_question *question)
{
	return question->operation == MICA_OPERATION_MOVE_MOUNT || question->operation == MICA_OPERATION_REMOUNT ||
	       (question->operation == MICA_OPERATION_MOUNT && question->mount_flags & MS_BIND);
}

/** Whether a key of an entry matches; `known`: by the operation. */
static int key_matches(const struct mica_policy_glob *glob, bool known, const char *text)
{
	if (!glob->text)
		return 1;
	return known && text ? mica_glob_match(glob->text, text) : 0;
}

static int mount_matches(const struct asking *asking, const struct mica_policy_mount *mount)
{
	const struct mica_policy_question *question = asking->question;
	struct known known = known_keys(asking);
	int r = type_is_ignored(question) ? 1 : key_matches(&mount->type, known.type, question->mount_type);

	if (r == 1)
		r = key_matches(&mount->source, known.source, question->mount_source);
	if (r == 1)
		r = key_matches(&mount->at, known.at, asking->path);
	if (r == 1 && (mount->flags_set || mount->flags_clear))
		r = known.flags && (question->mount_flags & mount->flags_set) == mount->flags_set &&
		    !(question->mount_flags & mount->flags_clear);
	return r;
}

static int ask_mounts(struct asking *asking)
{
	const struct mica_policy_mounts *mounts = &asking->policy->mounts;
	const struct mica_policy_mount *best = NULL;

	if (!mounts->place.line || !(MICA_OPERATIONS_MOUNTS & MICA_OPERATION_BIT(asking->question->operation)))
		return 0;
	for (size_t i = 0; i < mounts->count; i++) {
		int r = mount_matches(asking, &mounts->items[i]);

		if (r < 0)
			return r;
		if (r && (!best || mounts->items[i].verdict > best->verdict))
			best = &mounts->items[i];
	}
	if (best)
		say(asking, best->verdict, EPERM, MICA_POLICY_VOICE_MOUNTS, best - mounts->items, &best->place);
	else
		say(asking, mounts->otherwise, EPERM, MICA_POLICY_VOICE_MOUNTS, MICA_POLICY_OTHERWISE,
		    mounts->otherwise_place.line ? &mounts->otherwise_place : &mounts->place);
	return 0;
}

static int ask_volumes(struct asking *asking)
{
	const struct mica_policy *policy = asking->policy;
	const struct mica_policy_question *question = asking->question;
	const struct mica_policy_volume *best, *other;

	if (question->object != MICA_POLICY_VOLUME || !question->object_name || asking->capability)
		return 0;
	if (mica_policy_find_volume(policy, question->object_name, &question->who, &best, &other) < 0)
		return -ENOMEM;
	if (best && best->read_only && MICA_OPERATIONS_MODIFY & MICA_OPERATION_BIT(question->operation))
		say(asking, MICA_VERDICT_DENY, EROFS, MICA_POLICY_VOICE_VOLUMES, best - policy->volumes, &best->place);
	else if (best)
		say(asking, MICA_VERDICT_ALLOW, 0, MICA_POLICY_VOICE_VOLUMES, best - policy->volumes, &best->place);
	else if (other)
		say(asking, MICA_VERDICT_DENY, EACCES, MICA_POLICY_VOICE_VOLUMES, MICA_POLICY_OTHERWISE, &other->place);
	return 0;
}

static int ask_all(struct asking *asking, const struct mica_policy_compiled *compiled)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < compiled->set->count; i++) {
		asking->policy = &compiled->set->policies[i];
		r = mica_policy_applies(compiled->set, i, &asking->question->who);
		if (r != 1)
			continue;
		r = ask_rules(asking, &compiled->policies[i]);
		if (r < 0)
			break;
		ask_isolation(asking);
		r = ask_mounts(asking);
		if (r == 0)
			r = ask_volumes(asking);
	}
	return r < 0 ? r : 0;
}

int mica_policy_decide(const struct mica_policy_compiled *compiled, const struct mica_policy_question *question,
		       struct mica_policy_answer *ret)
{
	_cleanup_free_ struct mica_policy_match *match = NULL;
	struct asking asking = { .question = question };
	const char *path;
	size_t size;
	int r;

	asking.capability = MICA_OPERATIONS_CAPABILITY & MICA_OPERATION_BIT(question->operation);
	path = question->path && !asking.capability ? question->path : "/";
	size = strlen(path);
	if (path[0] != '/')
		return -EINVAL;
	if (size > MICA_POLICY_PATH_BYTES)
		return -ENAMETOOLONG;
	match = malloc(sizeof(*match));
	if (!match)
		return -ENOMEM;
	/* With a slash at the end it is the same directory. */
	while (size > 1 && path[size - 1] == '/')
		size--;
	match->begin = 0;
	match->path_bytes = size;
	match->operations = MICA_OPERATION_BIT(question->operation);
	match->chunks = compiled->tables.chunks;
	match->chunk_count = compiled->tables.chunk_count;
	memcpy(match->path, path, size);
	match->path[size] = '\0';
	asking.match = match;
	asking.path = match->path;
	r = ask_all(&asking, compiled);
	if (r == 0)
		*ret = asking.answer;
	return r;
}

const char *mica_policy_voice_name(enum mica_policy_voice voice)
{
	static const char *const names[_MICA_POLICY_VOICE_MAX] = {
		[MICA_POLICY_VOICE_NONE] = "none",           [MICA_POLICY_VOICE_RULE] = "rule",
		[MICA_POLICY_VOICE_ISOLATION] = "isolation", [MICA_POLICY_VOICE_MOUNTS] = "mounts",
		[MICA_POLICY_VOICE_VOLUMES] = "volumes",
	};
	return names[voice];
}
