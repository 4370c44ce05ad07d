/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The evaluator, first half: from a dentry to the object that it lies in, and its path there.
 *
 * Up the tree, until a directory that is registered as a root, or the root of the file system. Where something is
 * mounted is asked on over the mounts, until there is an object. The names are read twice if a rename came across the
 * first time: they are right if nothing was renamed in between, or if the sum of all d_seq is even and the same again.
 */
#ifndef MICA_VERDICT_WALK_BPF_H
#define MICA_VERDICT_WALK_BPF_H

#include "enforce/maps.bpf.h"

#define WALK_PASSES 4
#define WALK_COMPONENTS 2048
#define NAME_BYTES 255
/** What stands for the name of a file that has none: the kernel itself calls it by '#' and its number. */
#define UNNAMED "#"
/** Bytes of struct dentry that one read takes: d_seq to d_inode are its head on all kernels. */
#define DENTRY_HEAD_BYTES 64

/**
 * fs/dcache.c: taken for writing by every rename. Absent where kallsyms has no data symbols: then the names are always
 * read twice.
 */
extern const void rename_lock __ksym __weak;

static __always_inline u32 rename_sequence(void)
{
	u32 sequence = 1;

	if (&rename_lock)
		bpf_probe_read_kernel(&sequence, sizeof(sequence), &rename_lock);
	return sequence;
}

struct dentry_head {
	u64 words[DENTRY_HEAD_BYTES / 8];
};

static __always_inline u64 head_u64(const struct dentry_head *head, u32 offset)
{
	return *(u64 *)((void *)head + offset);
}

struct walk_context {
	struct scratch *slot;
};

/** At the first dentry on a superblock. */
static __always_inline void walk_enter(struct walk *walk, struct dentry *dentry)
{
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
	u64 key = (u64)sb;
	struct superblock_entry *entry = bpf_map_lookup_elem(&superblocks, &key);

	walk->entered = 1;
	walk->sb = key;
	walk->sb_id = entry && entry->roots ? entry->id : 0;
	walk->overlay = BPF_CORE_READ(sb, s_magic) == OVERLAYFS_SUPER_MAGIC;
	walk->folds = superblock_folds_names(sb);
	walk->union_number = entry ? entry->union_number : 0;
	walk->owner = entry ? entry->owner : 0;
}

/** Is the directory the root of an object? Then the walk ends. */
static __always_inline bool walk_found(struct walk *walk, struct inode *inode)
{
	struct root_key key = { .sb_id = walk->sb_id };
	struct object_root *root;

	if (!walk->sb_id || !inode)
		return false;
	key.inode = BPF_CORE_READ(inode, i_ino);
	root = bpf_map_lookup_elem(&roots, &key);
	if (!root || root->generation != BPF_CORE_READ(inode, i_generation))
		return false;
	if (root->own) {
		walk->kind = MICA_ENFORCE_UPPER;
		walk->own = 1;
	} else if (root->upper_of) {
		walk->kind = MICA_ENFORCE_UPPER;
		walk->number = root->upper_of;
		walk->union_of_upper = root->upper_of;
	} else if (root->volume) {
		walk->kind = MICA_ENFORCE_VOLUME;
		walk->number = root->volume;
	} else if (root->layer_uses || root->named_layer) {
		walk->kind = MICA_ENFORCE_LAYER;
		walk->number = root->layer;
	} else {
		return false;
	}
	walk->layer_uses = root->layer_uses;
	walk->ended = 1;
	return true;
}

/** At the root of a mount that is no union: on to what it is mounted on. */
static __always_inline bool walk_cross_mount(struct walk *walk)
{
	struct mount *mount = (void *)walk->mount, *parent = BPF_CORE_READ(mount, mnt_parent);

	if (!parent || parent == mount)
		return false;
	walk->dentry = (u64)BPF_CORE_READ(mount, mnt_mountpoint);
	walk->mount = (u64)parent;
	walk->entered = 0;
	return true;
}

/** Puts a name in front. False: no room, or it cannot be read. */
static __always_inline bool walk_prepend(struct scratch *slot, const void *name, u32 length)
{
	u32 begin = slot->walk.begin;

	if (length > NAME_BYTES || length == 0 || begin < length + 1 || begin > MICA_POLICY_PATH_BYTES)
		return false;
	begin -= length;
	barrier_var(begin);
	if (bpf_probe_read_kernel(slot->names + (begin & (MICA_POLICY_PATH_BYTES - 1)), length & 255, name))
		return false;
	begin--;
	barrier_var(begin);
	slot->names[begin & (MICA_POLICY_PATH_BYTES - 1)] = '/';
	slot->walk.begin = begin;
	return true;
}

