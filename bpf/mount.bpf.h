/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 3: what the programs on mount calls share: where a path argument leads, and records about mounts.
 */
#ifndef MICA_MOUNT_BPF_H
#define MICA_MOUNT_BPF_H

#include "emit.bpf.h"
#include "syscall.bpf.h"

/**
 * Where a path argument of a call leads. Most calls of the mount API have no hook that sees the path which the kernel
 * found. What needs no look-up is known all the same: a descriptor with an empty path, and /proc/self/fd/N, which is
 * what container runtimes write. Of any other the record has the text. The text is read from the caller's memory when
 * the call is over: a thread that changes it meanwhile makes the record wrong, which is bad enough to say here and good
 * enough for a trace. No verdict may depend on it.
 */
struct place {
	/** NULL: only the text is known. */
	struct dentry *dentry;
	struct vfsmount *mnt;
	/** In the caller's memory; NULL: it could not be read. */
	const char *text;
	/** The directory that the text is relative to; NULL: not known. */
	struct dentry *base;
	struct vfsmount *base_mnt;
};

#define PROC_SELF_FD "/proc/self/fd/"
#define PROC_THREAD_SELF_FD "/proc/thread-self/fd/"
/** The longest text that is looked at for a descriptor: the longer prefix, ten digits, NUL. */
#define PLACE_HEAD_BYTES 32

/** Decimal digits up to a NUL; negative: something else. */
static __always_inline s32 parse_fd(const char *digits)
{
	s64 fd = 0;

#pragma unroll
	for (int i = 0; i < 10; i++) {
		if (!digits[i] && i)
			return (s32)fd;
		if (digits[i] < '0' || digits[i] > '9')
			return -1;
		fd = fd * 10 + (digits[i] - '0');
	}
	return digits[10] || fd > 0x7fffffff ? -1 : (s32)fd;
}

/** The descriptor that /proc/self/fd/N names; negative: the text is another. */
static __always_inline s32 fd_of_text(const char head[PLACE_HEAD_BYTES])
{
	static const char self[] = PROC_SELF_FD, thread_self[] = PROC_THREAD_SELF_FD;

	if (!bpf_strncmp(head, sizeof(self) - 1, self))
		return parse_fd(head + sizeof(self) - 1);
	if (!bpf_strncmp(head, sizeof(thread_self) - 1, thread_self))
		return parse_fd(head + sizeof(thread_self) - 1);
	return -1;
}

/** The directory, or any object, that a descriptor or AT_FDCWD stands for. False: none. */
static __always_inline bool path_of_fd(struct task_struct *task, s32 fd, struct dentry **dentry, struct vfsmount **mnt)
{
	struct file *file;

	if (fd == AT_FDCWD) {
		*dentry = BPF_CORE_READ(task, fs, pwd.dentry);
		*mnt = BPF_CORE_READ(task, fs, pwd.mnt);
		return true;
	}
	file = file_of(task, fd);
	if (!file)
		return false;
	*dentry = BPF_CORE_READ(file, f_path.dentry);
	*mnt = BPF_CORE_READ(file, f_path.mnt);
	return true;
}

static __noinline __attribute__((unused)) int place_find(struct place *place, s32 fd, const char *text)
{
	struct task_struct *task = bpf_get_current_task_btf();
	char head[PLACE_HEAD_BYTES] = {};
	long size = bpf_probe_read_user_str(head, sizeof(head), text);

	__builtin_memset(place, 0, sizeof(*place));
	/* 0: an empty string. */
	if (text && size < 0)
		return 0;
	if (!head[0]) {
		path_of_fd(task, fd, &place->dentry, &place->mnt);
		return 0;
	}
	if (path_of_fd(task, fd_of_text(head), &place->dentry, &place->mnt))
		return 0;
	place->text = text;
	if (head[0] == '/') {
		place->base = BPF_CORE_READ(task, fs, root.dentry);
		place->base_mnt = BPF_CORE_READ(task, fs, root.mnt);
	} else {
		path_of_fd(task, fd, &place->base, &place->base_mnt);
	}
	return 0;
}

/** Superblock of the place; NULL: not known. */
static __always_inline struct super_block *place_superblock(const struct place *place)
{
	struct vfsmount *mnt = place->mnt;

	return place->dentry ? BPF_CORE_READ(mnt, mnt_sb) : NULL;
}

/** A tree that fsmount or open_tree made and nobody has attached yet, or that was detached. */
static __always_inline bool is_detached(const struct vfsmount *mnt)
{
	struct mount *mount = real_mount(mnt);
	struct mnt_namespace *ns = BPF_CORE_READ(mount, mnt_ns);

	return !ns || mnt_namespace_is_anonymous(ns);
}

struct place_string {
	u32 bytes;
	bool truncated;
	bool as_written;
};

