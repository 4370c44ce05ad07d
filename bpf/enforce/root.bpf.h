/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Enforcement, layer 2: is a directory the root of an object? What is not is told by a filter, mostly.
 */
#ifndef MICA_ENFORCE_ROOT_BPF_H
#define MICA_ENFORCE_ROOT_BPF_H

#include "maps.bpf.h"

#define ROOT_FILTER_WORDS 8192

/** Bits of directories that are, or once were, in `roots`: where there is none, nothing is looked up. */
struct root_filter {
	u64 words[ROOT_FILTER_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct root_filter);
} root_filters __weak SEC(".maps");

/** The word of the filter that has a root's bit: by the inode's number alone, so that no superblock is looked up. */
static __always_inline u64 *root_filter_word(u64 inode, u64 *ret_bit)
{
	u64 hash = inode * 0x9fb21c651e98df25ULL;
	u32 zero = 0;
	struct root_filter *filter = bpf_map_lookup_elem(&root_filters, &zero);

	*ret_bit = 1ULL << (hash >> 58);
	return filter ? &filter->words[hash >> 32 & (ROOT_FILTER_WORDS - 1)] : NULL;
}

/** No: a directory with this number is no root, on any superblock. */
static __always_inline bool root_may_be(u64 inode)
{
	u64 bit, *word = root_filter_word(inode, &bit);

	return !word || *word & bit;
}

/** The entry in `roots` of the directory with this number, and *ret_key; NULL: it has none. */
static __always_inline struct object_root *root_find(const struct super_block *sb, u64 inode, struct root_key *ret_key)
{
	u64 key = (u64)sb;
	struct superblock_entry *entry;

	if (!root_may_be(inode))
		return NULL;
	entry = bpf_map_lookup_elem(&superblocks, &key);
	if (!entry || !entry->roots)
		return NULL;
	ret_key->sb_id = entry->id;
	ret_key->inode = inode;
	return bpf_map_lookup_elem(&roots, ret_key);
}

#endif
