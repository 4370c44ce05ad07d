/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 3: a record is begun, filled and sent.
 *
 *	struct scratch *scratch = record_begin(type, task, operation, union_of(sb), SCOPE_FILE);
 *	if (!scratch) return 0;            // not wanted, or counted as lost
 *	record_file(scratch, dentry);      // or record_object() and record_path(): the verifier does not know it
 *	record_send(scratch);
 *
 * One that waits for the result of its operation is begun by record_begin_kept(), and sent by record_finish_kept().
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

/** Entries that are tried from the one that the thread's id leads to. */
#define KEPT_TRIES 8
/** A record that has waited for so long may be dropped, and is counted, when there is no free entry. */
#define KEPT_SECONDS_MIN 60

static __always_inline bool kept_take(u64 *owner, u64 self)
{
	u64 holder = *owner;

	/* Either its end was missed, or its mount call hangs in a dead server. */
	if (holder && (self >> 32) - (holder >> 32) < KEPT_SECONDS_MIN)
		return false;
	return __sync_val_compare_and_swap(owner, holder, self) == holder;
}

/** Claims an entry of `kept_records` for the operation. NULL: all that were tried are taken, or `operation` is NULL. */
static __always_inline struct scratch *kept_claim(struct task_struct *task, struct operation *operation)
{
	u64 self = bpf_ktime_get_boot_ns() / 1000000000 << 32 | task->pid;

	if (!operation)
		return NULL;
	if (operation->record_kept)
		kept_release(operation->record_kept - 1);
	operation->record_kept = 0;
	for (u32 try = 0; try < KEPT_TRIES; try++) {
		u32 entry = (task->pid + try) % KEPT_RECORDS;
		u64 *owner = bpf_map_lookup_elem(&kept_owners, &entry);
		struct scratch *scratch;
		u64 holder = owner ? *owner : 0;

		if (!owner || !kept_take(owner, self))
			continue;
		scratch = bpf_map_lookup_elem(&kept_records, &entry);
		if (!scratch)
			return NULL;
		if (holder)
			count_lost(scratch->record.type, MICA_LOST_NO_STATE);
		operation->record_kept = entry + 1;
		return scratch;
	}
	return NULL;
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

/** As record_begin(), or with `kept` as record_begin_kept(); sets *ret_lost instead of counting. */
static __always_inline struct scratch *record_try_begin(enum mica_event_type type, struct task_struct *task,
							struct operation *operation, struct union_entry *object_union,
							enum scope scope, bool kept, bool *ret_lost)
{
	struct subject subject;
	struct scratch *scratch;

	if (!event_wanted(type) || !subject_watched(task, object_union, scope, &subject))
		return NULL;
	scratch = kept ? kept_claim(task, operation) : scratch_claim();
	*ret_lost = !scratch;
	if (scratch)
		record_fill_header(&scratch->record, type, task, operation, &subject);
	return scratch;
}

static __always_inline struct scratch *record_begin_in(enum mica_event_type type, struct task_struct *task,
						       struct operation *operation, struct union_entry *object_union,
						       enum scope scope, bool kept)
{
	bool lost = false;
	struct scratch *scratch = record_try_begin(type, task, operation, object_union, scope, kept, &lost);

	if (lost)
		count_lost(type, kept ? MICA_LOST_NO_STATE : MICA_LOST_NO_SCRATCH);
	return scratch;
}

/**
 * Begins a record of what the task does to an object of `object_union` (NULL: not on a union). NULL: nobody wants it,
 * or it was counted as lost.
 */
static __always_inline struct scratch *record_begin(enum mica_event_type type, struct task_struct *task,
						    struct operation *operation, struct union_entry *object_union,
						    enum scope scope)
{
	return record_begin_in(type, task, operation, object_union, scope, false);
}

/** The same for a record that waits in its operation until the result is known; see record_kept(). */
static __always_inline struct scratch *record_begin_kept(enum mica_event_type type, struct task_struct *task,
							 struct operation *operation, struct union_entry *object_union,
							 enum scope scope)
{
	return record_begin_in(type, task, operation, object_union, scope, true);
}

static __always_inline void record_superblock(struct mica_record *record, struct super_block *sb)
{
	record->dev = BPF_CORE_READ(sb, s_dev);
	record->fs_magic = BPF_CORE_READ(sb, s_magic);
}

/** A field by a plain load where the verifier knows the pointer, else by a read of its address: five times the cost. */
#define FIELD(typed, source, field) ((typed) ? (source)->field : BPF_CORE_READ(source, field))

/** Returns the topmost lower of an overlay object, or NULL. */
static __always_inline struct dentry *fill_object(struct mica_record *record, struct dentry *dentry, bool typed)
{
	struct super_block *sb = FIELD(typed, dentry, d_sb);
	struct inode *inode = FIELD(typed, dentry, d_inode);
	struct overlay_lower lower;

	record->dev = FIELD(typed, sb, s_dev);
	record->fs_magic = FIELD(typed, sb, s_magic);
	if (!inode)
		return NULL;
	record->inode = FIELD(typed, inode, i_ino);
	if ((FIELD(typed, inode, i_mode) & S_IFMT) == S_IFDIR)
		record->flags |= MICA_RECORD_DIRECTORY;
	if (record->fs_magic != OVERLAYFS_SUPER_MAGIC)
		return NULL;
	if (overlay_upper(inode))
		record->flags |= MICA_RECORD_UPPER;
	lower = overlay_lower(dentry, inode);
	record->layer = lower.index;
	return lower.dentry;
}

/** Sets what the record says of its object: identity, and for an overlay object the layer that it comes from. */
static __always_inline void record_object(struct scratch *scratch, struct dentry *dentry)
{
	fill_object(&scratch->record, dentry, false);
}

/** Object and path within its file system, of a dentry that the verifier knows. Returns as fill_object(). */
static __always_inline struct dentry *record_file(struct scratch *scratch, struct dentry *dentry)
{
	struct dentry *lower = fill_object(&scratch->record, dentry, true);

	record_path_typed(scratch, dentry);
	return lower;
}

static __always_inline u32 record_size(const struct mica_record *record)
{
	u32 strings = record->path_bytes + record->source_bytes;

	if (strings > STRING_BYTES)
		strings = STRING_BYTES;
	return sizeof(*record) + strings;
}

/** When the reader is told of a record. It also looks by itself, ten times a second. */
enum announcement {
	/** When enough has come together: a busy reader must not be woken for each record. */
	WAKE_LATER,
	/**
	 * Of mounts, which user space should look at while they last: at once, but not within WAKE_INTERVAL_NS after
	 * another wake-up, since the reader comes back by itself so soon after it (mica_kernel_woken_ns).
	 */
	WAKE_SOON,
	/** Of namespaces and unions, which may be gone in milliseconds. */
	WAKE_NOW,
};

/** Less than SETTLE_INTERVAL_MS of user/cmd/trace_run.c. */
#define WAKE_INTERVAL_NS 4000000

static __always_inline u64 wakeup_flags(enum announcement announcement, u64 full)
{
	u64 now;

	if (announcement == WAKE_LATER)
		return full >= wakeup_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
	now = bpf_ktime_get_ns();
	if (announcement == WAKE_SOON && full < wakeup_bytes && now - last_wakeup_ns < WAKE_INTERVAL_NS)
		return BPF_RB_NO_WAKEUP;
	last_wakeup_ns = now;
	return BPF_RB_FORCE_WAKEUP;
}

/** Sends without giving the scratch back, or counting a loss. 0 or a negative errno. */
static __always_inline long record_try_output(struct mica_record *record, enum announcement announcement)
{
	u32 size = record_size(record);
	u64 full = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	long error;

	record->size = size;
	error = bpf_ringbuf_output(&events, record, size, wakeup_flags(announcement, full));
	if (!error)
		full += (size + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL;
	if (full > ring_peak)
		ring_peak = full;
	return error;
}

/** Sends without giving the scratch back. */
static __always_inline void record_output(struct mica_record *record, enum announcement announcement)
{
	if (record_try_output(record, announcement))
		count_lost(record->type, MICA_LOST_RING_FULL);
}

static __always_inline void record_send(struct scratch *scratch)
{
	record_output(&scratch->record, WAKE_LATER);
	scratch_release(scratch);
}

static __always_inline void record_send_soon(struct scratch *scratch)
{
	record_output(&scratch->record, WAKE_SOON);
	scratch_release(scratch);
}

static __always_inline void record_send_now(struct scratch *scratch)
{
	record_output(&scratch->record, WAKE_NOW);
	scratch_release(scratch);
}

/** The record that the task kept in this operation, or NULL. It is sent once, by record_finish_kept(). */
static __always_inline struct mica_record *record_kept(struct task_struct *task, struct operation *operation)
{
	struct scratch *scratch;
	u64 *owner;
	u32 entry;

	if (!operation || !operation->record_kept)
		return NULL;
	entry = operation->record_kept - 1;
	owner = bpf_map_lookup_elem(&kept_owners, &entry);
	if (!owner || (u32)*owner != (u32)task->pid)
		return NULL;
	scratch = bpf_map_lookup_elem(&kept_records, &entry);
	return scratch ? &scratch->record : NULL;
}

/** To be followed by operation_end(), which gives the entry back. */
static __always_inline void record_finish_kept(struct mica_record *record, int error, enum announcement announcement)
{
	record->error = error;
	record->time_ns = bpf_ktime_get_boot_ns();
	record_output(record, announcement);
}

#endif
