/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Enforcement, layer 2: who asks, and the question. A hook is
 *
 *	struct asker asker;
 *	if (!asker_begin(&asker, operations, flags)) return 0;   // nobody cares
 *	return ask(&asker, dentry, operations, flags);    // 0 or a negative errno
 *
 * Verdicts are not given here: verdict_answer() is replaced by the evaluator (bpf/verdict/) when the hooks are loaded,
 * so that the kernel verifies it once and not for each hook.
 */
#ifndef MICA_ENFORCE_ASK_BPF_H
#define MICA_ENFORCE_ASK_BPF_H

#include "maps.bpf.h"

/** The answer to the question in a slot: 0 or a negative errno. In answer.bpf.c, until it is replaced. */
long verdict_answer(u32 number);

struct asker {
	u64 subject;
	u64 generation;
	u32 set;
	u32 flags;
};

/** Guards that are of account for any of the operations. */
static __always_inline u32 guards_of(u32 operations, u32 flags)
{
	u32 guards = operations & MICA_OPERATIONS_MODIFY ? MICA_ENFORCE_GUARD_LAYERS | MICA_ENFORCE_GUARD_UPPERS : 0;

	if (operations & MICA_OPERATION_BIT(MICA_OPERATION_DEVICE_OPEN))
		guards |= MICA_ENFORCE_GUARD_DEVICES;
	if (flags & QUESTION_FOUNDATION)
		guards |= MICA_ENFORCE_GUARD_UPPERS;
	return guards;
}

/** Is the task in the host's mount namespace? Not when it has left all its namespaces. */
static __always_inline bool is_of_host(struct task_struct *task)
{
	struct nsproxy *nsproxy = task->nsproxy;

	return nsproxy && nsproxy->mnt_ns->ns.inum == host_mnt_ns;
}

/** Counts in one of the fixed counters of a set. */
static __always_inline void count_fixed(u32 set, enum mica_enforce_counter_number number)
{
	void *of_set = bpf_map_lookup_elem(&counters, &set);
	struct mica_enforce_counter *counter;
	u32 key = number;

	if (!of_set)
		return;
	counter = bpf_map_lookup_elem(of_set, &key);
	if (counter)
		__sync_fetch_and_add(&counter->denied, 1);
}

/**
 * Is it mica or an engine? A process is that as a whole: its threads may be older than what user space noted, which is
 * a label of the leader (pidfd_open(2) is for no other thread before 6.9).
 */
static __always_inline bool is_trusted(const struct task_struct *task, const struct task_label *label)
{
	struct task_struct *leader = task->group_leader;

	if (label && label->flags & TASK_LABEL_TRUSTED)
		return true;
	if (leader == task)
		return false;
	label = bpf_task_storage_get(&labels, leader, NULL, 0);
	return label && label->flags & TASK_LABEL_TRUSTED;
}

/**
 * *ret_label: the label of the current task; NULL: it is of the host, and has none. False: storage is busy or full,
 * which looks like no label (6.1, preempt=full), so that outside of the host one is made.
 */
static __always_inline bool current_label(struct task_struct *task, struct task_label **ret_label)
{
	struct task_label *label = bpf_task_storage_get(&labels, task, NULL, 0);

	if (!label && !is_of_host(task)) {
		label = bpf_task_storage_get(&labels, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!label)
			return false;
	}
	*ret_label = label;
	return true;
}

enum asked {
	ASKED_NOTHING,
	ASKED,
	/** Whose doing it is cannot be told: deny. */
	ASKED_UNKNOWN,
};

/** What may come of the operations besides, on a union. */
static __always_inline u32 possible_of(u32 operations, u32 flags)
{
	if (flags & QUESTION_CHANGES)
		operations |= MICA_OPERATION_BIT(MICA_OPERATION_COPY_UP);
	if (flags & QUESTION_REMOVES)
		operations |= MICA_OPERATION_BIT(MICA_OPERATION_WHITEOUT);
	if (flags & QUESTION_MAKES_DIRECTORY)
		operations |= MICA_OPERATION_BIT(MICA_OPERATION_OPAQUE);
	/* What was said about making it is to be taken back. */
	if (flags & QUESTION_FOUND)
		operations |= MICA_OPERATION_BIT(MICA_OPERATION_CREATE);
	return operations;
}

/** Does what the current task is about to do concern a set or a guard? */
static __always_inline enum asked asker_begin(struct asker *asker, u32 operations, u32 flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mica_enforce_header *header;
	u32 zero = 0, *place = bpf_map_lookup_elem(&active, &zero), set, guards;
	struct task_label *label = NULL;

	if (!place)
		return ASKED_NOTHING;
	set = *place;
	header = bpf_map_lookup_elem(&headers, &set);
	if (!header || !header->generation)
		return ASKED_NOTHING;
	guards = header->guards & guards_of(operations, flags);
	if (!(header->operations & possible_of(operations, flags)) && !guards)
		return ASKED_NOTHING;
	asker->set = set;
	asker->generation = header->generation;
	asker->subject = 0;
	asker->flags = 0;
	if (!current_label(task, &label)) {
		count_fixed(set, MICA_ENFORCE_COUNT_NO_ROOM);
		return ASKED_UNKNOWN;
	}
	if (label)
		asker->subject = label->subject;
	if (guards && is_trusted(task, label))
		asker->flags |= QUESTION_TRUSTED;
	if (asker->subject)
		return ASKED;
	return guards && !(asker->flags & QUESTION_TRUSTED) ? ASKED : ASKED_NOTHING;
}

