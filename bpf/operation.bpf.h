/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 2: the operation that a task is in. It begins in a hook before the work and ends in the hook that reports it,
 * so that all records between share an action, and a copy-up or a whiteout knows what it is part of.
 */
#ifndef MICA_OPERATION_BPF_H
#define MICA_OPERATION_BPF_H

#include "subject.bpf.h"

/** The operation that the task is in. NULL: no memory, or the storage is busy (KERNEL.md H2). */
static __always_inline struct operation *operation_get(struct task_struct *task)
{
	return bpf_task_storage_get(&operations, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/** The same without making one. */
static __always_inline struct operation *operation_peek(struct task_struct *task)
{
	return bpf_task_storage_get(&operations, task, 0, 0);
}

static __always_inline void kept_release(u32 entry)
{
	u64 *owner = bpf_map_lookup_elem(&kept_owners, &entry);

	if (owner)
		__sync_lock_test_and_set(owner, 0);
}

/** The whiteout of the operation, if any, is reported or counted as lost. */
static __always_inline void whiteout_settle(struct operation *operation)
{
	if (operation->whiteout_made)
		__sync_fetch_and_sub(&whiteouts_pending, 1);
	operation->whiteout_made = 0;
}

/** The operation is over: what comes next is another action. A record that still waits is not wanted any more. */
static __always_inline void operation_end(struct operation *operation)
{
	if (!operation)
		return;
	if (operation->record_kept)
		kept_release(operation->record_kept - 1);
	/* The program that reports it with the removal was skipped. */
	if (operation->whiteout_made)
		count_lost(MICA_EVENT_WHITEOUT, MICA_LOST_SKIPPED);
	whiteout_settle(operation);
	__builtin_memset(operation, 0, sizeof(*operation));
}

/** A new operation begins, on `target`. */
static __always_inline struct operation *operation_begin(struct task_struct *task, struct dentry *target,
							 enum mica_reason reason)
{
	struct operation *operation = operation_get(task);

	if (!operation)
		return NULL;
	operation_end(operation);
	operation->target = (u64)target;
	operation->reason = reason;
	return operation;
}

/** The operation of a mount call that may have more than one hook: the first of them begins it. */
static __always_inline struct operation *mount_call_begin(struct task_struct *task)
{
	struct operation *operation = operation_get(task);

	if (operation && !operation->in_mount_call) {
		operation_end(operation);
		operation->in_mount_call = 1;
	}
	return operation;
}

#endif
