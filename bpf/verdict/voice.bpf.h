/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The evaluator, second half: what the voices of a view say, as user/policy/decide.c does it.
 */
#ifndef MICA_VERDICT_VOICE_BPF_H
#define MICA_VERDICT_VOICE_BPF_H

#include "enforce/maps.bpf.h"
#include "enforce/mount_flags.bpf.h"
#include "mica/policy_match.h"

#define MAX_VOICES 65536
#define MAX_MOUNTS 1024

#define BIT(operation) MICA_OPERATION_BIT(MICA_OPERATION_##operation)

/** Of a word that is not 0. */
static __always_inline u32 lowest_bit(u32 word)
{
	u32 bit = 0;

	for (u32 half = 16; half; half /= 2) {
		if (!(word & ((1U << half) - 1))) {
			word >>= half;
			bit += half;
		}
	}
	return bit;
}

/** A voice speaks; a greater verdict replaces what was said before. */
static __always_inline void say(struct evaluation *evaluation, u32 verdict, u32 error, u32 counter)
{
	if (verdict <= evaluation->verdict)
		return;
	evaluation->verdict = verdict;
	evaluation->error = error;
	evaluation->counter = counter;
	evaluation->decided = evaluation->operation;
}

/** The RULES of one policy are all asked: the lowest of them decides. */
static __always_inline void settle_rules(struct evaluation *evaluation)
{
	u32 outcome = evaluation->outcome;

	evaluation->outcome = 0;
	if (!outcome)
		return;
	if (outcome == MICA_POLICY_OUTCOME_BROKEN)
		say(evaluation, MICA_VERDICT_DENY, EACCES, MICA_ENFORCE_COUNT_BROKEN);
	else
		say(evaluation, MICA_POLICY_OUTCOME_VERDICT(outcome), MICA_POLICY_OUTCOME_ERROR(outcome),
		    evaluation->outcome_counter + MICA_POLICY_OUTCOME_RULE(outcome) - 1);
}

/** The matcher reads the path where the walk left it. */
static __always_inline void use_path(struct scratch *slot)
{
	u32 begin = slot->walk.begin;

	/* The root of an object has no name. */
	if (begin >= MICA_POLICY_PATH_BYTES) {
		begin = MICA_POLICY_PATH_BYTES - 1;
		slot->match.path[begin] = '/';
	}
	slot->match.begin = begin;
	slot->match.path_bytes = MICA_POLICY_PATH_BYTES - begin;
}

/** Brings a string of mount(2) there, behind the path. False: there is none. */
static __always_inline bool use_text(struct scratch *slot, u64 text)
{
	char *place = slot->match.path + MICA_POLICY_PATH_BYTES;
	long size;

	slot->evaluation.looked = 0;
	if (!text)
		return false;
	place[0] = MICA_ENFORCE_TEXT_PREFIX[0];
	place[1] = MICA_ENFORCE_TEXT_PREFIX[1];
	size = bpf_probe_read_kernel_str(place + 2, MICA_POLICY_PATH_BYTES - 2, (void *)text);
	if (size <= 0)
		return false;
	slot->match.begin = MICA_POLICY_PATH_BYTES;
	slot->match.path_bytes = size + 1;
	return true;
}

/** Looks the path up in an automaton. One copy for all who ask: it is large. 0, or the tables are broken. */
__noinline int look_slot(u32 number, u32 root)
{
	struct scratch *slot = bpf_map_lookup_elem(&slots, &number);

	return slot ? mica_policy_look(&slot->match, root) : 1;
}

/** The outcome of what was found. */
__noinline u32 outcome_slot(u32 number)
{
	struct scratch *slot = bpf_map_lookup_elem(&slots, &number);

	return slot ? mica_policy_outcome(&slot->match) : MICA_POLICY_OUTCOME_BROKEN;
}

struct voice_context {
	struct scratch *slot;
	/** Of the slot. */
	u32 number;
	u32 first;
	u32 at_known;
	u32 reserved;
};

static __always_inline u32 match_of(struct voice_context *context, u32 root, u32 operations)
{
	struct scratch *slot = context->slot;

	slot->match.operations = operations;
	slot->match.set = slot->question.set;
	/* Mostly it is the same for the next operation: nothing is there. */
	if (slot->evaluation.looked != root + 1) {
		slot->evaluation.looked = 0;
		if (look_slot(context->number, root))
			return MICA_POLICY_OUTCOME_BROKEN;
		slot->evaluation.looked = root + 1;
	}
	return slot->match.whole || slot->match.entry ? outcome_slot(context->number) : 0;
}

static __always_inline void ask_rules(struct voice_context *context, const struct mica_enforce_voice *voice)
{
	struct evaluation *evaluation = &context->slot->evaluation;
	u32 outcome;

	if (!(voice->flags & MICA_ENFORCE_VOICE_CONTINUED))
		settle_rules(evaluation);
	if (evaluation->flags & QUESTION_ISOLATION || !(voice->operations & MICA_OPERATION_BIT(evaluation->operation)))
		return;
	if (!evaluation->path_known) {
		say(evaluation, voice->flags & MICA_ENFORCE_VOICE_AUDIT ? MICA_VERDICT_AUDIT : MICA_VERDICT_DENY,
		    EACCES, MICA_ENFORCE_COUNT_NO_PATH);
		return;
	}
	use_path(context->slot);
	outcome = match_of(context, voice->root, MICA_OPERATION_BIT(evaluation->operation));
	if (outcome && (!evaluation->outcome || outcome < evaluation->outcome)) {
		evaluation->outcome = outcome;
		evaluation->outcome_counter = voice->counter;
	}
}

