/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A denial is counted exactly, and reported as far as there is room: a verdict never depends on that.
 */
#ifndef MICA_VERDICT_REPORT_BPF_H
#define MICA_VERDICT_REPORT_BPF_H

#include "denial.bpf.h"
#include "enforce/maps.bpf.h"

static __always_inline void fill_object(struct scratch *slot, struct mica_denial *head)
{
	struct dentry *dentry = (void *)slot->question.dentry;
	struct super_block *sb;
	struct inode *inode;

	/* Where the pins are is no upper, though the evaluator treats it as one. */
	head->kind = slot->walk.own ? MICA_ENFORCE_NOWHERE : slot->walk.kind;
	head->number = slot->walk.number;
	head->union_id = slot->walk.union_number;
	head->inode = 0;
	head->dev = 0;
	if (!dentry)
		return;
	inode = BPF_CORE_READ(dentry, d_inode);
	/* A name that is to be made: its directory. */
	if (!inode) {
		dentry = BPF_CORE_READ(dentry, d_parent);
		inode = BPF_CORE_READ(dentry, d_inode);
	}
	sb = BPF_CORE_READ(dentry, d_sb);
	head->inode = BPF_CORE_READ(inode, i_ino);
	head->dev = BPF_CORE_READ(sb, s_dev);
}

/** The path, behind the head; its bytes. */
static __always_inline u32 fill_path(struct scratch *slot, struct mica_denial *head)
{
	u32 begin = slot->walk.begin, bytes;

	if (!slot->evaluation.path_known || !slot->question.dentry)
		return 0;
	if (begin >= MICA_POLICY_PATH_BYTES) {
		head->path[0] = '/';
		return 1;
	}
	bytes = MICA_POLICY_PATH_BYTES - begin;
	barrier_var(begin);
	barrier_var(bytes);
	bytes &= MICA_POLICY_PATH_BYTES - 1;
	bpf_probe_read_kernel(head->path, bytes, slot->match.path + (begin & (MICA_POLICY_PATH_BYTES - 1)));
	return bytes;
}

/** What is known of a name: by this it is known again, while the task is in the same open(2). */
struct name_identity {
	u64 parent;
	u64 name;
};

static __always_inline struct name_identity identity_of(struct dentry *dentry)
{
	struct name_identity identity = {
		.parent = (u64)BPF_CORE_READ(dentry, d_parent),
		.name = BPF_CORE_READ(dentry, d_name.hash_len),
	};

	return identity;
}

/** Notes that the denial is to be taken back if the name is there. */
static __always_inline void note_provisional(struct scratch *slot, u64 generation, u64 time_ns)
{
	struct task_label *label = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), NULL, 0);
	struct name_identity identity;

	if (!label)
		return;
	identity = identity_of((void *)slot->question.dentry);
	label->provisional_counter = slot->evaluation.counter;
	label->provisional_generation = generation;
	label->provisional_ns = time_ns;
	label->provisional_parent = identity.parent;
	label->provisional_name = identity.name;
	label->provisional_dentry = slot->question.dentry;
}

/** The name is there: takes the denial of making it back, if there was one. */
static __always_inline void take_back(struct scratch *slot, u64 generation)
{
	struct task_label *label = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), NULL, 0);
	struct mica_denial *head = (void *)slot->denial;
	struct mica_enforce_counter *counter;
	struct name_identity identity;
	u32 set = slot->question.set, number;
	void *of_set;

	if (!label || label->provisional_dentry != slot->question.dentry || label->provisional_generation != generation)
		return;
	label->provisional_dentry = 0;
	identity = identity_of((void *)slot->question.dentry);
	of_set = bpf_map_lookup_elem(&counters, &set);
	if (!of_set || identity.parent != label->provisional_parent || identity.name != label->provisional_name)
		return;
	number = label->provisional_counter;
	counter = bpf_map_lookup_elem(of_set, &number);
	if (!counter)
		return;
	__sync_fetch_and_add(&counter->denied, -1);
	if (!label->provisional_ns) {
		if (counter->suppressed)
			__sync_fetch_and_add(&counter->suppressed, -1);
		return;
	}
	__builtin_memset(head, 0, sizeof(*head));
	head->abi = MICA_ENFORCE_ABI;
	head->size = sizeof(*head);
	head->time_ns = label->provisional_ns;
	head->counter = number;
	head->generation = generation;
	head->verdict = MICA_VERDICT_ALLOW;
	bpf_ringbuf_output(&denials, head, sizeof(*head), 0);
}

/** Counts and reports what the evaluation came to. */
static __always_inline void report(struct scratch *slot, const struct mica_enforce_header *header)
{
	struct evaluation *evaluation = &slot->evaluation;
	struct mica_denial *head = (void *)slot->denial;
	u32 set = slot->question.set, number = evaluation->counter, lost = NUMBER_LOST, size;
	void *of_set = bpf_map_lookup_elem(&counters, &set);
	bool provisional = slot->question.flags & QUESTION_IN_LOOKUP && evaluation->verdict == MICA_VERDICT_DENY;
	struct mica_enforce_counter *counter;
	u64 *count_lost;

	if (!of_set)
		return;
	counter = bpf_map_lookup_elem(of_set, &number);
	if (!counter)
		return;
	head->time_ns = count(counter, evaluation->verdict) ? bpf_ktime_get_boot_ns() : 0;
	if (provisional)
		note_provisional(slot, header->generation, head->time_ns);
	if (!head->time_ns)
		return;
	head->abi = MICA_ENFORCE_ABI;
	head->generation = header->generation;
	head->digest = *(u64 *)header->digest;
	head->counter = number;
	head->suppressed = __sync_lock_test_and_set(&counter->suppressed, 0);
	head->subject = slot->question.subject;
	head->verdict = evaluation->verdict | (provisional ? MICA_DENIAL_PROVISIONAL : 0);
	head->operation = evaluation->decided;
	head->error = evaluation->error;
	fill_task(head);
	fill_comm(head);
	fill_object(slot, head);
	head->path_bytes = fill_path(slot, head);
	size = sizeof(*head) + head->path_bytes;
	head->size = size;
	barrier_var(size);
	if (size > sizeof(slot->denial))
		return;
	if (bpf_ringbuf_output(&denials, slot->denial, size, 0) == 0)
		return;
	count_lost = bpf_map_lookup_elem(&numbers, &lost);
	if (count_lost)
		__sync_fetch_and_add(count_lost, 1);
}

#endif
