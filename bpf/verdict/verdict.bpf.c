// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The evaluator: it takes the place of verdict_answer() in each hook (bpf/enforce/answer.bpf.c), and so is verified
 * once. From the question in a slot to 0 or a negative errno; what it denies, it counts and reports.
 */
#include "report.bpf.h"
#include "voice.bpf.h"
#include "walk.bpf.h"

#include "enforce/special.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/** overlayfs' own work on a directory that is its upper, or a layer: by the very credentials that it works with. */
static __always_inline bool is_overlays_own_work(const struct scratch *slot)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 cred = (u64)task->cred, *found;

	if (!(slot->question.flags & QUESTION_DENTRY_ONLY))
		return false;
	found = bpf_map_lookup_elem(&overlay_creds, &cred);
	if (!found)
		return false;
	return slot->walk.kind == MICA_ENFORCE_UPPER ? *found == slot->walk.union_of_upper : true;
}

static long name_step(u32 word, void *data)
{
	struct scratch *slot = ((struct walk_context *)data)->slot;
	u32 offset = (word & 31) * 8;

	if (*(u64 *)(slot->lower_name + offset) == *(u64 *)(slot->upper_name + offset))
		return 0;
	slot->lower_name[0] = 0;
	return 1;
}

/** Is the lower of the overlay dentry one of the same name? One that was moved here leaves no whiteout. */
static __always_inline bool same_name(struct scratch *slot, struct dentry *dentry, struct dentry *lower)
{
	struct walk_context context = { .slot = slot };
	u32 length = BPF_CORE_READ(dentry, d_name.len);

	if (length > NAME_BYTES || length != BPF_CORE_READ(lower, d_name.len))
		return false;
	__builtin_memset(slot->lower_name, 0, sizeof(slot->lower_name));
	__builtin_memset(slot->upper_name, 0, sizeof(slot->upper_name));
	bpf_probe_read_kernel(slot->upper_name, length & 255, BPF_CORE_READ(dentry, d_name.name));
	bpf_probe_read_kernel(slot->lower_name, length & 255, BPF_CORE_READ(lower, d_name.name));
	bpf_loop(sizeof(slot->lower_name) / 8, name_step, &context, 0);
	return slot->lower_name[0] != 0;
}

