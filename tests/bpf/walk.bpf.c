// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The path walk on its own: for tests/bpf/walk.c, which runs it through BPF_PROG_TEST_RUN. A raw tracepoint program
 * loads also where tracing programs are refused.
 */
#include "emit.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/** Sends a record whose path is the task's working directory: in its file system, and with `cross` in the namespace. */
static __always_inline int walk(bool cross)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct dentry *dentry = task->fs->pwd.dentry;
	struct vfsmount *mnt = task->fs->pwd.mnt;
	struct scratch *scratch = scratch_claim();

	if (!scratch)
		return 1;
	__builtin_memset(&scratch->record, 0, sizeof(scratch->record));
	scratch->record.abi = MICA_EVENT_ABI;
	scratch->record.type = MICA_EVENT_RENAME;
	/* The path by plain loads, the source by address: both must be right. */
	if (cross)
		record_path(scratch, dentry, real_mount(mnt));
	else
		record_path_typed(scratch, dentry);
	record_source_path(scratch, dentry, cross ? real_mount(mnt) : NULL);
	record_send(scratch);
	return 0;
}

SEC("raw_tp/sys_enter")
int walk_file_system(void *ctx)
{
	return walk(false);
}

SEC("raw_tp/sys_enter")
int walk_namespace(void *ctx)
{
	return walk(true);
}

/** Takes all slots of this CPU, so that the next walk finds none. Returns how many it got. */
SEC("raw_tp/sys_enter")
int take_all_slots(void *ctx)
{
	int taken = 0;

	for (int i = 0; i < SCRATCH_SLOTS + 1; i++)
		if (scratch_claim())
			taken++;
	return taken;
}
