// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sentence by sentence as in mica-policy(5). Every voice is asked, all answers are listed, and the list is judged at
 * the end; of rules, each is compared with each.
 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "reference.h"

#define MOST_ANSWERS 64

struct listing {
	const struct mica_policy_set *set;
	const struct mica_policy_question *question;
	const struct mica_policy *policy;
	char path[4200];
	struct mica_policy_answer answers[MOST_ANSWERS];
	size_t count;
};

/* ---- subjects ---- */

/** "what is not known matches no glob" */
static bool key(const struct mica_policy_glob *glob, const char *text)
{
	return !glob->text || (text && reference_glob(glob->text, text));
}

/** "The container's name; or its id, or a prefix of the id of 12 or more hexadecimal digits." */
static bool container(const struct mica_policy_glob *glob, const struct mica_policy_who *who)
{
	size_t digits = 0;

	if (key(glob, who->container))
		return true;
	if (!who->id)
		return false;
	while (glob->text[digits] && strchr("0123456789abcdef", glob->text[digits]) &&
	       glob->text[digits] == who->id[digits])
		digits++;
	return digits >= 12 && !glob->text[digits];
}

static bool chosen_by_keys(const struct mica_policy_subjects *subjects, const struct mica_policy_who *who)
{
	bool any = false;

	for (size_t i = 0; i < subjects->count; i++) {
		const struct mica_policy_subject *entry = &subjects->items[i];

		any |= !entry->is_default && container(&entry->container, who) && key(&entry->image, who->image) &&
		       key(&entry->cgroup, who->cgroup) && key(&entry->namespace, who->namespace) &&
		       key(&entry->engine, who->engine);
	}
	return any;
}

/** "`default: true` stands alone: it is for each container that no policy of the set chooses by one of these keys." */
static bool applies(const struct listing *listing, const struct mica_policy *policy)
{
	const struct mica_policy_who *who = &listing->question->who;
	bool by_default = false, chosen = false;

	for (size_t i = 0; i < policy->subjects.count; i++)
		by_default |= policy->subjects.items[i].is_default;
	for (size_t i = 0; i < listing->set->count; i++)
		chosen |= chosen_by_keys(&listing->set->policies[i].subjects, who);
	return chosen_by_keys(&policy->subjects, who) || (by_default && !chosen);
}

/* ---- voices ---- */

static void answer(struct listing *listing, enum mica_verdict verdict, int error, enum mica_policy_voice voice,
		   size_t index, struct mica_policy_place place)
{
	/* "each denial of this policy, by whichever of its sections, is an audit instead" */
	if (listing->policy->mode == MICA_POLICY_AUDIT && verdict == MICA_VERDICT_DENY)
		verdict = MICA_VERDICT_AUDIT;
	listing->answers[listing->count++] = (struct mica_policy_answer){
		.verdict = verdict,
		.error = verdict == MICA_VERDICT_ALLOW ? 0 : error,
		.voice = voice,
		.policy = listing->policy,
		.index = index,
		.place = place,
	};
}

static bool is_on(uint32_t operations, enum mica_operation operation)
{
	return operations >> operation & 1;
}

static bool is_capability(enum mica_operation operation)
{
	return operation == MICA_OPERATION_MOUNT_SETATTR || operation == MICA_OPERATION_OPEN_TREE ||
	       operation == MICA_OPERATION_SETNS;
}

static bool rule_matches(const struct listing *listing, const struct mica_policy_rule *rule)
{
	const struct mica_policy_question *question = listing->question;

	if (!is_on(rule->operations, question->operation))
		return false;
	if (is_capability(question->operation))
		return rule->object == MICA_POLICY_UNION && reference_glob(rule->path.text, "/");
	if (rule->object != question->object)
		return false;
	if (rule->layer && rule->layer != question->layer)
		return false;
	/* "One that has no name that is known is as one with an empty name." */
	return key(&rule->object_name, question->object_name ? question->object_name : "") &&
	       reference_glob(rule->path.text, listing->path);
}

