/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Enforcement, layer 2: objects become known. A directory is (number of its superblock, inode, generation), and the
 * superblock's number is never given twice: so nothing is held, and nothing outlives what it names.
 */
#ifndef MICA_ENFORCE_OBJECT_BPF_H
#define MICA_ENFORCE_OBJECT_BPF_H

#include "root.bpf.h"

static __always_inline u64 next_number(u32 which)
{
	u64 *last = bpf_map_lookup_elem(&numbers, &which);

	return last ? __sync_fetch_and_add(last, 1) + 1 : 0;
}

/** Behind each change: what was remembered of verdicts is void. */
static __always_inline void objects_changed(void)
{
	(void)next_number(NUMBER_OBJECTS_CHANGED);
}

/** Before the superblock has roots: hooks leave at once on all others. */
static __always_inline void superblock_mark(struct super_block *sb)
{
	u32 which = NUMBER_SUPERBLOCKS;
	u64 *bits = bpf_map_lookup_elem(&numbers, &which);

	if (bits)
		__sync_fetch_and_or(bits, device_bit(BPF_CORE_READ(sb, s_dev)));
}

/** The entry of a superblock, made if there is none. NULL: the table is full. */
static __always_inline struct superblock_entry *superblock_get(u64 sb)
{
	struct superblock_entry *entry = bpf_map_lookup_elem(&superblocks, &sb);
	struct superblock_entry fresh = {};

	if (entry)
		return entry;
	fresh.id = next_number(NUMBER_LAST_SUPERBLOCK);
	if (!fresh.id)
		return NULL;
	bpf_map_update_elem(&superblocks, &sb, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&superblocks, &sb);
}

/** Notes that a block device holds objects: the one that is mounted, and the disk that it is a part of. */
static __always_inline void device_note(struct super_block *sb)
{
	struct block_device *device = BPF_CORE_READ(sb, s_bdev), *whole;
	u32 number, one = 1;

	if (!device)
		return;
	number = BPF_CORE_READ(device, bd_dev);
	bpf_map_update_elem(&devices, &number, &one, BPF_ANY);
	whole = BPF_CORE_READ(device, bd_disk, part0);
	if (whole && whole != device) {
		number = BPF_CORE_READ(whole, bd_dev);
		bpf_map_update_elem(&devices, &number, &one, BPF_ANY);
	}
}

/** Before a directory is in `roots`: the walk looks up no others. */
static __always_inline void root_mark(const struct root_key *key)
{
	u64 bit, *word = root_filter_word(key->inode, &bit);

	if (word)
		__sync_fetch_and_or(word, bit);
}

/** The entry of a directory as a root, made if there is none; *ret_key is its key. NULL: no room. */
static __always_inline struct object_root *root_get(struct dentry *dentry, struct root_key *ret_key)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
	struct superblock_entry *superblock = superblock_get((u64)sb);
	struct object_root fresh = {}, *entry;

	if (!superblock || !inode)
		return NULL;
	ret_key->sb_id = superblock->id;
	ret_key->inode = BPF_CORE_READ(inode, i_ino);
	fresh.generation = BPF_CORE_READ(inode, i_generation);
	entry = bpf_map_lookup_elem(&roots, ret_key);
	/* Another directory that had this number before. */
	if (entry && entry->generation != fresh.generation) {
		bpf_map_update_elem(&roots, ret_key, &fresh, BPF_EXIST);
		return bpf_map_lookup_elem(&roots, ret_key);
	}
	if (entry)
		return entry;
	root_mark(ret_key);
	if (bpf_map_update_elem(&roots, ret_key, &fresh, BPF_NOEXIST) == 0) {
		superblock_mark(sb);
		__sync_fetch_and_add(&superblock->roots, 1);
		device_note(sb);
	}
	return bpf_map_lookup_elem(&roots, ret_key);
}

/** Removes a root that is no object any more. */
static __always_inline void root_put(const struct root_key *key, const struct object_root *entry)
{
	if (!entry->volume && !entry->named_layer && !entry->layer_uses && !entry->upper_of && !entry->own)
		bpf_map_delete_elem(&roots, key);
}

