// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Trees of mounts (fs/namespace.c): open_tree, open_tree_attr, mount_setattr, pivot_root. Each is reported at its end,
 * which knows the result. What the kernel worked with is kept from a hook where there is one: the paths of pivot_root,
 * the tree that open_tree copies.
 */
#include "mount.bpf.h"

/* include/uapi/linux/mount.h */
#define OPEN_TREE_CLONE 1
#define OPEN_TREE_NAMESPACE 2 /* Linux 7.0 */

/** open_tree(2) copies a tree: the path that it was given, as the kernel found it. */
SEC("fentry/__do_loopback")
int BPF_PROG(copy_tree_entry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation;
	struct scratch *scratch;
	struct place place = {};
	u64 path = 0;

	if (!in_call(task, NR_open_tree) && !in_call(task, NR_open_tree_attr))
		return 0;
	bpf_get_func_arg(ctx, 0, &path);
	place.dentry = BPF_CORE_READ((struct path *)path, dentry);
	place.mnt = BPF_CORE_READ((struct path *)path, mnt);
	operation = mount_call_begin(task);
	if (!operation)
		return 0;
	scratch = mount_record_begin(MICA_EVENT_OPEN_TREE, task, operation, place_superblock(&place), true);
	if (!scratch)
		return 0;
	record_place(scratch, &place);
	record_fstype(scratch, place.mnt);
	return 0;
}

/** Sets what the call was to do: of open_tree_attr and mount_setattr in a body of its own. */
static __always_inline void set_open_tree(struct mica_record *record, u32 flags, const struct mica_mount_attr *attr)
{
	if (attr) {
		record->flags |= MICA_RECORD_MOUNT_ATTR;
		record->mount_attr = *attr;
		record->mount_attr.flags = flags;
		return;
	}
	record->mount.flags = flags;
	record->mount.flags_kind = MICA_MOUNT_FLAGS_OPEN_TREE;
}

static __always_inline void send_open_tree(struct task_struct *task, struct operation *operation,
					   const struct call *call, const struct mica_mount_attr *attr)
{
	struct scratch *scratch;
	struct place place;

	place_find(&place, call->arguments[0], (void *)call->arguments[1]);
	/* Without a copy the new descriptor is of the very path. */
	if (call->result >= 0 && !(call->arguments[2] & (OPEN_TREE_CLONE | OPEN_TREE_NAMESPACE)))
		path_of_fd(task, call->result, &place.dentry, &place.mnt);
	scratch = mount_record_begin(MICA_EVENT_OPEN_TREE, task, operation, place_superblock(&place), false);
	if (!scratch)
		return;
	scratch->record.error = error_of(call);
	if (place.dentry)
		record_fstype(scratch, place.mnt);
	record_place(scratch, &place);
	set_open_tree(&scratch->record, call->arguments[2], attr);
	record_send(scratch);
}

/** Reads a `struct mount_attr`; see struct place. */
static __always_inline void read_attr(struct mica_mount_attr *attr, u64 address, u64 size)
{
	/* struct mount_attr: attr_set, attr_clr, propagation, userns_fd */
	u64 user[4] = {};

	if (size >= sizeof(user))
		bpf_probe_read_user(user, sizeof(user), (void *)address);
	attr->set = user[0];
	attr->cleared = user[1];
	attr->propagation = user[2];
}

static __noinline int open_tree_done(const struct call *call, bool with_attr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_peek(task);
	struct mica_record *kept = record_kept(task, operation);
	struct mica_mount_attr attr = {};

	if (!came_to_hook(operation))
		operation = NULL;
	if (with_attr)
		read_attr(&attr, call->arguments[3], call->arguments[4]);
	if (kept && operation && kept->type == MICA_EVENT_OPEN_TREE) {
		set_open_tree(kept, call->arguments[2], with_attr ? &attr : NULL);
		record_finish_kept(kept, error_of(call), WAKE_LATER);
	} else {
		send_open_tree(task, operation, call, with_attr ? &attr : NULL);
	}
	operation_end(operation);
	return 0;
}

