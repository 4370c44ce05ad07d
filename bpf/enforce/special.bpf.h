/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Enforcement, layer 2: files that are more than files. They show what lies in objects, or switch enforcement off.
 */
#ifndef MICA_ENFORCE_SPECIAL_BPF_H
#define MICA_ENFORCE_SPECIAL_BPF_H

#include "maps.bpf.h"

#define S_IFBLK 0060000

#define PROC_SUPER_MAGIC 0x9fa0 /* include/uapi/linux/magic.h */

/* Character devices of the machine's memory: /dev/mem, /dev/kmem, /dev/port. */
#define MEMORY_MAJOR 1
#define MINOR_MEM 1
#define MINOR_KMEM 2
#define MINOR_PORT 4
#define MINOR_BITS 20

enum special_file {
	SPECIAL_NONE,
	/** A block device that holds objects; memory, which holds what was read of them: GUARD_DEVICES. */
	SPECIAL_DEVICE,
	/** /proc/sys/kernel/ftrace_enabled: 0 stops all programs. */
	SPECIAL_SWITCH,
};

static __always_inline bool is_called(struct dentry *dentry, const char *name, u32 length)
{
	const unsigned char *at = BPF_CORE_READ(dentry, d_name.name);
	char bytes[16] = {};

	if (BPF_CORE_READ(dentry, d_name.len) != length || bpf_probe_read_kernel(bytes, sizeof(bytes) - 1, at))
		return false;
	for (u32 i = 0; i < length; i++)
		if (bytes[i] != name[i])
			return false;
	return true;
}

/** Names in proc are what they are: nobody renames them. */
static __always_inline enum special_file special_of_proc(struct dentry *dentry)
{
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent), *sys;
	struct dentry *root = BPF_CORE_READ(dentry, d_sb, s_root);

	if (parent == root)
		return is_called(dentry, "kcore", 5) ? SPECIAL_DEVICE : SPECIAL_NONE;
	sys = BPF_CORE_READ(parent, d_parent);
	if (BPF_CORE_READ(sys, d_parent) != root || !is_called(dentry, "ftrace_enabled", 14) ||
	    !is_called(parent, "kernel", 6) || !is_called(sys, "sys", 3))
		return SPECIAL_NONE;
	return SPECIAL_SWITCH;
}

/** What a file is, besides a file. */
static __always_inline enum special_file special_of(struct dentry *dentry)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	u32 type = BPF_CORE_READ(inode, i_mode) & S_IFMT, device, minor;

	if (type == S_IFREG)
		return BPF_CORE_READ(dentry, d_sb, s_magic) == PROC_SUPER_MAGIC ? special_of_proc(dentry)
										: SPECIAL_NONE;
	if (type != S_IFBLK && type != S_IFCHR)
		return SPECIAL_NONE;
	device = BPF_CORE_READ(inode, i_rdev);
	if (type == S_IFBLK)
		return bpf_map_lookup_elem(&devices, &device) ? SPECIAL_DEVICE : SPECIAL_NONE;
	minor = device & ((1U << MINOR_BITS) - 1);
	if (device >> MINOR_BITS == MEMORY_MAJOR && (minor == MINOR_MEM || minor == MINOR_KMEM || minor == MINOR_PORT))
		return SPECIAL_DEVICE;
	return SPECIAL_NONE;
}

#endif
