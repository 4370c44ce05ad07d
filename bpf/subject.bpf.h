/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 2: whose doing is it, on what, and does anybody want to know. Most calls leave here.
 */
#ifndef MICA_SUBJECT_BPF_H
#define MICA_SUBJECT_BPF_H

#include "maps.bpf.h"

static __always_inline bool event_wanted(enum mica_event_type type)
{
	return event_mask >> type & 1;
}

static __always_inline void count_lost(enum mica_event_type type, enum mica_lost_cause cause)
{
	u32 key = type * _MICA_LOST_MAX + cause;
	u64 *count = bpf_map_lookup_elem(&losses, &key);

	/* A program of the same type may have been preempted on this CPU between its read and its write. */
	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline bool is_overlay(const struct super_block *sb)
{
	return sb->s_magic == OVERLAYFS_SUPER_MAGIC;
}

/** The same for a dentry that is only known as a number. */
static __always_inline bool is_overlay_dentry(u64 dentry)
{
	return BPF_CORE_READ((struct dentry *)dentry, d_sb, s_magic) == OVERLAYFS_SUPER_MAGIC;
}

/**
 * overlayfs runs the same operations again on the real objects, as the task but with the mounter's credentials in place
 * of the task's own. A wrong answer here costs an event, never a verdict.
 */
static __always_inline bool is_overlays_own_work(struct task_struct *task)
{
	return task->cred != task->real_cred;
}

/** Is the task in the host's mount namespace? Not when it has left all its namespaces. */
static __always_inline bool is_of_host(struct task_struct *task)
{
	struct nsproxy *nsproxy = task->nsproxy;

	return nsproxy && nsproxy->mnt_ns->ns.inum == host_mnt_ns;
}

/** The union of an overlay superblock; gives it a number at first sight. NULL: the table is full. */
static __always_inline struct union_entry *union_get(struct super_block *sb)
{
	u64 key = (u64)sb;
	struct union_entry *entry = bpf_map_lookup_elem(&unions, &key);
	struct union_entry fresh = {};

	if (entry)
		return entry;
	fresh.id = __sync_fetch_and_add(&last_union, 1) + 1;
	fresh.layers = overlay_layer_count(sb) - 1;
	fresh.sb = key;
	bpf_map_update_elem(&unions, &key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&unions, &key);
}

/** The same by number, where the superblock is only known as one. */
static __always_inline struct union_entry *union_find(u64 sb)
{
	return sb ? bpf_map_lookup_elem(&unions, &sb) : NULL;
}

/** The union that an object of `sb` lies in; NULL: not an overlay. */
static __always_inline struct union_entry *union_of(struct super_block *sb)
{
	return is_overlay(sb) ? union_get(sb) : NULL;
}

/** Where a task is: filled once per event. */
struct subject {
	u64 mnt_ns_id;
	u64 root_union;
	struct union_entry *object_union;
	u32 mnt_ns;
	bool host;
};

/** What an event is about, from the narrowest to the widest net. */
enum scope {
	/** A file: reported on a union always, elsewhere when a container did it. */
	SCOPE_FILE,
	/** A mount: reported also of namespaces that are no containers (a runtime that sets one up). */
	SCOPE_MOUNT,
	/** A namespace that comes: reported also of the host. */
	SCOPE_NAMESPACE,
	/** What may concern a union, or will: reported also of the host. */
	SCOPE_PERHAPS,
};

/** The union that the task's root lies in: mostly the one that it acts on. */
static __always_inline u64 root_union_of(struct task_struct *task, struct union_entry *object_union)
{
	struct fs_struct *fs = task->fs;
	struct super_block *root;
	struct union_entry *entry;

	if (!fs)
		return 0;
	root = fs->root.mnt->mnt_sb;
	if (!is_overlay(root))
		return 0;
	if (object_union && object_union->sb == (u64)root)
		return object_union->id;
	entry = union_get(root);
	return entry ? entry->id : 0;
}

/**
 * Is an event of this task, on an object of `object_union` (NULL: not on a union), to be reported? Fills `subject` when
 * it is. User space narrows it down with `subjects` and the flags of `unions`.
 */
static __always_inline bool subject_watched(struct task_struct *task, struct union_entry *object_union,
					    enum scope scope, struct subject *subject)
{
	struct nsproxy *nsproxy = task->nsproxy;
	struct mnt_namespace *ns = nsproxy ? nsproxy->mnt_ns : NULL;
	u32 *found, flags = 0;

	subject->mnt_ns = ns ? ns->ns.inum : 0;
	subject->host = subject->mnt_ns == host_mnt_ns;
	if (subject->host && !object_union && scope < SCOPE_NAMESPACE)
		return false;
	if (no_union_files && object_union && scope == SCOPE_FILE)
		return false;
	subject->mnt_ns_id = ns ? mnt_namespace_id_direct(ns) : 0;
	subject->object_union = object_union;
	subject->root_union = 0;
	if (!subject->host) {
		found = bpf_map_lookup_elem(&subjects, &subject->mnt_ns_id);
		flags = found ? *found : 0;
		subject->root_union = root_union_of(task, object_union);
	}
	/* Somebody else's doing counts when it is done to a union that was not rejected. */
	if (subject->host || flags & SUBJECT_REJECTED)
		return object_union ? !(object_union->flags & SUBJECT_REJECTED)
				    : scope >= SCOPE_NAMESPACE && !(flags & SUBJECT_REJECTED);
	if (object_union || scope != SCOPE_FILE || subject->root_union)
		return true;
	return !(flags & SUBJECT_OTHER);
}

#endif
