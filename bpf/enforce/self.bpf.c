// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Enforcement itself, out of reach of subjects: a container with all capabilities gets no descriptor of mica's maps,
 * programs and links, and does not trace mica. (Pins are objects: REQUEST_OWN.)
 */
#include "ask.bpf.h"

/* include/uapi/linux/bpf.h */
#define BPF_PROG_GET_FD_BY_ID_COMMAND 13
#define BPF_MAP_GET_FD_BY_ID_COMMAND 14
#define BPF_LINK_GET_FD_BY_ID_COMMAND 30

static __always_inline bool is_subject(void)
{
	struct task_label *label = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), NULL, 0);

	return label && label->subject;
}

/** Tells of the refusal, if there is a set that counts it. */
static __always_inline long refuse(enum mica_denial_operation operation)
{
	struct asker asker;

	if (asker_begin(&asker, 0, QUESTION_SELF) == ASKED)
		(void)ask_all(&asker, 0, operation, QUESTION_SELF, NULL, NULL);
	return -EPERM;
}

/** By number, anybody's can be had; one's own are known by their descriptors. */
SEC("lsm/bpf")
long BPF_PROG(enforce_bpf, int command)
{
	if (command != BPF_PROG_GET_FD_BY_ID_COMMAND && command != BPF_MAP_GET_FD_BY_ID_COMMAND &&
	    command != BPF_LINK_GET_FD_BY_ID_COMMAND)
		return 0;
	return is_subject() ? refuse(MICA_DENIAL_BPF) : 0;
}

SEC("lsm/ptrace_access_check")
long BPF_PROG(enforce_ptrace, struct task_struct *child)
{
	struct task_label *label;

	if (!is_subject())
		return 0;
	label = bpf_task_storage_get(&labels, child, NULL, 0);
	return is_trusted(child, label) ? refuse(MICA_DENIAL_PTRACE) : 0;
}

/** /dev/mem, /dev/port, /proc/kcore: what is opened there is the kernel's memory, layers, maps and all. */
SEC("lsm/locked_down")
long BPF_PROG(enforce_locked_down, u32 what)
{
	u32 operation = MICA_OPERATION_BIT(MICA_OPERATION_DEVICE_OPEN);
	struct asker asker;

	if (what != bpf_core_enum_value(enum lockdown_reason, LOCKDOWN_DEV_MEM) &&
	    what != bpf_core_enum_value(enum lockdown_reason, LOCKDOWN_KCORE))
		return 0;
	switch (asker_begin(&asker, operation, QUESTION_KERNEL_MEMORY)) {
	case ASKED_NOTHING:
		return 0;
	case ASKED_UNKNOWN:
		return -EPERM;
	default:
		return ask_all(&asker, 0, operation, QUESTION_KERNEL_MEMORY, NULL, NULL);
	}
}