/** What an operation on a union does to its layers. */
static __always_inline u32 layer_operations(struct scratch *slot)
{
	struct dentry *dentry = (void *)slot->question.dentry;
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	u32 flags = slot->question.flags, operations = 0;
	struct overlay_lower lower;

	if (!inode) {
		if (flags & QUESTION_MAKES_DIRECTORY && overlay_is_opaque(dentry))
			operations |= BIT(OPAQUE);
		return operations;
	}
	if (flags & QUESTION_CHANGES && (!overlay_upper(inode) || ((BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFREG &&
								   !overlay_has_upper_data(inode))))
		operations |= BIT(COPY_UP);
	if (!(flags & QUESTION_REMOVES))
		return operations;
	lower = overlay_lower(dentry, inode);
	if (lower.index && same_name(slot, dentry, lower.dentry))
		operations |= BIT(WHITEOUT);
	return operations;
}

/** Is the union the subject's own? */
static __always_inline bool is_own_union(const struct scratch *slot)
{
	struct grant_key key = { .subject = slot->question.subject, .union_number = slot->walk.union_number };

	return slot->walk.owner == slot->question.subject || bpf_map_lookup_elem(&grants, &key);
}

static __always_inline void choose_view(struct scratch *slot, const struct mica_enforce_subject *subject)
{
	u32 set = slot->question.set, kind = slot->walk.kind;
	struct mica_enforce_view_key key = { .group = subject->group, .kind = kind, .number = slot->walk.number };
	struct mica_enforce_view *view;
	void *of_set;

	if (slot->question.flags & QUESTION_CAPABILITY) {
		slot->evaluation.view = subject->capability;
		return;
	}
	if (kind == MICA_ENFORCE_UNION) {
		slot->evaluation.view = is_own_union(slot) ? subject->own_union : subject->foreign_union;
		return;
	}
	if (kind != MICA_ENFORCE_VOLUME && kind != MICA_ENFORCE_LAYER) {
		slot->evaluation.view = subject->nowhere;
		return;
	}
	of_set = bpf_map_lookup_elem(&views, &set);
	view = of_set ? bpf_map_lookup_elem(of_set, &key) : NULL;
	if (view)
		slot->evaluation.view = *view;
	else
		slot->evaluation.view = kind == MICA_ENFORCE_VOLUME ? subject->volume : subject->layer;
}

/** The object rules, for everyone but mica and the engine; ways into an upper are refused to subjects altogether. */
static __always_inline void ask_guards(struct scratch *slot, const struct mica_enforce_header *header, u32 operations)
{
	u32 verdict = header->guards & MICA_ENFORCE_GUARD_AUDIT ? MICA_VERDICT_AUDIT : MICA_VERDICT_DENY;
	struct evaluation *evaluation = &slot->evaluation;
	struct question *question = &slot->question;
	u32 modify = operations & MICA_OPERATIONS_MODIFY;

	if (question->flags & QUESTION_TRUSTED || (!header->guards && !slot->walk.own))
		return;
	if (operations)
		evaluation->operation = lowest_bit(modify ? modify : operations);
	if (header->guards & MICA_ENFORCE_GUARD_DEVICES && question->subject && operations & BIT(DEVICE_OPEN)) {
		if (special_of((void *)question->dentry) == SPECIAL_DEVICE)
			say(evaluation, verdict, EACCES, MICA_ENFORCE_COUNT_GUARD_DEVICES);
	}
	if (header->guards & MICA_ENFORCE_GUARD_DEVICES && question->subject && question->flags & QUESTION_FILE_SYSTEM)
		say(evaluation, verdict, EACCES, MICA_ENFORCE_COUNT_GUARD_DEVICES);
	if (slot->walk.own && question->subject && modify)
		say(evaluation, MICA_VERDICT_DENY, EPERM, MICA_ENFORCE_COUNT_SELF);
	if (header->guards & MICA_ENFORCE_GUARD_UPPERS && slot->walk.kind == MICA_ENFORCE_UPPER && !slot->walk.own &&
	    (modify || question->subject))
		say(evaluation, verdict, EACCES, MICA_ENFORCE_COUNT_GUARD_UPPERS);
	if (header->guards & MICA_ENFORCE_GUARD_LAYERS && slot->walk.layer_uses && modify)
		say(evaluation, verdict, EROFS, MICA_ENFORCE_COUNT_GUARD_LAYERS);
	/* A directory of no object may have others' uppers in it, and a union over it reaches them all. */
	if (header->guards & MICA_ENFORCE_GUARD_UPPERS && question->flags & QUESTION_FOUNDATION && question->subject &&
	    slot->walk.kind == MICA_ENFORCE_NOWHERE && slot->walk.sb_id)
		say(evaluation, verdict, EACCES, MICA_ENFORCE_COUNT_GUARD_UPPERS);
}

/** A file without a name (by a handle), on a file system that holds objects: it may be in any of them. */
static __always_inline void ask_nameless(struct scratch *slot, const struct mica_enforce_header *header, u32 operations)
{
	u32 verdict = header->guards & MICA_ENFORCE_GUARD_AUDIT ? MICA_VERDICT_AUDIT : MICA_VERDICT_DENY;
	struct evaluation *evaluation = &slot->evaluation;

	if (evaluation->path_known || !slot->question.dentry || !slot->question.subject || !slot->walk.sb_id ||
	    slot->walk.kind != MICA_ENFORCE_NOWHERE)
		return;
	if (header->guards & MICA_ENFORCE_GUARD_LAYERS && operations & MICA_OPERATIONS_MODIFY)
		say(evaluation, verdict, EROFS, MICA_ENFORCE_COUNT_NO_PATH);
	if (header->guards & MICA_ENFORCE_GUARD_DEVICES)
		say(evaluation, verdict, EACCES, MICA_ENFORCE_COUNT_NO_PATH);
}

/** What is said to a subject, or to all others. */
static __always_inline const struct mica_enforce_subject *look_up_subject(u32 set, u64 number)
{
	void *of_set = bpf_map_lookup_elem(&subjects, &set), *found;
	u64 none = 0;

	if (!of_set)
		return NULL;
	found = bpf_map_lookup_elem(of_set, &number);
	return found ? found : bpf_map_lookup_elem(of_set, &none);
}

/** Changes with the set, and with each of its subjects. */
static __always_inline u64 subject_stamp(const struct mica_enforce_header *header)
{
	u32 which = NUMBER_SUBJECTS_CHANGED;
	u64 *changed = bpf_map_lookup_elem(&numbers, &which);

	/* Both only ever grow. */
	return changed ? header->generation + *(volatile u64 *)changed : 0;
}

/** The same, from what the slot has of the question before if it was the same subject's. */
static __always_inline const struct mica_enforce_subject *find_subject(struct scratch *slot,
								       const struct mica_enforce_header *header)
{
	const struct mica_enforce_subject *subject;
	u64 number = slot->question.subject, stamp = subject_stamp(header);

	if (stamp && slot->found.stamp == stamp && slot->found.number == number)
		return &slot->found.subject;
	slot->found.stamp = 0;
	subject = look_up_subject(slot->question.set, number);
	if (!subject)
		return NULL;
	slot->found.subject = *subject;
	slot->found.number = number;
	slot->found.stamp = stamp;
	return &slot->found.subject;
}

static __always_inline void evaluate_object(struct scratch *slot)
{
	struct evaluation *evaluation = &slot->evaluation;

	slot->walk.kind = MICA_ENFORCE_NOWHERE;
	slot->walk.number = 0;
	slot->walk.union_number = 0;
	slot->walk.layer_uses = 0;
	slot->walk.own = 0;
	slot->walk.begin = MICA_POLICY_PATH_BYTES;
	evaluation->path_known = slot->question.flags & QUESTION_CAPABILITY;
	if (slot->question.dentry)
		evaluation->path_known = walk_up(slot);
}

SEC("freplace/verdict_answer")
long evaluate(u32 number)
{
	struct scratch *slot = bpf_map_lookup_elem(&slots, &number);
	const struct mica_enforce_subject *subject;
	struct mica_enforce_header *header;
	struct evaluation *evaluation;
	struct question *question;
	u32 operations, set;
	long error;

	if (!slot)
		return -EACCES;
	question = &slot->question;
	evaluation = &slot->evaluation;
	set = question->set;
	header = bpf_map_lookup_elem(&headers, &set);
	if (!header)
		return 0;
	if (header->deadline_ns && bpf_ktime_get_boot_ns() > header->deadline_ns)
		return 0;
	if (question->flags & QUESTION_FOUND)
		take_back(slot, header->generation);
	evaluation->verdict = MICA_VERDICT_ALLOW;
	evaluation->outcome = 0;
	evaluation->flags = question->flags;
	operations = question->operations;
	evaluate_object(slot);
	if (is_overlays_own_work(slot))
		return 0;
	if (question->flags & QUESTION_NOT_OF_LAYERS &&
	    (slot->walk.kind == MICA_ENFORCE_UPPER || slot->walk.kind == MICA_ENFORCE_LAYER))
		return 0;
	ask_guards(slot, header, operations);
	ask_nameless(slot, header, operations);
	subject = question->subject ? find_subject(slot, header) : NULL;
	if (subject && operations) {
		if (slot->walk.kind == MICA_ENFORCE_UNION && question->dentry)
			operations |= layer_operations(slot);
		choose_view(slot, subject);
		ask_voices(slot, number, operations, evaluation->path_known && slot->walk.kind == MICA_ENFORCE_UNION);
	}
	if (evaluation->verdict == MICA_VERDICT_ALLOW) {
		question->plain = 1;
		return 0;
	}
	if (question->flags & QUESTION_FOUNDATION)
		evaluation->decided = MICA_OPERATION_MOUNT;
	report(slot, header);
	error = evaluation->error;
	if (evaluation->verdict != MICA_VERDICT_DENY)
		return 0;
	return error == EPERM ? -EPERM : error == EROFS ? -EROFS : -EACCES;
}
