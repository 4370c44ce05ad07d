/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 2: the path walk. From a dentry up to the root of its file system, or, with a mount, to the root of its
 * namespace; each name goes to the record as it is passed (leaf first, see struct mica_record).
 */
#ifndef MICA_PATH_BPF_H
#define MICA_PATH_BPF_H

#include "maps.bpf.h"

/** Tries of a walk that a rename anywhere in the system came across. */
#define WALK_TRIES 4
/** Bytes of struct dentry that one read takes: d_seq to d_inode are its head on all kernels. */
#define DENTRY_HEAD_BYTES 64

/** Counts the renames in the system; odd: one is under way. In path.bpf.c. */
u32 rename_sequence(void);

struct dentry_head {
	u64 words[DENTRY_HEAD_BYTES / 8];
};

static __always_inline u64 head_u64(const struct dentry_head *head, u32 offset)
{
	return *(u64 *)((void *)head + offset);
}

/** At the root of a file system: steps to the mount point that it hangs on. False: this is the namespace's root. */
static __always_inline bool walk_cross_mount(struct walk *walk)
{
	struct mount *mount = (void *)walk->mount, *parent;

	if (!mount)
		return false;
	parent = BPF_CORE_READ(mount, mnt_parent);
	if (!parent || parent == mount)
		return false;
	walk->dentry = (u64)BPF_CORE_READ(mount, mnt_mountpoint);
	walk->mount = (u64)parent;
	return true;
}

/** Appends one name. False: no room, or it cannot be read. */
static __always_inline bool walk_append(struct scratch *scratch, const void *name, u32 length)
{
	struct walk *walk = &scratch->walk;
	u32 offset = walk->offset;

	if (length > 255 || offset + length + 1 > walk->limit || offset >= STRING_BYTES)
		return false;
	if (bpf_probe_read_kernel(scratch->strings + offset, length & 255, name))
		return false;
	offset += length & 255;
	/* The compiler knows that this holds, and would leave out what the verifier wants to see. */
	barrier_var(offset);
	if (offset < sizeof(scratch->strings))
		scratch->strings[offset] = 0;
	walk->offset = offset + 1;
	return true;
}

struct walk_context {
	struct scratch *scratch;
};

static long walk_step(u32 step, void *data)
{
	struct scratch *scratch = ((struct walk_context *)data)->scratch;
	struct walk *walk = &scratch->walk;
	struct dentry *dentry = (void *)walk->dentry;
	struct mount *mount = (void *)walk->mount;
	struct dentry_head head;
	u64 parent, name;
	u32 length;

	if (mount && dentry == BPF_CORE_READ(mount, mnt.mnt_root))
		return walk_cross_mount(walk) ? 0 : 1;
	if (bpf_probe_read_kernel(&head, sizeof(head), dentry)) {
		walk->truncated = true;
		return 1;
	}
	parent = head_u64(&head, bpf_core_field_offset(dentry->d_parent));
	name = head_u64(&head, bpf_core_field_offset(dentry->d_name.name));
	length = head_u64(&head, bpf_core_field_offset(dentry->d_name)) >> 32;
	if (parent == (u64)dentry)
		return 1;
	if (!walk_append(scratch, (void *)name, length)) {
		walk->truncated = true;
		return 1;
	}
	walk->dentry = parent;
	return 0;
}

/** Levels that are walked by plain loads where the verifier knows the dentry: half the cost of a read by address. */
#define WALK_TYPED_LEVELS 8

/**
 * The first levels, up to `root` (NULL: that of the file system). True: the root was reached, or the walk failed; else
 * walk->dentry is where to go on, which may be `root`.
 */
static __always_inline bool walk_typed(struct scratch *scratch, const struct dentry *dentry, const struct dentry *root)
{
	for (int level = 0; level < WALK_TYPED_LEVELS; level++) {
		const struct dentry *parent = dentry->d_parent;

		if (dentry == root)
			break;
		if (parent == dentry)
			return true;
		if (!walk_append(scratch, dentry->d_name.name, dentry->d_name.len)) {
			scratch->walk.truncated = true;
			return true;
		}
		dentry = parent;
	}
	scratch->walk.dentry = (u64)dentry;
	return false;
}

/** From walk->dentry to the end. A mount point takes a step of its own, and mounts can be stacked. */
static __always_inline void walk_on(struct scratch *scratch)
{
	struct walk_context context = { .scratch = scratch };

	if (bpf_loop(2 * MICA_PATH_COMPONENTS, walk_step, &context, 0) == 2 * MICA_PATH_COMPONENTS)
		scratch->walk.truncated = true;
}

