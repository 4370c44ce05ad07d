// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Unions: their superblocks come and go (fs/overlayfs/super.c), and their layers are described to user space as the
 * superblock has them: option strings are relative, escaped, or cut.
 */
#include "emit.bpf.h"
#include "syscall.bpf.h"

struct description {
	struct super_block *sb;
	u64 union_id;
	u32 layers;
};

static long describe_layer(u32 index, void *data)
{
	struct description *description = data;
	struct dentry *root = overlay_layer_root(description->sb, index);
	struct scratch *scratch;

	if (!root)
		return 0;
	scratch = scratch_claim();
	if (!scratch) {
		count_lost(MICA_RECORD_UNION_LAYER, MICA_LOST_NO_SCRATCH);
		return 0;
	}
	__builtin_memset(&scratch->record, 0, sizeof(scratch->record));
	scratch->record.abi = MICA_EVENT_ABI;
	scratch->record.type = MICA_RECORD_UNION_LAYER;
	scratch->record.time_ns = bpf_ktime_get_boot_ns();
	scratch->record.union_id = description->union_id;
	scratch->record.layers = description->layers;
	record_superblock(&scratch->record, description->sb);
	scratch->record.union_layer.index = index;
	scratch->record.union_layer.inode = BPF_CORE_READ(root, d_inode, i_ino);
	scratch->record.union_layer.dev = BPF_CORE_READ(root, d_sb, s_dev);
	record_path(scratch, root, NULL);
	record_send(scratch);
	return 0;
}

/** Sends a MICA_RECORD_UNION_LAYER for each layer. */
static __always_inline void describe_union(struct super_block *sb, const struct union_entry *entry)
{
	struct description description = { .sb = sb, .union_id = entry->id, .layers = entry->layers };

	bpf_loop(description.layers + 1, describe_layer, &description, 0);
}

SEC("fentry/ovl_fill_super")
int BPF_PROG(union_setup)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool by_fsconfig = event_wanted(MICA_EVENT_FSCONFIG) && in_call(task, NR_fsconfig);
	struct operation *operation = by_fsconfig ? mount_call_begin(task) : operation_get(task);

	if (operation)
		operation->in_union_setup = 1;
	return 0;
}

SEC("fexit/ovl_fill_super")
int BPF_PROG(union_up, struct super_block *sb)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_peek(task);
	u64 key = (u64)sb;
	struct union_entry *entry;
	struct scratch *scratch;

	if (operation)
		operation->in_union_setup = 0;
	if (traced_result(ctx))
		return 0;
	/* A superblock that lived here before, if its end was missed. */
	bpf_map_delete_elem(&unions, &key);
	entry = union_get(sb);
	if (!entry) {
		count_lost(MICA_EVENT_UNION_UP, MICA_LOST_NO_STATE);
		return 0;
	}
	describe_union(sb, entry);
	scratch = record_begin(MICA_EVENT_UNION_UP, task, operation, entry, SCOPE_MOUNT);
	if (scratch) {
		record_superblock(&scratch->record, sb);
		record_send_now(scratch);
	}
	/* By mount(2), the mount is still to come; fsconfig(2) ends its own. */
	if (operation && operation->in_mount)
		operation->union_sb = (u64)sb;
	else if (!operation || !operation->in_mount_call)
		operation_end(operation);
	return 0;
}

/** mica's own statfs(2) asks for a description: that is how unions older than mica become known. */
SEC("fentry/ovl_statfs")
int BPF_PROG(union_asked, struct dentry *dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct union_entry *entry;

	if ((u32)task->tgid != self_tgid)
		return 0;
	entry = union_get(dentry->d_sb);
	if (entry)
		describe_union(dentry->d_sb, entry);
	return 0;
}

SEC("fentry/ovl_put_super")
int BPF_PROG(union_down, struct super_block *sb)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 key = (u64)sb;
	struct union_entry *entry = union_get(sb);
	struct operation *operation = operation_peek(task);
	bool unmounted = operation && operation->umount_action && operation->union_sb == key;
	struct scratch *scratch;

	if (!entry)
		return 0;
	if (unmounted)
		operation->action = operation->umount_action;
	scratch = record_begin(MICA_EVENT_UNION_DOWN, task, operation, entry, SCOPE_MOUNT);
	if (scratch) {
		record_superblock(&scratch->record, sb);
		record_send_now(scratch);
	}
	if (unmounted)
		operation_end(operation);
	bpf_map_delete_elem(&unions, &key);
	return 0;
}

/** Backstop: an address may be given to the next superblock, so its entry must not outlive it. */
SEC("lsm/sb_free_security")
int BPF_PROG(lsm_sb_free, struct super_block *sb)
{
	u64 key = (u64)sb;

	bpf_map_delete_elem(&unions, &key);
	return 0;
}