static __noinline int mount_setattr_done(const struct call *call)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *scratch;
	struct place place;

	place_find(&place, call->arguments[0], (void *)call->arguments[1]);
	scratch = mount_record_begin(MICA_EVENT_MOUNT_SETATTR, task, NULL, place_superblock(&place), false);
	if (!scratch)
		return 0;
	scratch->record.error = error_of(call);
	scratch->record.flags |= MICA_RECORD_MOUNT_ATTR;
	read_attr(&scratch->record.mount_attr, call->arguments[3], call->arguments[4]);
	scratch->record.mount_attr.flags = call->arguments[2];
	record_place(scratch, &place);
	record_send_soon(scratch);
	return 0;
}

static __always_inline int pivot_root_begin(const struct path *old, const struct path *new)
{
	struct place put_old = { .dentry = BPF_CORE_READ(old, dentry), .mnt = BPF_CORE_READ(old, mnt) };
	struct place root = { .dentry = BPF_CORE_READ(new, dentry), .mnt = BPF_CORE_READ(new, mnt) };
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = mount_call_begin(task);
	struct super_block *sb = place_superblock(&root);
	struct scratch *scratch;

	if (!union_find((u64)sb))
		sb = place_superblock(&put_old);
	scratch = mount_record_begin(MICA_EVENT_PIVOT_ROOT, task, operation, sb, true);
	if (!scratch)
		return 0;
	record_fstype(scratch, root.mnt);
	record_place(scratch, &root);
	record_source_place(scratch, &put_old);
	return 0;
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(lsm_sb_pivotroot, const struct path *old, const struct path *new)
{
	return pivot_root_begin(old, new);
}

SEC("fentry/security_sb_pivotroot")
int BPF_PROG(sb_pivotroot_check, const struct path *old, const struct path *new)
{
	return pivot_root_begin(old, new);
}

static __noinline int pivot_root_done(const struct call *call)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_peek(task);
	bool hooked = came_to_hook(operation);
	struct scratch *scratch;
	struct place place;

	finish_kept(task, operation, MICA_EVENT_PIVOT_ROOT, MICA_EVENT_PIVOT_ROOT, error_of(call));
	if (!call->result || hooked)
		return 0;
	place_find(&place, AT_FDCWD, (void *)call->arguments[0]);
	scratch = mount_record_begin(MICA_EVENT_PIVOT_ROOT, task, NULL, place_superblock(&place), false);
	if (!scratch)
		return 0;
	scratch->record.error = error_of(call);
	record_place(scratch, &place);
	place_find(&place, AT_FDCWD, (void *)call->arguments[1]);
	record_source_place(scratch, &place);
	record_send_soon(scratch);
	return 0;
}

SEC(SYSCALL "open_tree")
int BPF_PROG(open_tree_exit, const struct pt_regs *regs)
{
	struct call call = native_call(ctx, regs);

	return open_tree_done(&call, false);
}

SEC(SYSCALL "open_tree_attr")
int BPF_PROG(open_tree_attr_exit, const struct pt_regs *regs)
{
	struct call call = native_call(ctx, regs);

	return open_tree_done(&call, true);
}

SEC(SYSCALL "mount_setattr")
int BPF_PROG(mount_setattr_exit, const struct pt_regs *regs)
{
	struct call call = native_call(ctx, regs);

	return mount_setattr_done(&call);
}

SEC(SYSCALL "pivot_root")
int BPF_PROG(pivot_root_exit, const struct pt_regs *regs)
{
	struct call call = native_call(ctx, regs);

	return pivot_root_done(&call);
}

#if defined(SYSCALL_32)
SEC(SYSCALL_32 "open_tree")
int BPF_PROG(open_tree_exit_32, const struct pt_regs *regs)
{
	struct call call = compat_call(ctx, regs);

	return open_tree_done(&call, false);
}

SEC(SYSCALL_32 "open_tree_attr")
int BPF_PROG(open_tree_attr_exit_32, const struct pt_regs *regs)
{
	struct call call = compat_call(ctx, regs);

	return open_tree_done(&call, true);
}

SEC(SYSCALL_32 "mount_setattr")
int BPF_PROG(mount_setattr_exit_32, const struct pt_regs *regs)
{
	struct call call = compat_call(ctx, regs);

	return mount_setattr_done(&call);
}

SEC(SYSCALL_32 "pivot_root")
int BPF_PROG(pivot_root_exit_32, const struct pt_regs *regs)
{
	struct call call = compat_call(ctx, regs);

	return pivot_root_done(&call);
}
#endif