/** No: surely not. Yes: has_objects() knows. By itself it is for hooks that have something cheaper to ask next. */
static __always_inline bool may_have_objects(const struct super_block *sb)
{
	u32 which = NUMBER_SUPERBLOCKS;
	u64 *bits = bpf_map_lookup_elem(&numbers, &which);

	return is_overlay(sb) || (bits && *bits & device_bit(sb->s_dev));
}

/** Can anything on this superblock be an object of policies? */
static __always_inline bool has_objects(const struct super_block *sb)
{
	u64 key = (u64)sb;
	struct superblock_entry *entry;

	if (is_overlay(sb))
		return true;
	if (!may_have_objects(sb))
		return false;
	entry = bpf_map_lookup_elem(&superblocks, &key);
	return entry && entry->roots;
}

static __always_inline struct scratch *slot_claim(u32 *ret_number)
{
	u32 first = bpf_get_smp_processor_id() * SLOTS_PER_CPU;

	for (u32 i = 0; i < SLOTS_PER_CPU; i++) {
		u32 number = first + i;
		struct scratch *slot = bpf_map_lookup_elem(&slots, &number);

		if (slot && !slot->busy && __sync_val_compare_and_swap(&slot->busy, 0, 1) == 0) {
			*ret_number = number;
			return slot;
		}
	}
	return NULL;
}

static __always_inline void slot_release(struct scratch *slot)
{
	__sync_lock_test_and_set(&slot->busy, 0);
}

/** What an LSM program may return: the verifier of 6.12 and later wants to see that. */
static __always_inline long result_of(long answer)
{
	barrier_var(answer);
	if (answer > 0 || answer < -4095)
		return -EACCES;
	return answer;
}

/** A question about a mount, besides `dentry`. */
struct mount_question {
	u64 mount;
	u64 type;
	u64 source;
	u64 flags;
};

/** *ret_plain, if that is wanted: nobody has anything against it, and nothing was reported. */
static __always_inline long ask_all(const struct asker *asker, u64 dentry, u32 operations, u32 flags,
				    const struct mount_question *mount, bool *ret_plain)
{
	struct scratch *slot;
	u32 number = 0;
	long answer;

	slot = slot_claim(&number);
	if (!slot) {
		count_fixed(asker->set, MICA_ENFORCE_COUNT_NO_ROOM);
		return asker->subject ? -EACCES : 0;
	}
	slot->question.dentry = dentry;
	slot->question.subject = asker->subject;
	slot->question.set = asker->set;
	slot->question.operations = operations;
	slot->question.flags = flags | asker->flags;
	slot->question.mount = mount ? mount->mount : 0;
	slot->question.mount_type = mount ? mount->type : 0;
	slot->question.mount_source = mount ? mount->source : 0;
	slot->question.mount_flags = mount ? mount->flags : 0;
	slot->question.plain = 0;
	answer = verdict_answer(number);
	if (ret_plain)
		*ret_plain = answer == 0 && slot->question.plain;
	slot_release(slot);
	return result_of(answer);
}

/** May the asker do these operations on what `dentry` stands for? 0 or a negative errno. */
static __always_inline long ask(const struct asker *asker, const struct dentry *dentry, u32 operations, u32 flags)
{
	return ask_all(asker, (u64)dentry, operations, flags, NULL, NULL);
}

/** One of two names of a call: both are asked of one set, which cannot change before the program ends. */
static __always_inline long ask_one(const struct asker *asker, const struct dentry *dentry, u32 operations, u32 flags)
{
	return has_objects(dentry->d_sb) ? ask(asker, dentry, operations, flags) : 0;
}

/** One dentry, of which it is known that it may be in an object. */
static __always_inline long ask_in_object(const struct dentry *dentry, u32 operations, u32 flags)
{
	struct asker asker;
	enum asked asked = asker_begin(&asker, operations, flags);

	if (asked == ASKED_NOTHING)
		return 0;
	if (asked == ASKED_UNKNOWN)
		return -EACCES;
	return ask(&asker, dentry, operations, flags);
}

/** The usual hook: one dentry. */
static __always_inline long ask_of(const struct dentry *dentry, u32 operations, u32 flags)
{
	/* First what is cheapest: most files are on neither. */
	return has_objects(dentry->d_sb) ? ask_in_object(dentry, operations, flags) : 0;
}

#endif