/**
 * Appends the path of `dentry` to the record's strings from `start` up to `limit`; with `mount`, across mounts. Returns
 * its bytes. Sets MICA_RECORD_PATH_RACED when a rename came across each try, *ret_truncated when its root end is
 * missing. `typed`: the verifier knows the dentry; then `root` is that of the mount, if there is one.
 */
static __always_inline u32 walk_path(struct scratch *scratch, const struct dentry *dentry, const void *mount, u32 start,
				     u32 limit, bool *ret_truncated, bool typed, const struct dentry *root)
{
	struct walk *walk = &scratch->walk;
	u32 sequence;

	for (int try = 0; try < WALK_TRIES; try++) {
		walk->dentry = (u64)dentry;
		walk->mount = (u64)mount;
		walk->offset = start;
		walk->limit = limit;
		walk->truncated = false;
		sequence = rename_sequence();
		if (!typed || !walk_typed(scratch, dentry, root))
			walk_on(scratch);
		if (!(sequence & 1) && rename_sequence() == sequence)
			goto consistent;
	}
	scratch->record.flags |= MICA_RECORD_PATH_RACED;
consistent:
	*ret_truncated = walk->truncated;
	return walk->offset - start;
}

/** Sets the record's path. Call it once, before the source is set. */
static __always_inline void record_path(struct scratch *scratch, const void *dentry, const void *mount)
{
	bool truncated;

	scratch->record.path_bytes = walk_path(scratch, dentry, mount, 0, MICA_PATH_BYTES, &truncated, false, NULL);
	if (truncated)
		scratch->record.flags |= MICA_RECORD_PATH_TRUNCATED;
}

/** The same for a dentry that the verifier knows, within its file system. */
static __always_inline void record_path_typed(struct scratch *scratch, const struct dentry *dentry)
{
	bool truncated;

	scratch->record.path_bytes = walk_path(scratch, dentry, NULL, 0, MICA_PATH_BYTES, &truncated, true, NULL);
	if (truncated)
		scratch->record.flags |= MICA_RECORD_PATH_TRUNCATED;
}

/** The same for a path that the verifier knows, across mounts. */
static __always_inline void record_path_mounted(struct scratch *scratch, const struct dentry *dentry,
						const struct vfsmount *mnt)
{
	bool truncated;

	scratch->record.path_bytes =
		walk_path(scratch, dentry, real_mount(mnt), 0, MICA_PATH_BYTES, &truncated, true, mnt->mnt_root);
	if (truncated)
		scratch->record.flags |= MICA_RECORD_PATH_TRUNCATED;
}

/** Where the record's source begins. Opaque: clang would check one copy of it and use another. */
static __always_inline u32 source_start(const struct scratch *scratch)
{
	u32 start = scratch->record.path_bytes;

	barrier_var(start);
	return start;
}

/** Sets the record's source to the path of a dentry. */
static __always_inline void record_source_path(struct scratch *scratch, const void *dentry, const void *mount)
{
	u32 start = source_start(scratch);
	bool truncated;

	if (start > MICA_PATH_BYTES)
		return;
	scratch->record.source_bytes =
		walk_path(scratch, dentry, mount, start, start + MICA_PATH_BYTES, &truncated, false, NULL);
	scratch->record.flags |= MICA_RECORD_SOURCE_IS_PATH;
	if (truncated)
		scratch->record.flags |= MICA_RECORD_SOURCE_TRUNCATED;
}

/** Sets the record's source to a kernel string, as the caller of mount(2) wrote it. */
static __always_inline void record_source_string(struct scratch *scratch, const char *string)
{
	u32 start = source_start(scratch);
	long size;

	if (!string || start > MICA_PATH_BYTES)
		return;
	size = bpf_probe_read_kernel_str(scratch->strings + start, MICA_PATH_BYTES, string);
	if (size <= 0)
		return;
	scratch->record.source_bytes = size - 1;
	if (size == MICA_PATH_BYTES)
		scratch->record.flags |= MICA_RECORD_SOURCE_TRUNCATED;
}

/** Sets the record's path to a kernel string that is none: the key of a parameter. Call it as record_path(). */
static __always_inline void record_key_string(struct scratch *scratch, const char *key)
{
	long size = bpf_probe_read_kernel_str(scratch->strings, MICA_PATH_BYTES, key);

	scratch->record.path_bytes = size > 0 ? size - 1 : 0;
}

#endif