/** Negative: `a` has the shorter prefix; "a glob without any of these goes before one with the same prefix". */
static int compare_prefixes(const char *a, const char *b)
{
	bool a_exact = false, b_exact = false;
	long a_bytes = a ? (long)reference_prefix(a, &a_exact) : 0,
	     b_bytes = b ? (long)reference_prefix(b, &b_exact) : 0;

	if (a_bytes != b_bytes)
		return a_bytes < b_bytes ? -1 : 1;
	return (int)a_exact - (int)b_exact;
}

/** Whether of two rules that match the later one in the file decides. */
static bool later_decides(const struct mica_policy_rule *earlier, const struct mica_policy_rule *later)
{
	int order = compare_prefixes(later->path.text, earlier->path.text);

	if (order == 0)
		order = compare_prefixes(later->object_name.text, earlier->object_name.text);
	if (order == 0)
		order = (int)later->verdict - (int)earlier->verdict;
	return order > 0;
}

static int default_error(enum mica_operation operation)
{
	switch (operation) {
	case MICA_OPERATION_COPY_UP:
	case MICA_OPERATION_WHITEOUT:
	case MICA_OPERATION_OPAQUE:
		return EROFS;
	case MICA_OPERATION_MOUNT:
	case MICA_OPERATION_UMOUNT:
	case MICA_OPERATION_MOVE_MOUNT:
	case MICA_OPERATION_REMOUNT:
	case MICA_OPERATION_MOUNT_SETATTR:
	case MICA_OPERATION_OPEN_TREE:
	case MICA_OPERATION_PIVOT_ROOT:
	case MICA_OPERATION_SETNS:
		return EPERM;
	default:
		return EACCES;
	}
}

static void rules(struct listing *listing)
{
	const struct mica_policy_rule *best = NULL;

	for (size_t i = 0; i < listing->policy->rule_count; i++) {
		const struct mica_policy_rule *rule = &listing->policy->rules[i];

		if (rule_matches(listing, rule) && (!best || later_decides(best, rule)))
			best = rule;
	}
	if (best)
		answer(listing, best->verdict, best->error ? best->error : default_error(listing->question->operation),
		       MICA_POLICY_VOICE_RULE, (size_t)(best - listing->policy->rules), best->place);
}

/** "write create delete rename link truncate chmod chown utimes xattr acl ioctl mmap-write copy-up whiteout opaque" */
static bool modifies(enum mica_operation operation)
{
	return operation != MICA_OPERATION_READ && operation <= MICA_OPERATION_OPAQUE;
}

static void isolation(struct listing *listing)
{
	const struct mica_policy_isolation *what = &listing->policy->isolation;
	const struct mica_policy_question *question = listing->question;

	if (is_capability(question->operation))
		return;
	if (what->unions && question->object == MICA_POLICY_UNION && question->foreign)
		answer(listing, MICA_VERDICT_DENY, EACCES, MICA_POLICY_VOICE_ISOLATION, 0, what->unions_place);
	if (what->volumes && question->object == MICA_POLICY_VOLUME && question->foreign)
		answer(listing, MICA_VERDICT_DENY, EACCES, MICA_POLICY_VOICE_ISOLATION, 1, what->volumes_place);
	if (what->layers_immutable && question->object == MICA_POLICY_LAYER && modifies(question->operation))
		answer(listing, MICA_VERDICT_DENY, EROFS, MICA_POLICY_VOICE_ISOLATION, 2, what->layers_place);
}

static bool mount_matches(const struct listing *listing, const struct mica_policy_mount *mount)
{
	const struct mica_policy_question *question = listing->question;
	enum mica_operation operation = question->operation;
	bool is_mount = operation == MICA_OPERATION_MOUNT, is_move = operation == MICA_OPERATION_MOVE_MOUNT;
	bool is_remount = operation == MICA_OPERATION_REMOUNT, is_bind = is_mount && question->mount_flags & MS_BIND;

	/* "The kernel ignores the type of a bind, a move and a remount; so does the policy: it is not compared." */
	if (mount->type.text && !is_bind && !is_move && !is_remount &&
	    !(is_mount && key(&mount->type, question->mount_type)))
		return false;
	if (mount->source.text && !((is_mount || is_move) && key(&mount->source, question->mount_source)))
		return false;
	if (mount->at.text && (is_capability(operation) || question->object != MICA_POLICY_UNION ||
			       !reference_glob(mount->at.text, listing->path)))
		return false;
	if (!mount->flags_set && !mount->flags_clear)
		return true;
	if (!is_mount && !is_remount)
		return false;
	for (unsigned bit = 0; bit < 64; bit++) {
		bool has = question->mount_flags >> bit & 1;

		if ((mount->flags_set >> bit & 1 && !has) || (mount->flags_clear >> bit & 1 && has))
			return false;
	}
	return true;
}

