/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 0: plain loads from addresses that the verifier does not know as pointers. Since 6.2 it takes our word for
 * their type, at no cost, and a load that faults gives 0; before, each is a call of bpf_probe_read_kernel, ten times as
 * much. In one source of a linked object only: bpftool 7.1 cannot link a second one that calls a kernel function.
 */
#ifndef MICA_CAST_BPF_H
#define MICA_CAST_BPF_H

#include "drift.bpf.h"

/** Set before load: the kernel has bpf_rdonly_cast. */
const volatile __weak bool has_cast = false;

extern void *bpf_rdonly_cast(const void *address, u32 type) __ksym __weak;

/** Only where has_cast. */
#define CAST(type, address) ((type *)bpf_rdonly_cast((const void *)(address), bpf_core_type_id_kernel(type)))

/** A type of the kernel's that begins with a plain 64-bit number. */
#define CAST_WORD(address) ((u64)CAST(struct timespec64, address)->tv_sec)

/** A field of a struct at an address of the caller's: its value, as u64. */
#define LOAD(type, address, field)                                                                \
	({                                                                                        \
		type *of_probe = (void *)(address);                                               \
		has_cast ? (u64)CAST(type, address)->field : (u64)BPF_CORE_READ(of_probe, field); \
	})

/** file_is_internal() of drift.bpf.h, by plain loads where there are. */
static __always_inline bool file_is_internal_fast(struct file *file)
{
	u64 offset = bpf_core_field_offset(struct mount, mnt_ns) - bpf_core_field_offset(struct mount, mnt);

	if (!has_cast)
		return file_is_internal(file);
	/* The verifier wants one number to add to the pointer. */
	barrier_var(offset);
	return file->f_path.dentry->d_sb != file->f_inode->i_sb ||
	       CAST_WORD((void *)file->f_path.mnt + offset) >= (u64)-4095;
}

#endif
