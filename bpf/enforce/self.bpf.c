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

/** By number, anybody's can be had; one's own are known by their descriptors. */
SEC("lsm/bpf")
long BPF_PROG(enforce_bpf, int command)
{
	if (command != BPF_PROG_GET_FD_BY_ID_COMMAND && command != BPF_MAP_GET_FD_BY_ID_COMMAND &&
	    command != BPF_LINK_GET_FD_BY_ID_COMMAND)
		return 0;
	if (is_subject())
		return result_of(-EPERM);
	return 0;
}

SEC("lsm/ptrace_access_check")
long BPF_PROG(enforce_ptrace, struct task_struct *child)
{
	struct task_label *label;

	if (!is_subject())
		return 0;
	label = bpf_task_storage_get(&labels, child, NULL, 0);
	if (label && label->flags & TASK_LABEL_TRUSTED)
		return result_of(-EPERM);
	return 0;
}
