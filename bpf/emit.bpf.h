/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 3: a record is begun, filled and sent.
 *
 *	struct scratch *scratch = record_begin(type, task, operation, union_of(sb), SCOPE_FILE);
 *	if (!scratch) return 0;            // not wanted, or counted as lost
 *	record_file(scratch, dentry);      // or record_object() and record_path(): the verifier does not know it
 *	record_send(scratch);              // or record_keep(), and later record_resume()
 *
 * Each type of event is sent by one program, so that what the kernel skips of it can be counted.
 */
#ifndef MICA_EMIT_BPF_H
#define MICA_EMIT_BPF_H

#include "operation.bpf.h"
#include "path.bpf.h"
#include "subject.bpf.h"

#define PF_IO_WORKER 0x10 /* include/linux/sched.h */

static __always_inline struct scratch *scratch_claim(void)
{
	u32 cpu = bpf_get_smp_processor_id() * SCRATCH_SLOTS;

	for (u32 slot = 0; slot < SCRATCH_SLOTS; slot++) {
		u32 key = cpu + slot;
		struct scratch *scratch = bpf_map_lookup_elem(&scratches, &key);

		if (scratch && !scratch->busy && __sync_val_compare_and_swap(&scratch->busy, 0, 1) == 0)
			return scratch;
	}
	return NULL;
}

static __always_inline void scratch_release(struct scratch *scratch)
{
	__sync_lock_test_and_set(&scratch->busy, 0);
}

/** The number of the action that the task is in; a number of its own for an event outside of any operation. */
static __always_inline u64 action_of(struct operation *operation)
{
	if (operation && operation->action)
		return operation->action;
	u64 action = __sync_fetch_and_add(&last_action, 1) + 1;

	if (operation)
		operation->action = action;
	return action;
}

static __always_inline void record_fill_header(struct mica_record *record, enum mica_event_type type,
					       struct task_struct *task, struct operation *operation,
					       const struct subject *subject)
{
	record->abi = MICA_EVENT_ABI;
	record->type = type;
	record->time_ns = bpf_ktime_get_boot_ns();
	record->action = action_of(operation);
	record->mnt_ns_id = subject->mnt_ns_id;
	record->cgroup_id = bpf_get_current_cgroup_id();
	record->root_union = subject->root_union;
	record->union_id = subject->object_union ? subject->object_union->id : 0;
	record->layers = subject->object_union ? subject->object_union->layers : 0;
	record->mnt_ns = subject->mnt_ns;
	record->pid = task->tgid;
	record->tid = task->pid;
	record->uid = task->real_cred->uid.val;
	record->flags = subject->host ? MICA_RECORD_HOST : 0;
	record->layer = 0;
	record->error = 0;
	record->inode = 0;
	record->dev = 0;
	record->fs_magic = 0;
	record->path_bytes = 0;
	record->source_bytes = 0;
	__builtin_memset(record->body, 0, sizeof(record->body));
	/* A worker of io_uring is called iou-wrk-N: whose it is says the thread group. */
	if (task->flags & PF_IO_WORKER)
		bpf_probe_read_kernel_str(record->comm, sizeof(record->comm), task->group_leader->comm);
	else
		bpf_get_current_comm(record->comm, sizeof(record->comm));
}

/**
 * Begins a record of what the task does to an object of `object_union` (NULL: not on a union). NULL: nobody wants it,
 * or it was counted as lost.
 */
static __always_inline struct scratch *record_begin(enum mica_event_type type, struct task_struct *task,
						    struct operation *operation, struct union_entry *object_union,
						    enum scope scope)
{
	struct subject subject;
	struct scratch *scratch;

	if (!event_wanted(type) || !subject_watched(task, object_union, scope, &subject))
		return NULL;
	scratch = scratch_claim();
	if (!scratch) {
		count_lost(type, MICA_LOST_NO_SCRATCH);
		return NULL;
	}
	record_fill_header(&scratch->record, type, task, operation, &subject);
	return scratch;
}

static __always_inline void record_superblock(struct mica_record *record, struct super_block *sb)
{
	record->dev = BPF_CORE_READ(sb, s_dev);
	record->fs_magic = BPF_CORE_READ(sb, s_magic);
}

