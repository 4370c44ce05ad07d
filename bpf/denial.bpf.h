/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What every denial is counted by, and says of the task. The evaluator reports those of policies
 * (bpf/verdict/report.bpf.h), self.bpf.c enforcement's own, the guard of read-only branches its own.
 */
#ifndef MICA_DENIAL_BPF_H
#define MICA_DENIAL_BPF_H

#include "drift.bpf.h"

#include "mica/enforce.h"

#define SECOND_NS 1000000000ULL
#define PF_IO_WORKER 0x10 /* include/linux/sched.h */

/** The flood limit: may one more record be sent in this second, of at most `most`? What may not is counted. */
static __always_inline bool record_passes(u64 *second_ns, u64 *records, u64 *suppressed, u64 most)
{
	u64 now = bpf_ktime_get_boot_ns(), begin = *second_ns;

	if (now - begin >= SECOND_NS && __sync_val_compare_and_swap(second_ns, begin, now) == begin)
		__sync_lock_test_and_set(records, 0);
	if (__sync_fetch_and_add(records, 1) < most)
		return true;
	__sync_fetch_and_add(suppressed, 1);
	return false;
}

/** Counts; true: a record is to be sent. */
static __always_inline bool count(struct mica_enforce_counter *counter, u32 verdict)
{
	u64 most = MICA_ENFORCE_AUDITS_PER_SECOND;

	if (verdict == MICA_VERDICT_DENY) {
		__sync_fetch_and_add(&counter->denied, 1);
		most = MICA_ENFORCE_DENIALS_PER_SECOND;
	} else {
		__sync_fetch_and_add(&counter->audited, 1);
	}
	return record_passes(&counter->second_ns, &counter->records, &counter->suppressed, most);
}

/** What is known of the current task, all but its name and whether it is a subject. */
static __always_inline void fill_task(struct mica_denial *head)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct nsproxy *nsproxy = task->nsproxy;

	head->mnt_ns = nsproxy ? nsproxy->mnt_ns->ns.inum : 0;
	head->mnt_ns_id = nsproxy ? mnt_namespace_id_direct(nsproxy->mnt_ns) : 0;
	head->cgroup_id = bpf_get_current_cgroup_id();
	head->pid = task->pid;
	head->tgid = task->tgid;
	head->uid = task->real_cred->uid.val;
}

static __always_inline void fill_comm(struct mica_denial *head)
{
	struct task_struct *task = bpf_get_current_task_btf();

	/* A worker of io_uring is called iou-wrk-N: whose it is says the thread group. */
	if (task->flags & PF_IO_WORKER)
		bpf_probe_read_kernel_str(head->comm, sizeof(head->comm), task->group_leader->comm);
	else
		bpf_get_current_comm(head->comm, sizeof(head->comm));
}

#endif
