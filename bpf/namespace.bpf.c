// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Mount namespaces that come and go (fs/namespace.c). Every way to get one ends in alloc_mnt_ns: clone, unshare, and
 * since 7.2 open_tree and fsmount.
 */
#include "emit.bpf.h"
#include "syscall.bpf.h"

static __always_inline void set_namespace(struct mica_record *record, struct mnt_namespace *ns)
{
	record->mnt_ns = BPF_CORE_READ(ns, ns.inum);
	record->mnt_ns_id = mnt_namespace_id(ns);
}

/** The call that made the namespace, where that is an event of its own. */
static __always_inline struct operation *creating_call(struct task_struct *task)
{
	if (event_wanted(MICA_EVENT_OPEN_TREE) && (in_call(task, NR_open_tree) || in_call(task, NR_open_tree_attr)))
		return mount_call_begin(task);
	if (event_wanted(MICA_EVENT_FSMOUNT) && in_call(task, NR_fsmount))
		return mount_call_begin(task);
	return NULL;
}

SEC("fexit/alloc_mnt_ns")
int BPF_PROG(namespace_created, void *user_ns, bool anonymous)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mnt_namespace *ns = (void *)traced_result(ctx);
	struct scratch *scratch;

	/* An error is an address in the last page. */
	if (anonymous || (u64)ns >= (u64)-4095)
		return 0;
	scratch = record_begin(MICA_EVENT_NAMESPACE_CREATED, task, creating_call(task), NULL, SCOPE_NAMESPACE);
	if (!scratch)
		return 0;
	set_namespace(&scratch->record, ns);
	record_send_now(scratch);
	return 0;
}

/** May run in a task that has left all its namespaces. */
SEC("fentry/free_mnt_ns")
int BPF_PROG(namespace_gone, struct mnt_namespace *ns)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *scratch;
	bool rejected;
	u32 *flags;
	u64 id;

	if (mnt_namespace_is_anonymous(ns))
		return 0;
	id = mnt_namespace_id(ns);
	flags = bpf_map_lookup_elem(&subjects, &id);
	rejected = flags && *flags & SUBJECT_REJECTED;
	bpf_map_delete_elem(&subjects, &id);
	if (rejected)
		return 0;
	scratch = record_begin(MICA_EVENT_NAMESPACE_GONE, task, operation_peek(task), NULL, SCOPE_NAMESPACE);
	if (!scratch)
		return 0;
	set_namespace(&scratch->record, ns);
	record_send_now(scratch);
	return 0;
}