/** Writes the place to the record's strings, from `start` on. */
static __noinline __attribute__((unused)) int place_write(struct scratch *scratch, const struct place *place, u32 start,
							  struct place_string *ret)
{
	const struct dentry *dentry = place->dentry ? place->dentry : place->base;
	const struct vfsmount *mnt = place->dentry ? place->mnt : place->base_mnt;
	u32 offset = start;
	long size;

	ret->bytes = 0;
	ret->truncated = true;
	ret->as_written = false;
	if (start > MICA_PATH_BYTES)
		return 0;
	if (!place->dentry) {
		size = place->text ? bpf_probe_read_user_str(scratch->strings + start, MICA_PATH_BYTES, place->text)
				   : 0;
		if (!place->text || size < 0)
			return 0;
		ret->as_written = true;
		/* 0: an empty string, which it was not a moment ago. */
		offset += size ? (u32)size : 1;
	}
	if (dentry)
		offset += walk_path(scratch, dentry, real_mount(mnt), offset, start + MICA_PATH_BYTES, &ret->truncated,
				    false, NULL);
	ret->bytes = offset - start;
	return 0;
}

/** Sets the record's path, and its object where that is known. Call it once, before the source is set. */
static __always_inline void record_place(struct scratch *scratch, const struct place *place)
{
	struct mica_record *record = &scratch->record;
	struct place_string string;

	if (place->dentry) {
		record_object(scratch, place->dentry);
		if (is_detached(place->mnt))
			record->flags |= MICA_RECORD_DETACHED;
	}
	place_write(scratch, place, 0, &string);
	record->path_bytes = string.bytes;
	record->flags |= (string.truncated ? MICA_RECORD_PATH_TRUNCATED : 0) |
			 (string.as_written ? MICA_RECORD_PATH_AS_WRITTEN : 0);
}

/** Sets the record's source. */
static __always_inline void record_source_place(struct scratch *scratch, const struct place *place)
{
	struct mica_record *record = &scratch->record;
	struct place_string string;

	place_write(scratch, place, record->path_bytes, &string);
	record->source_bytes = string.bytes;
	record->flags |= (string.truncated ? MICA_RECORD_SOURCE_TRUNCATED : 0) |
			 (string.as_written ? MICA_RECORD_SOURCE_AS_WRITTEN : MICA_RECORD_SOURCE_IS_PATH);
}

/**
 * Begins a record about something that is known by its superblock, or, `sb` being NULL, only by paths: those of the
 * host's tasks go to user space, which can tell whether they lead to a union. `kept`: as record_begin_kept().
 */
static __always_inline struct scratch *mount_record_begin(enum mica_event_type type, struct task_struct *task,
							  struct operation *operation, struct super_block *sb,
							  bool kept)
{
	struct scratch *scratch =
		record_begin_in(type, task, operation, union_find((u64)sb), sb ? SCOPE_MOUNT : SCOPE_PERHAPS, kept);

	if (scratch && !sb && scratch->record.flags & MICA_RECORD_HOST)
		scratch->record.flags |= MICA_RECORD_UNDECIDED;
	return scratch;
}

/** Sets the type of the file system that is, or was, mounted. */
static __always_inline void record_fstype(struct scratch *scratch, const struct vfsmount *mnt)
{
	const char *name = BPF_CORE_READ(mnt, mnt_sb, s_type, name);

	bpf_probe_read_kernel_str(scratch->record.mount.fstype, MICA_FSTYPE_BYTES, name);
}

/** Sets the source to what was mounted, as its mounter wrote it. */
static __always_inline void record_source_devname(struct scratch *scratch, const struct vfsmount *mnt)
{
	struct mount *mount = real_mount(mnt);

	record_source_string(scratch, BPF_CORE_READ(mount, mnt_devname));
}

/** Sets the source to a string in the caller's memory; see struct place. */
static __always_inline void record_source_user_string(struct scratch *scratch, const char *string)
{
	u32 start = source_start(scratch);
	long size;

	if (start > MICA_PATH_BYTES)
		return;
	size = bpf_probe_read_user_str(scratch->strings + start, MICA_PATH_BYTES, string);
	if (size <= 0)
		return;
	scratch->record.source_bytes = size - 1;
	if (size == MICA_PATH_BYTES)
		scratch->record.flags |= MICA_RECORD_SOURCE_TRUNCATED;
}

/** Sends the record that the task kept in this call, if it is of one of these types, and clears `operation`. */
static __always_inline bool finish_kept(struct task_struct *task, struct operation *operation,
					enum mica_event_type type, enum mica_event_type or_type, int result)
{
	struct mica_record *kept = record_kept(task, operation);
	bool found = kept && (kept->type == type || kept->type == or_type);

	if (found)
		record_finish_kept(kept, result, WAKE_SOON);
	operation_end(operation);
	return found;
}

/** Did the call come to its hook? Then its record is made there, or nobody wants one. */
static __always_inline bool came_to_hook(const struct operation *operation)
{
	return operation && operation->in_mount_call;
}

#endif
