/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 2: system calls: which one the task is in, what it was called with, and what its file descriptors are.
 *
 * A call is seen at the end of its entry function, since nothing else knows all results. 64-bit code comes in through
 * __x64_sys_X; 32-bit code, and `int 0x80` from 64-bit code, through __ia32_sys_X, with the arguments in other
 * registers. (arm64 has one entry for both.)
 */
#ifndef MICA_SYSCALL_BPF_H
#define MICA_SYSCALL_BPF_H

#include "maps.bpf.h"

#if defined(__TARGET_ARCH_arm64)
#define SYSCALL "fexit/__arm64_sys_"
#else
#define SYSCALL "fexit/__x64_sys_"
#define SYSCALL_32 "fexit/__ia32_sys_"
#endif

/* The same on all architectures and in 32-bit code: numbers from 424 on are common to all. */
#define NR_open_tree 428
#define NR_fsconfig 431
#define NR_fsmount 432
#define NR_open_tree_attr 467

#define AT_FDCWD (-100)

#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */

#define ANON_INODE_FS_MAGIC 0x09041934 /* include/uapi/linux/magic.h */

/** A call that is over. */
struct call {
	u64 arguments[5];
	/** 0 or positive: it succeeded. */
	s64 result;
};

static __always_inline struct call native_call(void *ctx, const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_arm64)
	struct call call = {
		.arguments = { regs->regs[0], regs->regs[1], regs->regs[2], regs->regs[3], regs->regs[4] },
		.result = traced_result(ctx),
	};
#else
	struct call call = {
		.arguments = { regs->di, regs->si, regs->dx, regs->r10, regs->r8 },
		.result = traced_result(ctx),
	};
#endif

	return call;
}

#if !defined(__TARGET_ARCH_arm64)
static __always_inline struct call compat_call(void *ctx, const struct pt_regs *regs)
{
	struct call call = {
		.arguments = { (u32)regs->bx, (u32)regs->cx, (u32)regs->dx, (u32)regs->si, (u32)regs->di },
		.result = traced_result(ctx),
	};

	return call;
}
#endif

/** As a record has it: 0 or a negative errno. */
static __always_inline s32 error_of(const struct call *call)
{
	return call->result < 0 ? (s32)call->result : 0;
}

/** The number of the call that the task is in, as it was given. */
static __always_inline u32 syscall_number(struct task_struct *task)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);

#if defined(__TARGET_ARCH_arm64)
	return BPF_CORE_READ(regs, syscallno);
#else
	return regs->orig_ax;
#endif
}

/** Is the task in this call? For numbers that are common to all architectures. */
static __always_inline bool in_call(struct task_struct *task, u32 number)
{
	/* x32 sets bit 30. */
	return (syscall_number(task) & ~(1U << 30)) == number;
}

/** The first argument, a number, of the call that the task is in. */
static __always_inline s32 first_argument(struct task_struct *task)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);

#if defined(__TARGET_ARCH_arm64)
	return (s32)BPF_CORE_READ(regs, orig_x0);
#else
	bool compat = BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;

	return (s32)(compat ? BPF_CORE_READ(regs, bx) : BPF_CORE_READ(regs, di));
#endif
}

/** The file that a descriptor of the task stands for now; NULL: none. Another thread may close it at any time. */
static __always_inline struct file *file_of(struct task_struct *task, s32 fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;

	if (fd < 0 || (u32)fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return file;
}

/** The file system context that fsopen(2) or fspick(2) gave the descriptor for; NULL: it is of another kind. */
static __always_inline struct fs_context *fs_context_of(struct task_struct *task, s32 fd)
{
	static const char expected[] = "[fscontext]";
	struct file *file = file_of(task, fd);
	struct dentry *dentry;
	char name[sizeof(expected)] = {};

	if (!file)
		return NULL;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	if (BPF_CORE_READ(dentry, d_sb, s_magic) != ANON_INODE_FS_MAGIC)
		return NULL;
	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
	if (bpf_strncmp(name, sizeof(name), expected))
		return NULL;
	return BPF_CORE_READ(file, private_data);
}

#endif
