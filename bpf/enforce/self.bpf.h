/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Enforcement, layer 2: a refusal to protect enforcement itself. It needs no policy, no object and no evaluator.
 */
#ifndef MICA_ENFORCE_SELF_BPF_H
#define MICA_ENFORCE_SELF_BPF_H

#include "ask.bpf.h"
#include "denial.bpf.h"

#define BPF_FS_MAGIC 0xcafe4a11 /* include/uapi/linux/magic.h */

/** Bytes of a name that are told. */
#define OWN_NAME_BYTES 256

/** Is the current task a subject? Then it is who asks. */
static __always_inline bool is_subject(struct asker *asker)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 zero = 0, *place = bpf_map_lookup_elem(&active, &zero);
	struct task_label *label = NULL;

	asker->set = place ? *place : MICA_ENFORCE_SETS;
	asker->subject = 0;
	asker->flags = 0;
	if (!current_label(task, &label))
		return true;
	if (label)
		asker->subject = label->subject;
	return asker->subject;
}

/** The name of what it was about, as a path of one name: "/" where there is none. */
static __always_inline u32 fill_name(struct mica_denial *head, const struct dentry *dentry)
{
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
	u32 length = BPF_CORE_READ(dentry, d_name.len);

	head->path[0] = '/';
	if (BPF_CORE_READ(dentry, d_parent) == dentry || length >= OWN_NAME_BYTES - 1)
		return 1;
	barrier_var(length);
	length &= OWN_NAME_BYTES - 1;
	if (length > OWN_NAME_BYTES - 1 - 1 || bpf_probe_read_kernel(head->path + 1, length, name))
		return 1;
	return length + 1;
}

/** Tells of the refusal, counted and flood-limited as those of rules are. */
static __always_inline void tell_refusal(const struct asker *asker, const struct dentry *dentry, u32 operation)
{
	u32 set = asker->set, number = MICA_ENFORCE_COUNT_SELF, lost = NUMBER_LOST;
	struct mica_enforce_header *header = bpf_map_lookup_elem(&headers, &set);
	void *of_set = bpf_map_lookup_elem(&counters, &set);
	struct mica_enforce_counter *counter;
	struct mica_denial *head;
	struct inode *inode;
	u64 *count_lost;

	if (!header || !of_set)
		return;
	counter = bpf_map_lookup_elem(of_set, &number);
	if (!counter || !count(counter, MICA_VERDICT_DENY))
		return;
	head = bpf_ringbuf_reserve(&denials, sizeof(*head) + OWN_NAME_BYTES, 0);
	if (!head) {
		count_lost = bpf_map_lookup_elem(&numbers, &lost);
		if (count_lost)
			__sync_fetch_and_add(count_lost, 1);
		return;
	}
	__builtin_memset(head, 0, sizeof(*head));
	head->abi = MICA_ENFORCE_ABI;
	head->size = sizeof(*head) + OWN_NAME_BYTES;
	head->time_ns = bpf_ktime_get_boot_ns();
	head->generation = header->generation;
	head->digest = *(u64 *)header->digest;
	head->counter = number;
	head->suppressed = __sync_lock_test_and_set(&counter->suppressed, 0);
	head->subject = asker->subject;
	head->verdict = MICA_VERDICT_DENY;
	head->operation = operation;
	head->error = EPERM;
	head->kind = MICA_ENFORCE_NOWHERE;
	fill_task(head);
	fill_comm(head);
	if (dentry) {
		inode = BPF_CORE_READ(dentry, d_inode);
		head->inode = inode ? BPF_CORE_READ(inode, i_ino) : 0;
		head->dev = BPF_CORE_READ(dentry, d_sb, s_dev);
		head->path_bytes = fill_name(head, dentry);
	}
	bpf_ringbuf_submit(head, 0);
}

/** 0: the task is no subject. -EPERM: it is, and that is told. `dentry` may be NULL. */
static __always_inline long refuse(const struct dentry *dentry, u32 operation)
{
	struct asker asker;

	if (!is_subject(&asker))
		return 0;
	tell_refusal(&asker, dentry, operation);
	return -EPERM;
}

#endif
