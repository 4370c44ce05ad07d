// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Cgroups that are made (kernel/cgroup/cgroup.c): a container's tells its name, and may be gone before user space can
 * ask for its path.
 */
#include "emit.bpf.h"

/** TRACE_CGROUP_PATH_LEN of kernel/cgroup/cgroup-internal.h: the kernel cuts longer paths, the NUL included. */
#define TRACE_PATH_BYTES 1024

/** The path as a plain string in `source`. */
static __always_inline void record_cgroup_path(struct scratch *scratch, const char *path)
{
	long size = bpf_probe_read_kernel_str(scratch->strings, TRACE_PATH_BYTES, path);

	if (size <= 1 || size > TRACE_PATH_BYTES)
		return;
	scratch->record.source_bytes = size - 1;
	if (size == TRACE_PATH_BYTES)
		scratch->record.flags = MICA_RECORD_SOURCE_TRUNCATED;
}

/** Runs before anybody can enter the cgroup, with interrupts off (TRACE_CGROUP_PATH): no task preempts it. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_made, struct cgroup *cgroup, const char *path)
{
	struct scratch *scratch;

	/* 0: that of version 2. No record names a cgroup of another. */
	if (cgroup->root->hierarchy_id)
		return 0;
	scratch = scratch_claim();
	if (!scratch) {
		count_lost(MICA_RECORD_CGROUP, MICA_LOST_NO_SCRATCH);
		return 0;
	}
	__builtin_memset(&scratch->record, 0, sizeof(scratch->record));
	scratch->record.abi = MICA_EVENT_ABI;
	scratch->record.type = MICA_RECORD_CGROUP;
	scratch->record.time_ns = bpf_ktime_get_boot_ns();
	scratch->record.cgroup.id = cgroup->kn->id;
	scratch->record.cgroup.parent = cgroup->self.parent->cgroup->kn->id;
	record_cgroup_path(scratch, path);
	record_send(scratch);
	return 0;
}
