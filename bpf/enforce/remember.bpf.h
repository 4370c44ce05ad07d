/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Enforcement, layer 3: a file that may be read or written need not be asked about again at each read and write. What
 * is remembered is the verdict that a whole evaluation would come to now: it is for one open file, one subject, and for
 * as long as the set, the objects and all names are what they were.
 *
 * It is kept with the inode, so it ends with it; and a file's opening forgets what is there under its address, so it is
 * never another file's. Only that nobody has anything against it is remembered: a denial is given and reported each
 * time, and so is an audit.
 */
#ifndef MICA_ENFORCE_REMEMBER_BPF_H
#define MICA_ENFORCE_REMEMBER_BPF_H

#include "ask.bpf.h"
#include "cast.bpf.h"
#include "rename.bpf.h"

/** Open files of an inode that are remembered. */
#define FILES_OF_INODE 2
/** 15 seconds or more, by the kernel's tick: in that time rename_lock cannot come to the same number again. */
#define REMEMBERED_JIFFIES 15000

struct file_verdict {
	/** Odd: it is being written. */
	u64 sequence;
	/** struct file; 0: none. */
	u64 file;
	u64 subject;
	/** asker_stamp() before it was asked. */
	u64 stamp;
	/** Jiffies. */
	u64 until;
	/** READ, WRITE: what is allowed. */
	u32 operations;
	/** Names that the inode had: one more may be in another object. */
	u32 links;
};

struct inode_verdicts {
	struct file_verdict files[FILES_OF_INODE];
};

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct inode_verdicts);
} inode_verdicts SEC(".maps");

/** Changes whenever anything does that a verdict depends on. 0: it may be changing now. */
static __always_inline u64 asker_stamp(const struct asker *asker)
{
	u32 objects = NUMBER_OBJECTS_CHANGED, subjects = NUMBER_SUBJECTS_CHANGED, renames = rename_sequence();
	u64 *objects_changed = bpf_map_lookup_elem(&numbers, &objects);
	u64 *subjects_changed = bpf_map_lookup_elem(&numbers, &subjects);

	if (!objects_changed || !subjects_changed || renames & 1)
		return 0;
	/* Each only ever grows, so the sum is the same only if each is. */
	return (asker->generation + *(volatile u64 *)objects_changed + *(volatile u64 *)subjects_changed) << 32 |
	       renames;
}

/** Is that what is remembered of the file? Whoever writes it meanwhile makes it no. */
static __always_inline bool verdict_matches(struct file_verdict *of_file, const struct asker *asker, struct file *file,
					    u64 stamp, u32 operations)
{
	volatile struct file_verdict *verdict = of_file;
	u64 sequence;

	if (verdict->file != (u64)file || verdict->subject != asker->subject)
		return false;
	/* An addition that is read orders what is before and behind it, on every processor. */
	sequence = __sync_fetch_and_add(&of_file->sequence, 0);
	if (sequence & 1 || verdict->file != (u64)file || verdict->subject != asker->subject ||
	    verdict->stamp != stamp || operations & ~verdict->operations || verdict->links != file->f_inode->i_nlink ||
	    bpf_jiffies64() > verdict->until)
		return false;
	return __sync_fetch_and_add(&of_file->sequence, 0) == sequence;
}

/** What is remembered of an inode's files, or NULL. */
static __always_inline struct inode_verdicts *verdicts_of(struct file *file)
{
	return bpf_inode_storage_get(&inode_verdicts, file->f_inode, NULL, 0);
}

/** True: these operations of the asker on the file are allowed, and it is nothing to report. */
static __always_inline bool verdict_is_remembered(struct inode_verdicts *verdicts, const struct asker *asker,
						  struct file *file, u32 operations)
{
	u64 stamp;

	if (!verdicts || asker->flags)
		return false;
	stamp = asker_stamp(asker);
	if (!stamp)
		return false;
	for (u32 i = 0; i < FILES_OF_INODE; i++)
		if (verdict_matches(&verdicts->files[i], asker, file, stamp, operations))
			return true;
	return false;
}

/**
 * Also of a new file, before anybody has it: its address may have been another's. Whoever is writing there at this
 * moment writes another file's address, or allows the same file.
 */
static __always_inline void verdict_forget(struct inode_verdicts *verdicts, struct file *file)
{
	if (!verdicts)
		return;
	for (u32 i = 0; i < FILES_OF_INODE; i++)
		if (*(volatile u64 *)&verdicts->files[i].file == (u64)file)
			__sync_lock_test_and_set(&verdicts->files[i].file, 0);
}

/** Which of the places is to be the file's: the one that is, or that is none's, or the older. */
static __always_inline u32 verdict_place(const struct inode_verdicts *verdicts, u64 file)
{
	for (u32 i = 0; i < FILES_OF_INODE; i++)
		if (verdicts->files[i].file == file)
			return i;
	for (u32 i = 0; i < FILES_OF_INODE; i++)
		if (!verdicts->files[i].file)
			return i;
	return verdicts->files[0].until > verdicts->files[1].until;
}

/** Nothing comes of it where there is no memory, or somebody else is writing there. */
static __always_inline void verdict_remember(struct inode_verdicts *verdicts, const struct asker *asker,
					     struct file *file, u64 stamp, u32 links, u32 operations)
{
	volatile struct file_verdict *verdict;
	u64 sequence;

	if (!verdicts)
		verdicts = bpf_inode_storage_get(&inode_verdicts, file->f_inode, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!verdicts)
		return;
	verdict = &verdicts->files[verdict_place(verdicts, (u64)file) & (FILES_OF_INODE - 1)];
	sequence = verdict->sequence;
	if (sequence & 1 || __sync_val_compare_and_swap(&verdict->sequence, sequence, sequence + 1) != sequence)
		return;
	/* One descriptor is read, then written. */
	if (verdict->file == (u64)file && verdict->subject == asker->subject && verdict->stamp == stamp &&
	    verdict->links == links)
		operations |= verdict->operations;
	verdict->file = (u64)file;
	verdict->subject = asker->subject;
	verdict->stamp = stamp;
	verdict->until = bpf_jiffies64() + REMEMBERED_JIFFIES;
	verdict->operations = operations;
	verdict->links = links;
	/* An exchange: an addition that nobody reads orders nothing. */
	__sync_lock_test_and_set(&verdict->sequence, sequence + 2);
}

/** May the asker do these operations on the file? 0 or a negative errno. `verdicts`: verdicts_of() the file. */
static __always_inline long ask_and_remember(struct inode_verdicts *verdicts, const struct asker *asker,
					     struct file *file, u32 operations, u32 flags)
{
	u64 stamp = asker->flags ? 0 : asker_stamp(asker);
	u32 links = file->f_inode->i_nlink;
	bool plain = false;
	long answer = ask_all(asker, (u64)file->f_path.dentry, operations, flags, NULL, &plain);

	operations &= MICA_OPERATION_BIT(MICA_OPERATION_READ) | MICA_OPERATION_BIT(MICA_OPERATION_WRITE);
	if (!plain)
		verdict_forget(verdicts, file);
	else if (stamp && operations)
		verdict_remember(verdicts, asker, file, stamp, links, operations);
	return answer;
}

#endif