static long walk_step(u32 step, void *data)
{
	struct scratch *slot = ((struct walk_context *)data)->slot;
	struct walk *walk = &slot->walk;
	struct dentry *dentry = (void *)walk->dentry;
	struct mount *mount = (void *)walk->mount;
	struct super_block *sb;
	struct dentry_head head;
	u64 parent, name;
	u32 length, sequence;

	if (!walk->entered)
		walk_enter(walk, dentry);
	if (mount && !walk->overlay && dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		/* The volume itself is looked for first: it may be mounted by itself. */
		if (walk_found(walk, BPF_CORE_READ(dentry, d_inode)))
			return 1;
		if (walk_cross_mount(walk))
			return 0;
		walk->ended = 1;
		return 1;
	}
	if (bpf_probe_read_kernel(&head, sizeof(head), dentry)) {
		walk->ended = 2;
		return 1;
	}
	sequence = head_u64(&head, bpf_core_field_offset(dentry->d_seq) & ~7U) >>
		   (bpf_core_field_offset(dentry->d_seq) & 7U) * 8;
	walk->sum += sequence;
	walk->odd |= sequence & 1;
	if (walk_found(walk, (void *)head_u64(&head, bpf_core_field_offset(dentry->d_inode))))
		return 1;
	/* A name in it is the one that was asked for, not the one that is there. */
	if (walk->folds && walk->begin < MICA_POLICY_PATH_BYTES &&
	    inode_folds_names((void *)head_u64(&head, bpf_core_field_offset(dentry->d_inode))))
		walk->folded = 1;
	parent = head_u64(&head, bpf_core_field_offset(dentry->d_parent));
	if (parent == (u64)dentry) {
		/* A file that was reached by a handle, and has no name yet, hangs nowhere. */
		sb = (void *)walk->sb;
		walk->ended = dentry == BPF_CORE_READ(sb, s_root) ? 1 : 2;
		return 1;
	}
	name = head_u64(&head, bpf_core_field_offset(dentry->d_name.name));
	length = head_u64(&head, bpf_core_field_offset(dentry->d_name)) >> 32;
	if (!walk_prepend(slot, (void *)name, length)) {
		walk->ended = 2;
		return 1;
	}
	walk->dentry = parent;
	return 0;
}

static __always_inline void walk_once(struct scratch *slot)
{
	struct walk_context context = { .slot = slot };
	struct walk *walk = &slot->walk;

	walk->dentry = slot->question.dentry;
	walk->mount = slot->question.mount;
	walk->sum = 0;
	walk->odd = 0;
	walk->begin = MICA_POLICY_PATH_BYTES;
	walk->ended = 0;
	walk->entered = 0;
	walk->kind = MICA_ENFORCE_NOWHERE;
	walk->number = 0;
	walk->layer_uses = 0;
	walk->own = 0;
	walk->union_of_upper = 0;
	walk->folded = 0;
	if (slot->question.flags & QUESTION_UNNAMED)
		(void)walk_prepend(slot, UNNAMED, sizeof(UNNAMED) - 1);
	bpf_loop(2 * WALK_COMPONENTS, walk_step, &context, 0);
}

/** A file that was reached by a name outside of the object that it is of. */
static __always_inline void walk_link(struct scratch *slot)
{
	struct dentry *dentry = (void *)slot->question.dentry;
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct root_key key = { .sb_id = slot->walk.sb_id };
	struct object_root *root;

	if (slot->question.mount || !key.sb_id || !inode || BPF_CORE_READ(inode, i_nlink) < 2)
		return;
	key.inode = BPF_CORE_READ(inode, i_ino);
	root = bpf_map_lookup_elem(&roots, &key);
	if (!root || !root->link_kind || root->generation != BPF_CORE_READ(inode, i_generation))
		return;
	slot->walk.kind = root->link_kind;
	slot->walk.number = root->link_number;
	slot->walk.layer_uses = root->link_kind == MICA_ENFORCE_LAYER;
	/* The path that led here is none of the object's. */
	slot->walk.ended = 2;
}

/**
 * Fills in the walk. True: the path is known, names + walk.begin up to MICA_POLICY_PATH_BYTES; nothing is "/". False:
 * it is not; then kind is that of the superblock, as far as that says it.
 */
static __always_inline bool walk_up(struct scratch *slot)
{
	struct walk *walk = &slot->walk;
	bool consistent = false;
	u64 sum = 0;

	for (u32 pass = 0; pass < WALK_PASSES && !consistent; pass++) {
		u32 before = rename_sequence();

		walk_once(slot);
		if (!(before & 1) && rename_sequence() == before)
			consistent = true;
		else if (pass && !walk->odd && walk->sum == sum)
			consistent = true;
		sum = walk->sum;
	}
	if (walk->kind == MICA_ENFORCE_NOWHERE && walk->overlay) {
		walk->kind = MICA_ENFORCE_UNION;
		walk->number = walk->union_number;
	}
	if (walk->kind == MICA_ENFORCE_NOWHERE)
		walk_link(slot);
	return consistent && walk->ended == 1 && !walk->folded;
}

#endif