/** A field by a plain load where the verifier knows the pointer, else by a read of its address: five times the cost. */
#define FIELD(typed, source, field) ((typed) ? (source)->field : BPF_CORE_READ(source, field))

static __always_inline void fill_object(struct mica_record *record, struct dentry *dentry, bool typed)
{
	struct super_block *sb = FIELD(typed, dentry, d_sb);
	struct inode *inode = FIELD(typed, dentry, d_inode);

	record->dev = FIELD(typed, sb, s_dev);
	record->fs_magic = FIELD(typed, sb, s_magic);
	if (!inode)
		return;
	record->inode = FIELD(typed, inode, i_ino);
	if ((FIELD(typed, inode, i_mode) & S_IFMT) == S_IFDIR)
		record->flags |= MICA_RECORD_DIRECTORY;
	if (record->fs_magic != OVERLAYFS_SUPER_MAGIC)
		return;
	if (overlay_upper(inode))
		record->flags |= MICA_RECORD_UPPER;
	record->layer = overlay_lower(dentry, inode).index;
}

/** Sets what the record says of its object: identity, and for an overlay object the layer that it comes from. */
static __always_inline void record_object(struct scratch *scratch, struct dentry *dentry)
{
	fill_object(&scratch->record, dentry, false);
}

/** Object and path within its file system, of a dentry that the verifier knows. */
static __always_inline void record_file(struct scratch *scratch, struct dentry *dentry)
{
	fill_object(&scratch->record, dentry, true);
	record_path_typed(scratch, dentry);
}

static __always_inline u32 record_size(const struct mica_record *record)
{
	u32 strings = record->path_bytes + record->source_bytes;

	if (strings > STRING_BYTES)
		strings = STRING_BYTES;
	return sizeof(*record) + strings;
}

/** Sends without giving the scratch back, or counting a loss. 0 or a negative errno. */
static __always_inline long record_try_output(struct mica_record *record, bool urgent)
{
	u32 size = record_size(record);
	u64 full = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	u64 flags = BPF_RB_NO_WAKEUP;
	long error;

	/* An idle reader must not wait long, a busy one must not be woken for each record. */
	if (urgent || full >= wakeup_bytes)
		flags = BPF_RB_FORCE_WAKEUP;
	record->size = size;
	error = bpf_ringbuf_output(&events, record, size, flags);
	if (!error)
		full += (size + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL;
	if (full > ring_peak)
		ring_peak = full;
	return error;
}

/** Sends without giving the scratch back. */
static __always_inline void record_output(struct mica_record *record, bool urgent)
{
	if (record_try_output(record, urgent))
		count_lost(record->type, MICA_LOST_RING_FULL);
}

static __always_inline void record_send(struct scratch *scratch)
{
	record_output(&scratch->record, false);
	scratch_release(scratch);
}

/** For what user space must look at while it lasts: namespaces, unions, mounts. */
static __always_inline void record_send_urgent(struct scratch *scratch)
{
	record_output(&scratch->record, true);
	scratch_release(scratch);
}

/** Keeps the record until the result of its operation is known. */
static __always_inline void record_keep(struct scratch *scratch, struct task_struct *task, struct operation *operation)
{
	u32 key = task->pid;

	if (!operation || bpf_map_update_elem(&pendings, &key, &scratch->record, BPF_ANY))
		count_lost(scratch->record.type, MICA_LOST_NO_STATE);
	else
		operation->record_kept = 1;
	scratch_release(scratch);
}

/**
 * The record that the task kept in this operation, or NULL: one of an earlier operation whose end was missed is not
 * sent. To be followed by record_finish_kept() or record_forget_kept().
 */
static __always_inline struct pending *record_kept(struct task_struct *task, struct operation *operation)
{
	u32 key = task->pid;

	if (!operation || !operation->record_kept)
		return NULL;
	return bpf_map_lookup_elem(&pendings, &key);
}

static __always_inline void record_forget_kept(struct task_struct *task)
{
	u32 key = task->pid;

	bpf_map_delete_elem(&pendings, &key);
}

static __always_inline void record_finish_kept(struct pending *pending, struct task_struct *task, int error,
					       bool urgent)
{
	pending->record.error = error;
	pending->record.time_ns = bpf_ktime_get_boot_ns();
	record_output(&pending->record, urgent);
	record_forget_kept(task);
}

#endif