struct union_context {
	struct super_block *sb;
	u64 number;
	u32 full;
	u32 reserved;
};

static __always_inline void union_root_note(struct union_context *context, u64 index, struct dentry *dentry, bool upper)
{
	struct union_root_key place = { .union_number = context->number, .index = index };
	struct root_key key = {};
	struct object_root *entry;

	if (!dentry)
		return;
	entry = root_get(dentry, &key);
	if (!entry || bpf_map_update_elem(&union_roots, &place, &key, BPF_NOEXIST)) {
		context->full = 1;
		return;
	}
	if (upper)
		entry->upper_of = context->number;
	else
		__sync_fetch_and_add(&entry->layer_uses, 1);
}

static long union_layer_note(u32 index, void *data)
{
	struct union_context *context = data;

	union_root_note(context, index, overlay_layer_root(context->sb, index), index == 0);
	return 0;
}

/** Makes a union known, with its layers, upper and work. Its number, or 0: no room for all of it. */
static __always_inline u64 union_register(struct super_block *sb, u64 owner)
{
	struct union_context context = { .sb = sb };
	const struct cred *creator = overlay_creator(sb);
	struct superblock_entry *entry = superblock_get((u64)sb);
	u64 cred = (u64)creator;
	u32 layers = overlay_layer_count(sb);

	if (!entry)
		return 0;
	if (entry->union_number)
		return entry->union_number;
	context.number = next_number(NUMBER_LAST_UNION);
	if (!context.number || bpf_map_update_elem(&overlay_creds, &cred, &context.number, BPF_ANY))
		return 0;
	bpf_loop(layers, union_layer_note, &context, 0);
	union_root_note(&context, OVERLAY_WORK_INDEX, overlay_work_root(sb), true);
	entry->owner = owner;
	entry->root_count = layers;
	entry->union_number = context.number;
	objects_changed();
	return context.full ? 0 : context.number;
}

static __always_inline void union_root_forget(u64 number, u64 index)
{
	struct union_root_key place = { .union_number = number, .index = index };
	struct root_key *found = bpf_map_lookup_elem(&union_roots, &place), key;
	struct object_root *entry;

	if (!found)
		return;
	key = *found;
	bpf_map_delete_elem(&union_roots, &place);
	entry = bpf_map_lookup_elem(&roots, &key);
	if (!entry)
		return;
	if (index == 0 || index == OVERLAY_WORK_INDEX) {
		if (entry->upper_of == number)
			entry->upper_of = 0;
	} else if (entry->layer_uses) {
		__sync_fetch_and_add(&entry->layer_uses, -1);
	}
	root_put(&key, entry);
}

static long union_layer_forget(u32 index, void *data)
{
	union_root_forget(*(u64 *)data, index);
	return 0;
}

/** A superblock ends. */
static __always_inline void superblock_forget(u64 sb)
{
	struct superblock_entry *entry = bpf_map_lookup_elem(&superblocks, &sb);
	u64 number;

	if (!entry)
		return;
	number = entry->union_number;
	if (number) {
		bpf_loop(entry->root_count, union_layer_forget, &number, 0);
		union_root_forget(number, OVERLAY_WORK_INDEX);
	}
	bpf_map_delete_elem(&superblocks, &sb);
	objects_changed();
}

/** Makes a union a subject's own: its owner, if it has none. */
static __always_inline void union_give(u64 sb, u64 subject)
{
	struct superblock_entry *entry = bpf_map_lookup_elem(&superblocks, &sb);
	struct grant_key key = { .subject = subject };
	u32 one = 1;

	if (!entry || entry->owner == subject)
		return;
	if (__sync_val_compare_and_swap(&entry->owner, 0, subject) && entry->owner != subject) {
		key.union_number = entry->union_number;
		bpf_map_update_elem(&grants, &key, &one, BPF_ANY);
	}
	objects_changed();
}

#endif
