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

#include "enforce/root.bpf.h"
#include "rename.bpf.h"

#define WALK_PASSES 4
#define WALK_COMPONENTS 2048
#define NAME_BYTES 255
/** Bytes of struct dentry that one read takes: d_seq to d_inode are its head on all kernels. */
#define DENTRY_HEAD_BYTES 64

/** What a step needs of a dentry. */
struct dentry_view {
	u64 parent;
	u64 inode;
	u64 name;
	u32 length;
	u32 sequence;
};

struct dentry_head {
	u64 words[DENTRY_HEAD_BYTES / 8];
};

static __always_inline u64 head_u64(const struct dentry_head *head, u32 offset)
{
	return *(u64 *)((void *)head + offset);
}

/** Where there is no cast: one read for all. False: it cannot be read. */
static __always_inline bool dentry_copy(struct dentry *dentry, struct dentry_view *view)
{
	struct dentry_head head;

	if (bpf_probe_read_kernel(&head, sizeof(head), dentry))
		return false;
	view->sequence = head_u64(&head, bpf_core_field_offset(dentry->d_seq) & ~7U) >>
			 (bpf_core_field_offset(dentry->d_seq) & 7U) * 8;
	view->inode = head_u64(&head, bpf_core_field_offset(dentry->d_inode));
	view->parent = head_u64(&head, bpf_core_field_offset(dentry->d_parent));
	view->name = head_u64(&head, bpf_core_field_offset(dentry->d_name.name));
	view->length = head_u64(&head, bpf_core_field_offset(dentry->d_name)) >> 32;
	return true;
}

static __always_inline bool dentry_look(u64 address, struct dentry_view *view)
{
	struct dentry *dentry;

	if (!has_cast)
		return dentry_copy((void *)address, view);
	dentry = CAST(struct dentry, address);
	view->sequence = dentry->d_seq.seqcount.sequence;
	view->inode = (u64)dentry->d_inode;
	view->parent = (u64)dentry->d_parent;
	view->name = (u64)dentry->d_name.name;
	view->length = dentry->d_name.len;
	/* A read that faults is 0. */
	return view->parent != 0;
}

struct walk_context {
	struct scratch *slot;
};

/** Fills in what is known of a superblock, from its entry. */
static __always_inline void superblock_find(struct found_superblock *found, u64 sb)
{
	struct superblock_entry *entry = bpf_map_lookup_elem(&superblocks, &sb);

	found->sb = sb;
	found->sb_id = entry && entry->roots ? entry->id : 0;
	found->union_number = entry ? entry->union_number : 0;
	found->owner = entry ? entry->owner : 0;
	found->folds = superblock_folds_names((void *)sb);
	found->overlay = LOAD(struct super_block, sb, s_magic) == OVERLAYFS_SUPER_MAGIC;
}

/** At the first dentry on a superblock: mostly that of the question before. */
static __always_inline void walk_enter(struct scratch *slot, struct dentry *dentry)
{
	struct found_superblock *found = &slot->found_sb;
	struct walk *walk = &slot->walk;
	u64 sb = LOAD(struct dentry, dentry, d_sb), stamp;
	u32 which = NUMBER_OBJECTS_CHANGED;
	u64 *changed = bpf_map_lookup_elem(&numbers, &which);

	stamp = changed ? *(volatile u64 *)changed + 1 : 0;
	if (!stamp || found->stamp != stamp || found->sb != sb) {
		superblock_find(found, sb);
		found->stamp = stamp;
	}
	walk->entered = 1;
	walk->sb = sb;
	walk->sb_id = found->sb_id;
	walk->overlay = found->overlay;
	walk->folds = found->folds;
	walk->union_number = found->union_number;
	walk->owner = found->owner;
}

