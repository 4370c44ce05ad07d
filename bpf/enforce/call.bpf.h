/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Enforcement, layer 2: which system call the current task is in, where a hook is not told.
 */
#ifndef MICA_ENFORCE_CALL_BPF_H
#define MICA_ENFORCE_CALL_BPF_H

#include "drift.bpf.h"

#define TS_COMPAT 2

/** The system call that the task is in, by its number in 64-bit code; 0: one of no interest here. */
enum call {
	CALL_OTHER,
	CALL_MOUNT,
	CALL_SETNS,
	CALL_OPEN_TREE,
	CALL_MOUNT_SETATTR,
	CALL_BPF,
};

static __always_inline enum call current_call(struct task_struct *task, s32 *ret_fd, u32 *ret_type)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
#if defined(__TARGET_ARCH_arm64)
	u32 number = BPF_CORE_READ(regs, syscallno);
	bool compat = false;

	*ret_fd = BPF_CORE_READ(regs, orig_x0);
	*ret_type = BPF_CORE_READ(regs, regs[1]);
#else
	/* x32 sets bit 30. */
	u32 number = regs->orig_ax & ~(1U << 30);
	bool compat = BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;

	*ret_fd = compat ? regs->bx : regs->di;
	*ret_type = compat ? regs->cx : regs->si;
#endif
	switch (number) {
	/* The same in all: numbers from 424 on. */
	case 428: /* open_tree */
	case 467: /* open_tree_attr */
		return CALL_OPEN_TREE;
	case 442: /* mount_setattr */
		return CALL_MOUNT_SETATTR;
	}
#if defined(__TARGET_ARCH_arm64)
	if (number == 268)
		return CALL_SETNS;
	if (number == 40)
		return CALL_MOUNT;
	if (number == 280)
		return CALL_BPF;
#else
	if (number == (compat ? 346 : 308))
		return CALL_SETNS;
	if (number == (compat ? 21 : 165))
		return CALL_MOUNT;
	if (number == (compat ? 357 : 321))
		return CALL_BPF;
#endif
	return CALL_OTHER;
}

#endif
