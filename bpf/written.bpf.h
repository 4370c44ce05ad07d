/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 3: totals of writes. Counted per open file and process, reported when user space asks for it (each second) and
 * when the file is closed: no record per write.
 */
#ifndef MICA_WRITTEN_BPF_H
#define MICA_WRITTEN_BPF_H

#include "emit.bpf.h"

/** The union that a dentry lies in which is only known as a number; NULL: none. */
static __always_inline struct union_entry *union_of_dentry(struct dentry *dentry)
{
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);

	return is_overlay_dentry((u64)dentry) ? union_get(sb) : NULL;
}

static __always_inline struct written *written_look_up(const struct written_key *key)
{
	u64 file = key->file;

	return key->shared ? bpf_map_lookup_elem(&shared_writes, key) : bpf_map_lookup_elem(&writes, &file);
}

/** Makes fresh counters. NULL: nobody wants to know, or counted as lost. */
static __noinline struct written *written_make(const struct written_key *key, struct task_struct *task,
					       struct dentry *dentry)
{
	struct scratch *scratch = record_begin(MICA_EVENT_WRITE, task, NULL, union_of_dentry(dentry), SCOPE_FILE);
	struct written *fresh, *written;
	u64 file = key->file;

	if (!scratch)
		return NULL;
	record_object(scratch, dentry);
	/* A total is no part of a single call, or of a single thread's doing. */
	scratch->record.action = 0;
	scratch->record.tid = scratch->record.pid;
	fresh = (void *)&scratch->record;
	__builtin_memset((void *)fresh + sizeof(fresh->head), 0, sizeof(*fresh) - sizeof(fresh->head));
	fresh->key = *key;
	fresh->dentry = (u64)dentry;
	/* Another thread may have been first. */
	if (!key->shared)
		bpf_map_update_elem(&writes, &file, fresh, BPF_NOEXIST);
	else if (!bpf_map_update_elem(&shared_writes, key, fresh, BPF_NOEXIST))
		__sync_fetch_and_add(&shared_writers, 1);
	scratch_release(scratch);
	written = written_look_up(key);
	if (!written)
		count_lost(MICA_EVENT_WRITE, MICA_LOST_NO_STATE);
	return written;
}

/** The slow path of written_get: the first write of the process to the file, or another process was there before. */
static __noinline struct written *written_find(struct task_struct *task, struct file *file, struct written *first)
{
	struct written_key key = { .file = (u64)file, .tgid = task->tgid };
	struct dentry *dentry = file_user_dentry(file);
	struct written *written;

	/* Of a file at the same address before, whose close was seen by no program: until 6.12 it can be skipped. */
	if (first && first->dentry != (u64)dentry) {
		bpf_map_delete_elem(&writes, &key.file);
		first = NULL;
	}
	if (!first)
		first = written_make(&key, task, dentry);
	if (!first || first->head.pid == key.tgid)
		return first;
	first->shared = 1;
	key.shared = 1;
	written = written_look_up(&key);
	return written ?: written_make(&key, task, (struct dentry *)first->dentry);
}

/**
 * The counters of what the task's process writes to the file, whose own dentry is `dentry`. NULL: nobody wants to know,
 * or counted as lost.
 */
static __always_inline struct written *written_get(struct task_struct *task, struct file *file, u64 dentry)
{
	u64 key = (u64)file;
	struct written *written = bpf_map_lookup_elem(&writes, &key);

	if (written && written->head.pid == (u32)task->tgid && written->dentry == dentry)
		return written;
	return written_find(task, file, written);
}

static __always_inline void written_add(struct written *written, u64 bytes, u64 bytes_requested, u32 dirty_pages,
					u32 calls)
{
	if (bytes)
		__sync_fetch_and_add(&written->bytes, bytes);
	if (bytes_requested)
		__sync_fetch_and_add(&written->bytes_requested, bytes_requested);
	if (dirty_pages)
		__sync_fetch_and_add(&written->dirty_pages, dirty_pages);
	if (calls)
		__sync_fetch_and_add(&written->calls, calls);
	if (!written->queued && !__sync_lock_test_and_set(&written->queued, 1) &&
	    bpf_map_push_elem(&written_files, &written->key, 0))
		written->queued = 0;
}

static __always_inline void count_bytes(struct task_struct *task, struct file *file, u64 bytes)
{
	struct written *written = written_get(task, file, (u64)file->f_path.dentry);

	if (written)
		written_add(written, bytes, 0, 0, 1);
}

static __always_inline void count_request(struct task_struct *task, struct file *file, u64 bytes)
{
	struct written *written = written_get(task, file, (u64)file->f_path.dentry);

	if (written)
		written_add(written, 0, bytes, 0, 1);
}

/** Sends what was counted since the last report. What cannot be sent stays counted, unless nobody comes again. */
static __always_inline void written_report(struct written *written, bool closed)
{
	u64 bytes = __sync_lock_test_and_set(&written->bytes, 0);
	u64 bytes_requested = __sync_lock_test_and_set(&written->bytes_requested, 0);
	u32 dirty_pages = __sync_lock_test_and_set(&written->dirty_pages, 0);
	u32 calls = __sync_lock_test_and_set(&written->calls, 0);
	struct dentry *dentry = (struct dentry *)written->dentry;
	enum mica_lost_cause cause = MICA_LOST_NO_SCRATCH;
	struct scratch *scratch;
	struct mica_write *write;

	if (!calls && !dirty_pages && !(closed && written->reported))
		return;
	written->reported = 1;
	scratch = scratch_claim();
	if (scratch) {
		scratch->record = written->head;
		scratch->record.time_ns = bpf_ktime_get_boot_ns();
		if (closed)
			scratch->record.flags |= MICA_RECORD_CLOSED;
		write = &scratch->record.write;
		write->bytes = bytes;
		write->bytes_requested = bytes_requested;
		write->size = BPF_CORE_READ(dentry, d_inode, i_size);
		write->dirty_pages = dirty_pages;
		write->calls = calls;
		record_path(scratch, dentry, NULL);
		cause = record_try_output(&scratch->record, WAKE_LATER) ? MICA_LOST_RING_FULL : _MICA_LOST_MAX;
		scratch_release(scratch);
	}
	if (cause == _MICA_LOST_MAX)
		return;
	if (closed)
		count_lost(MICA_EVENT_WRITE, cause);
	else
		written_add(written, bytes, bytes_requested, dirty_pages, calls);
}

/** The file is closed: reports the rest. True: the entry is to be removed by the caller. */
static __always_inline bool written_close(struct written *written)
{
	if (__sync_lock_test_and_set(&written->state, WRITTEN_CLOSED) == WRITTEN_REPORTING)
		return false;
	written_report(written, true);
	return true;
}

/**
 * Reports while the file may be written to and closed. The claim keeps the entry, the dentry is kept by RCU: it was the
 * file's when the claim was taken. True: the file was closed meanwhile, the entry is to be removed by the caller.
 */
static __always_inline bool written_visit(struct written *written)
{
	/* Before the counters are read: who adds to them from now on puts it into the queue again. */
	__sync_lock_test_and_set(&written->queued, 0);
	if (__sync_val_compare_and_swap(&written->state, WRITTEN_IDLE, WRITTEN_REPORTING) != WRITTEN_IDLE)
		return false;
	written_report(written, false);
	if (__sync_val_compare_and_swap(&written->state, WRITTEN_REPORTING, WRITTEN_IDLE) == WRITTEN_REPORTING)
		return false;
	written_report(written, true);
	return true;
}

#endif