/** Does the glob match the text? `root` 0: there is none, so any does. */
static __always_inline bool text_matches(struct voice_context *context, u32 root, u64 text)
{
	bool matches;

	if (!root)
		return true;
	if (!use_text(context->slot, text))
		return false;
	matches = match_of(context, root, MICA_OPERATIONS_ALL);
	context->slot->evaluation.looked = 0;
	return matches;
}

static __always_inline bool mount_matches(struct voice_context *context, const struct mica_enforce_mount *mount)
{
	struct evaluation *evaluation = &context->slot->evaluation;
	struct question *question = &context->slot->question;
	u32 operation = MICA_OPERATION_BIT(evaluation->operation);
	u64 flags = question->mount_flags;
	bool source_known = operation & (BIT(MOUNT) | BIT(MOVE_MOUNT));
	bool flags_known = operation & (BIT(MOUNT) | BIT(REMOUNT));
	bool type_ignored = operation & (BIT(MOVE_MOUNT) | BIT(REMOUNT)) || (operation & BIT(MOUNT) && flags & MS_BIND);

	if (mount->flags_set || mount->flags_clear) {
		if (!flags_known || (flags & mount->flags_set) != mount->flags_set || flags & mount->flags_clear)
			return false;
	}
	if (mount->at_root) {
		if (!context->at_known)
			return false;
		use_path(context->slot);
		if (!match_of(context, mount->at_root, MICA_OPERATIONS_ALL))
			return false;
	}
	if (mount->type_root && !type_ignored &&
	    !text_matches(context, mount->type_root, operation & BIT(MOUNT) ? question->mount_type : 0))
		return false;
	return text_matches(context, mount->source_root, source_known ? question->mount_source : 0);
}

static long mount_step(u32 step, void *data)
{
	struct voice_context *context = data;
	struct evaluation *evaluation = &context->slot->evaluation;
	u32 set = context->slot->question.set, number = context->first + step;
	struct mica_enforce_mount *mount;
	void *entries = bpf_map_lookup_elem(&mounts, &set);

	if (!entries)
		return 1;
	mount = bpf_map_lookup_elem(entries, &number);
	if (!mount)
		return 1;
	if (!mount_matches(context, mount))
		return 0;
	if (!evaluation->mount_found || mount->verdict > evaluation->mount_verdict) {
		evaluation->mount_found = step + 1;
		evaluation->mount_verdict = mount->verdict;
	}
	return 0;
}

static __always_inline u32 audited(u32 verdict, const struct mica_enforce_voice *voice)
{
	return verdict == MICA_VERDICT_DENY && voice->flags & MICA_ENFORCE_VOICE_AUDIT ? MICA_VERDICT_AUDIT : verdict;
}

static __always_inline void ask_mounts(struct voice_context *context, const struct mica_enforce_voice *voice)
{
	struct evaluation *evaluation = &context->slot->evaluation;

	settle_rules(evaluation);
	if (evaluation->flags & QUESTION_ISOLATION || !(voice->operations & MICA_OPERATION_BIT(evaluation->operation)))
		return;
	context->first = voice->root;
	evaluation->mount_found = 0;
	evaluation->mount_verdict = 0;
	bpf_loop(voice->count < MAX_MOUNTS ? voice->count : MAX_MOUNTS, mount_step, context, 0);
	if (evaluation->mount_found)
		say(evaluation, audited(evaluation->mount_verdict, voice), EPERM,
		    voice->counter + evaluation->mount_found - 1);
	else
		say(evaluation, audited(voice->verdict, voice), EPERM, voice->counter + voice->count);
}

static __always_inline void ask_fixed(struct voice_context *context, const struct mica_enforce_voice *voice)
{
	struct evaluation *evaluation = &context->slot->evaluation;

	settle_rules(evaluation);
	if (voice->operations & MICA_OPERATION_BIT(evaluation->operation))
		say(evaluation, audited(voice->verdict, voice), voice->error, voice->counter);
}

/** Asks the next voice; behind the last one, goes on with the next operation. */
static long voice_step(u32 step, void *data)
{
	struct voice_context *context = data;
	struct evaluation *evaluation = &context->slot->evaluation;
	u32 set = context->slot->question.set, number, left = evaluation->left;
	struct mica_enforce_voice *voice;
	void *of_set;

	if (evaluation->next >= evaluation->view.count) {
		settle_rules(evaluation);
		if (!left)
			return 1;
		evaluation->operation = lowest_bit(left);
		evaluation->left = left & (left - 1);
		evaluation->next = 0;
		return 0;
	}
	number = evaluation->view.first + evaluation->next;
	evaluation->next++;
	of_set = bpf_map_lookup_elem(&voices, &set);
	if (!of_set)
		return 1;
	voice = bpf_map_lookup_elem(of_set, &number);
	if (!voice)
		return 1;
	if (voice->kind == MICA_ENFORCE_RULES)
		ask_rules(context, voice);
	else if (voice->kind == MICA_ENFORCE_MOUNTS)
		ask_mounts(context, voice);
	else
		ask_fixed(context, voice);
	return 0;
}

/** Asks all voices of the view about the operations. */
static __always_inline void ask_voices(struct scratch *slot, u32 number, u32 operations, bool at_known)
{
	struct voice_context context = { .slot = slot, .number = number, .at_known = at_known };
	struct evaluation *evaluation = &slot->evaluation;

	evaluation->left = operations & evaluation->view.operations;
	evaluation->next = evaluation->view.count;
	evaluation->looked = 0;
	if (evaluation->left)
		bpf_loop(MAX_VOICES, voice_step, &context, 0);
}

#endif