static void mounts(struct listing *listing)
{
	const struct mica_policy_mounts *what = &listing->policy->mounts;
	enum mica_operation operation = listing->question->operation;
	static const enum mica_verdict order[] = { MICA_VERDICT_DENY, MICA_VERDICT_ALLOW };

	if (!what->place.line || operation < MICA_OPERATION_MOUNT || operation > MICA_OPERATION_SETNS)
		return;
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < what->count; i++)
			if (what->items[i].verdict == order[pass] && mount_matches(listing, &what->items[i])) {
				answer(listing, order[pass], EPERM, MICA_POLICY_VOICE_MOUNTS, i, what->items[i].place);
				return;
			}
	answer(listing, what->otherwise, EPERM, MICA_POLICY_VOICE_MOUNTS, MICA_POLICY_OTHERWISE,
	       what->otherwise_place.line ? what->otherwise_place : what->place);
}

/** "the longest literal prefix decides, then ro before rw, then the first" */
static bool volume_is_better(const struct mica_policy_volume *later, const struct mica_policy_volume *earlier)
{
	bool ignored;
	size_t bytes = reference_prefix(later->volume.text, &ignored);
	size_t earlier_bytes = reference_prefix(earlier->volume.text, &ignored);

	return bytes > earlier_bytes || (bytes == earlier_bytes && later->read_only && !earlier->read_only);
}

static void volumes(struct listing *listing)
{
	const struct mica_policy *policy = listing->policy;
	const struct mica_policy_question *question = listing->question;
	const struct mica_policy_volume *best = NULL, *any = NULL;

	if (question->object != MICA_POLICY_VOLUME || is_capability(question->operation))
		return;
	for (size_t i = policy->volume_count; i-- > 0;) {
		const struct mica_policy_volume *entry = &policy->volumes[i];

		if (!question->object_name || !reference_glob(entry->volume.text, question->object_name))
			continue;
		any = entry;
		if (entry->who.count && !chosen_by_keys(&entry->who, &question->who))
			continue;
		/* From the last to the first: an earlier one gives way only to a better one. */
		if (!best || !volume_is_better(best, entry))
			best = entry;
	}
	if (!any)
		return;
	if (!best)
		answer(listing, MICA_VERDICT_DENY, EACCES, MICA_POLICY_VOICE_VOLUMES, MICA_POLICY_OTHERWISE,
		       any->place);
	else
		answer(listing,
		       best->read_only && modifies(question->operation) ? MICA_VERDICT_DENY : MICA_VERDICT_ALLOW, EROFS,
		       MICA_POLICY_VOICE_VOLUMES, (size_t)(best - policy->volumes), best->place);
}

void reference_decide(const struct mica_policy_set *set, const struct mica_policy_question *question,
		      struct mica_policy_answer *ret)
{
	static struct listing listing;
	size_t bytes;

	listing.set = set;
	listing.question = question;
	listing.count = 0;
	strcpy(listing.path, question->path ? question->path : "/");
	for (bytes = strlen(listing.path); bytes > 1 && listing.path[bytes - 1] == '/'; bytes--)
		listing.path[bytes - 1] = '\0';
	for (size_t i = 0; i < set->count; i++) {
		listing.policy = &set->policies[i];
		if (!applies(&listing, listing.policy))
			continue;
		rules(&listing);
		isolation(&listing);
		mounts(&listing);
		volumes(&listing);
	}
	/* "Of all voices of all policies that are for the subject, the greatest wins"; "of equal verdicts the first" */
	*ret = (struct mica_policy_answer){};
	for (int verdict = MICA_VERDICT_DENY; verdict >= MICA_VERDICT_ALLOW; verdict--)
		for (size_t i = 0; i < listing.count; i++)
			if ((int)listing.answers[i].verdict == verdict) {
				*ret = listing.answers[i];
				return;
			}
}