/** Is the directory the root of an object? Then the walk ends. */
static __always_inline bool walk_found(struct walk *walk, struct inode *inode)
{
	struct root_key key = { .sb_id = walk->sb_id };
	struct object_root *root;

	if (!walk->sb_id || !inode)
		return false;
	key.inode = LOAD(struct inode, inode, i_ino);
	if (!root_may_be(key.inode))
		return false;
	root = bpf_map_lookup_elem(&roots, &key);
	if (!root || root->generation != LOAD(struct inode, inode, i_generation))
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

/** Names up to this are copied by words. */
#define WORDS_OF_NAME 4

/**
 * Copies a name to where it ends at `end`, in whole words from its end on: what they bring from before the name is
 * written over by the next one.
 */
static __always_inline void copy_words(struct scratch *slot, u32 end, u64 name, u32 length)
{
	for (u32 i = 1; i <= WORDS_OF_NAME; i++) {
		*(u64 *)(slot->match.path + ((end - 8 * i) & (MICA_POLICY_PATH_BYTES - 1))) =
			CAST_WORD(name + length - 8 * i);
		if (length <= 8 * i)
			break;
	}
}

/** Puts a name in front. False: no room, or it cannot be read. */
static __always_inline bool walk_prepend(struct scratch *slot, u32 *begin_of_path, u64 name, u32 length)
{
	u32 begin = *begin_of_path;

	if (length > NAME_BYTES || length == 0 || begin < length + 1 || begin > MICA_POLICY_PATH_BYTES)
		return false;
	if (has_cast && length <= 8 * WORDS_OF_NAME && begin >= 8 * WORDS_OF_NAME) {
		copy_words(slot, begin, name, length);
		begin -= length;
	} else {
		begin -= length;
		barrier_var(begin);
		if (bpf_probe_read_kernel(slot->match.path + (begin & (MICA_POLICY_PATH_BYTES - 1)), length & 255,
					  (void *)name))
			return false;
	}
	begin--;
	barrier_var(begin);
	slot->match.path[begin & (MICA_POLICY_PATH_BYTES - 1)] = '/';
	*begin_of_path = begin;
	return true;
}

/** What stands for the name of a file that has none: the kernel itself calls it by '#' and its number. */
static __always_inline void walk_unnamed(struct scratch *slot)
{
	slot->match.path[MICA_POLICY_PATH_BYTES - 2] = '/';
	slot->match.path[MICA_POLICY_PATH_BYTES - 1] = '#';
	slot->walk.begin = MICA_POLICY_PATH_BYTES - 2;
}

/** Components that a step of union_step takes. */
#define UNION_COMPONENTS 4

/**
 * Only the names, to the root of a file system without roots in it, as a union is. Whether anything was renamed
 * meanwhile is not looked at: the caller does.
 */
static long union_step(u32 step, void *data)
{
	struct scratch *slot = ((struct walk_context *)data)->slot;
	struct walk *walk = &slot->walk;
	u64 address = walk->dentry, parent;
	u32 begin = walk->begin;

	for (u32 i = 0; i < UNION_COMPONENTS; i++) {
		struct dentry *dentry = CAST(struct dentry, address);

		parent = (u64)dentry->d_parent;
		if (parent == address) {
			walk->ended = address == (u64)CAST(struct super_block, walk->sb)->s_root ? 1 : 2;
			break;
		}
		/* A read that faults is 0. */
		if (!parent || !walk_prepend(slot, &begin, (u64)dentry->d_name.name, dentry->d_name.hash_len >> 32)) {
			walk->ended = 2;
			break;
		}
		address = parent;
	}
	walk->dentry = address;
	walk->begin = begin;
	return walk->ended != 0;
}

static long walk_step(u32 step, void *data)
{
	struct scratch *slot = ((struct walk_context *)data)->slot;
	struct walk *walk = &slot->walk;
	struct dentry *dentry = (void *)walk->dentry;
	struct mount *mount = (void *)walk->mount;
	struct dentry_view view = {};
	u32 begin = walk->begin;

	if (!walk->entered)
		walk_enter(slot, dentry);
	if (mount && !walk->overlay && dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		/* The volume itself is looked for first: it may be mounted by itself. */
		if (walk_found(walk, BPF_CORE_READ(dentry, d_inode)))
			return 1;
		if (walk_cross_mount(walk))
			return 0;
		walk->ended = 1;
		return 1;
	}
	if (!dentry_look((u64)dentry, &view)) {
		walk->ended = 2;
		return 1;
	}
	walk->sum += view.sequence;
	walk->odd |= view.sequence & 1;
	if (walk_found(walk, (void *)view.inode))
		return 1;
	/* A name in it is the one that was asked for, not the one that is there. */
	if (walk->folds && walk->begin < MICA_POLICY_PATH_BYTES && inode_folds_names((void *)view.inode))
		walk->folded = 1;
	if (view.parent == (u64)dentry) {
		/* A file that was reached by a handle, and has no name yet, hangs nowhere. */
		walk->ended = (u64)dentry == LOAD(struct super_block, walk->sb, s_root) ? 1 : 2;
		return 1;
	}
	if (!walk_prepend(slot, &begin, view.name, view.length)) {
		walk->ended = 2;
		return 1;
	}
	walk->begin = begin;
	walk->dentry = view.parent;
	return 0;
}

/** `names_only`: renames are told by rename_lock, so that the dentries' own counts need not be read. */
static __always_inline void walk_once(struct scratch *slot, bool names_only)
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
		walk_unnamed(slot);
	walk_enter(slot, (void *)walk->dentry);
	if (has_cast && names_only && walk->overlay && !walk->sb_id && !walk->folds)
		bpf_loop(WALK_COMPONENTS / UNION_COMPONENTS + 1, union_step, &context, 0);
	else
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
 * Fills in the walk. True: the path is known, match.path from walk.begin to MICA_POLICY_PATH_BYTES; nothing is "/".
 * False: it is not; then kind is that of the superblock, as far as that says it.
 */
static __always_inline bool walk_up(struct scratch *slot)
{
	struct walk *walk = &slot->walk;
	bool consistent = false;
	u64 sum = 0;

	for (u32 pass = 0; pass < WALK_PASSES && !consistent; pass++) {
		u32 before = rename_sequence();

		walk_once(slot, pass == 0 && !(before & 1));
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
