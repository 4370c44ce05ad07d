// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Who is a subject: a task with its root on a union and outside of the host's mount namespace, from its first execve(2)
 * on; and whatever it starts. The label stays, wherever the task goes.
 */
#include "ask.bpf.h"
#include "object.bpf.h"

/** Tells user space, which finds out who it is. */
static __always_inline void tell_subject(const struct task_struct *task, u64 subject, u32 mnt_ns)
{
	struct mica_denial head = {
		.abi = MICA_ENFORCE_ABI,
		.size = sizeof(head),
		.time_ns = bpf_ktime_get_boot_ns(),
		.subject = subject,
		.mnt_ns_id = subject,
		.mnt_ns = mnt_ns,
		.pid = task->pid,
		.tgid = task->tgid,
		.verdict = MICA_VERDICT_ALLOW,
		.kind = MICA_ENFORCE_NEW_SUBJECT,
	};

	/* Without room it is found by a look at the tasks, only later. */
	bpf_ringbuf_output(&denials, &head, sizeof(head), BPF_RB_FORCE_WAKEUP);
}

/** Becomes a subject, if it is to be one. 0; negative: it is, but that cannot be noted. */
static __always_inline long label_task(struct task_struct *task)
{
	struct nsproxy *nsproxy = task->nsproxy;
	struct fs_struct *fs = task->fs;
	struct super_block *root;
	struct task_label *label;

	if (!nsproxy || !fs || nsproxy->mnt_ns->ns.inum == host_mnt_ns)
		return 0;
	root = fs->root.mnt->mnt_sb;
	if (!is_overlay(root))
		return 0;
	label = bpf_task_storage_get(&labels, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!label)
		return -EACCES;
	if (label->subject)
		return 0;
	(void)union_register(root, 0);
	union_give((u64)root, mnt_namespace_id_direct(nsproxy->mnt_ns));
	/* An engine's helper becomes the container's program. */
	label->flags = 0;
	label->subject = mnt_namespace_id_direct(nsproxy->mnt_ns);
	tell_subject(task, label->subject, nsproxy->mnt_ns->ns.inum);
	return 0;
}

SEC("lsm/bprm_check_security")
long BPF_PROG(enforce_bprm_check, struct linux_binprm *bprm)
{
	return label_task(bpf_get_current_task_btf());
}

/** mica_enforcer_probe makes a thread and looks whether this was seen. */
static __always_inline void note_probe(const struct task_struct *task)
{
	u32 key = ORDER_PROBE, probed = NUMBER_PROBED, *tgid = bpf_map_lookup_elem(&orders, &key);
	u64 *count;

	if (!tgid || *tgid != (u32)task->tgid)
		return;
	count = bpf_map_lookup_elem(&numbers, &probed);
	if (count)
		__sync_fetch_and_add(count, 1);
}

SEC("lsm/task_alloc")
long BPF_PROG(enforce_task_alloc, struct task_struct *child)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_label *own = NULL, *label;

	note_probe(task);
	if (!current_label(task, &own))
		return -EACCES;
	if (!(own && own->subject) && !is_trusted(task, own))
		return 0;
	label = bpf_task_storage_get(&labels, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!label)
		return own && own->subject ? -EACCES : 0;
	label->subject = own ? own->subject : 0;
	label->flags = own && own->subject ? own->flags : TASK_LABEL_TRUSTED;
	return 0;
}

struct task_entry {
	u32 tgid;
	u32 made;
	u64 subject;
};

/** Are the tasks that are there to be labelled (mica_enforcer_bootstrap)? */
static __always_inline bool wants_labels(void)
{
	u32 key = ORDER_LABEL, *order = bpf_map_lookup_elem(&orders, &key);

	return order && *order;
}

/** Tells each task of a subject. */
SEC("iter/task")
int visit_tasks(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct task_entry entry = {};
	struct task_label *label;

	if (!task)
		return 0;
	label = bpf_task_storage_get(&labels, task, NULL, 0);
	if (wants_labels() && (!label || !label->subject)) {
		if (label_task(task))
			return 0;
		label = bpf_task_storage_get(&labels, task, NULL, 0);
		entry.made = 1;
	}
	if (!label || !label->subject)
		return 0;
	entry.tgid = task->tgid;
	entry.subject = label->subject;
	bpf_seq_write(context->meta->seq, &entry, sizeof(entry));
	return 0;
}
