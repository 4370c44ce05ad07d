// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Mounts: mount(2), umount2(2), move_mount(2) (fs/namespace.c). Paths are those of the caller's namespace, at the time
 * of the call. What umount and move_mount are called with is gone when their result is known: it is kept from the LSM
 * hook. A call that fails before its hook is reported at its end, with the paths as the caller wrote them.
 */
#include "mount.bpf.h"

/* include/uapi/linux/mount.h */
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_PROPAGATION (1 << 17 | 1 << 18 | 1 << 19 | 1 << 20)
#define MS_MGC_VAL 0xc0ed0000
#define MS_MGC_MSK 0xffff0000

/** Without the magic number that old programs put into the upper half. */
static __always_inline unsigned long plain_flags(unsigned long flags)
{
	return (flags & MS_MGC_MSK) == MS_MGC_VAL ? flags & ~MS_MGC_MSK : flags;
}

static __always_inline enum mica_event_type mount_event(unsigned long flags)
{
	if (flags & MS_REMOUNT)
		return MICA_EVENT_REMOUNT;
	if (flags & MS_BIND)
		return MICA_EVENT_MOUNT;
	if (flags & MS_PROPAGATION)
		return MICA_EVENT_MOUNT_SETATTR;
	if (flags & MS_MOVE)
		return MICA_EVENT_MOVE_MOUNT;
	return MICA_EVENT_MOUNT;
}

static __always_inline int mount_begin(void)
{
	struct operation *operation = operation_begin(bpf_get_current_task_btf(), NULL, MICA_REASON_NONE);

	if (operation) {
		operation->in_mount = 1;
		operation->in_mount_call = 1;
	}
	return 0;
}

SEC("lsm/sb_mount")
int BPF_PROG(lsm_sb_mount)
{
	return mount_begin();
}

SEC("fentry/security_sb_mount")
int BPF_PROG(mount_check)
{
	return mount_begin();
}

/** Superblock of what was attached at this place last; NULL: nothing was. */
static __always_inline struct super_block *attached_at(struct vfsmount *mnt, struct dentry *dentry)
{
	struct mount *parent = real_mount(mnt), *child;
	struct list_head *last = BPF_CORE_READ(parent, mnt_mounts.prev);

	child = (void *)last - bpf_core_field_offset(struct mount, mnt_child);
	if (last == (void *)parent + bpf_core_field_offset(struct mount, mnt_mounts) ||
	    BPF_CORE_READ(child, mnt_mountpoint) != dentry)
		return NULL;
	return BPF_CORE_READ(child, mnt.mnt_sb);
}

static __always_inline bool takes_a_source_path(unsigned long flags)
{
	enum mica_event_type type = mount_event(flags);

	return type == MICA_EVENT_MOVE_MOUNT || (type == MICA_EVENT_MOUNT && flags & MS_BIND);
}

SEC("fexit/path_mount")
int BPF_PROG(mount_exit)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_peek(task);
	const struct path *target = (void *)ctx[1];
	u64 device = 0, fstype = 0, flags = 0;
	enum scope scope = SCOPE_MOUNT;
	struct union_entry *object_union;
	struct dentry *dentry;
	struct vfsmount *mnt;
	struct scratch *scratch;
	int result = traced_result(ctx);

	/* path_mount's strings, and `const` since 7.2: not readable as typed arguments on all kernels. */
	bpf_get_func_arg(ctx, 0, &device);
	bpf_get_func_arg(ctx, 2, &fstype);
	bpf_get_func_arg(ctx, 3, &flags);
	flags = plain_flags(flags);
	dentry = target->dentry;
	mnt = target->mnt;
	object_union = operation ? union_find(operation->union_sb) : NULL;
	if (!object_union)
		object_union = union_find((u64)dentry->d_sb);
	/* A part of a union somewhere else. When it fails, the source is only a string. */
	if (!object_union && takes_a_source_path(flags)) {
		if (result)
			scope = SCOPE_PERHAPS;
		else
			object_union = union_find((u64)attached_at(mnt, dentry));
	}
	scratch = record_begin(mount_event(flags), task, operation, object_union, scope);
	if (scratch) {
		if (scope == SCOPE_PERHAPS && scratch->record.flags & MICA_RECORD_HOST)
			scratch->record.flags |= MICA_RECORD_UNDECIDED;
		fill_object(&scratch->record, dentry, true);
		scratch->record.error = result;
		scratch->record.mount.flags = flags;
		if (!(flags & (MS_REMOUNT | MS_BIND | MS_MOVE | MS_PROPAGATION)) && fstype)
			bpf_probe_read_kernel_str(scratch->record.mount.fstype, MICA_FSTYPE_BYTES, (void *)fstype);
		record_path_mounted(scratch, dentry, mnt);
		record_source_string(scratch, (void *)device);
		record_send_soon(scratch);
	}
	operation_end(operation);
	if (operation)
		operation->in_mount_call = 1;
	return 0;
}

/** mount(2) is over: it is reported here when it failed before its hook. */
static __noinline int mount_done(const struct call *call)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_peek(task);
	unsigned long flags = plain_flags(call->arguments[3]);
	struct scratch *scratch;
	struct place place;

	if (!call->result || came_to_hook(operation))
		goto out;
	place_find(&place, AT_FDCWD, (void *)call->arguments[1]);
	scratch = mount_record_begin(mount_event(flags), task, NULL, place_superblock(&place), false);
	if (!scratch)
		goto out;
	scratch->record.error = error_of(call);
	scratch->record.mount.flags = flags;
	if (!(flags & (MS_REMOUNT | MS_BIND | MS_MOVE | MS_PROPAGATION)))
		bpf_probe_read_user_str(scratch->record.mount.fstype, MICA_FSTYPE_BYTES, (void *)call->arguments[2]);
	record_place(scratch, &place);
	record_source_user_string(scratch, (void *)call->arguments[0]);
	record_send_soon(scratch);
out:
	operation_end(operation);
	return 0;
}

SEC(SYSCALL "mount")
int BPF_PROG(mount_done_native, const struct pt_regs *regs)
{
	struct call call = native_call(ctx, regs);

	return mount_done(&call);
}

static __always_inline int umount_begin(struct vfsmount *mnt, int flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_begin(task, NULL, MICA_REASON_NONE);
	struct mount *mount = real_mount(mnt);
	struct dentry *mountpoint = BPF_CORE_READ(mount, mnt_mountpoint);
	struct union_entry *object_union = union_of(mnt->mnt_sb);
	struct scratch *scratch;

	if (operation)
		operation->in_mount_call = 1;
	if (operation && object_union)
		operation->union_sb = (u64)mnt->mnt_sb;
	/* As for mount(2): what lies on a union is also reported of the host. */
	if (!object_union)
		object_union = union_find((u64)BPF_CORE_READ(mountpoint, d_sb));
	scratch = record_begin_kept(MICA_EVENT_UMOUNT, task, operation, object_union, SCOPE_MOUNT);
	if (!scratch)
		return 0;
	record_object(scratch, mountpoint);
	scratch->record.mount.flags = flags;
	scratch->record.mount.flags_kind = MICA_MOUNT_FLAGS_UMOUNT;
	record_fstype(scratch, mnt);
	record_path(scratch, mnt->mnt_root, mount);
	record_source_string(scratch, BPF_CORE_READ(mount, mnt_devname));
	return 0;
}

SEC("lsm/sb_umount")
int BPF_PROG(lsm_sb_umount, struct vfsmount *mnt, int flags)
{
	return umount_begin(mnt, flags);
}

SEC("fentry/security_sb_umount")
int BPF_PROG(umount_check, struct vfsmount *mnt, int flags)
{
	return umount_begin(mnt, flags);
}

SEC("fexit/path_umount")
int BPF_PROG(umount_exit)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_peek(task);
	u64 union_sb = operation ? operation->union_sb : 0;
	u64 action = operation ? operation->action : 0;
	bool hooked = came_to_hook(operation);

	finish_kept(task, operation, MICA_EVENT_UMOUNT, MICA_EVENT_UMOUNT, traced_result(ctx));
	/* The superblock goes when the task returns to user space: still this system call. */
	if (operation) {
		operation->union_sb = union_sb;
		operation->umount_action = action;
		operation->in_mount_call = hooked;
	}
	return 0;
}

/** umount2(2) is over: it is reported here when it failed before its hook. */
static __noinline int umount_done(const struct call *call, u64 flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_peek(task);
	bool hooked = came_to_hook(operation);
	struct scratch *scratch;
	struct place place;

	if (operation)
		operation->in_mount_call = 0;
	if (!call->result || hooked)
		return 0;
	place_find(&place, AT_FDCWD, (void *)call->arguments[0]);
	scratch = mount_record_begin(MICA_EVENT_UMOUNT, task, NULL, place_superblock(&place), false);
	if (!scratch)
		return 0;
	scratch->record.error = error_of(call);
	scratch->record.mount.flags = flags;
	scratch->record.mount.flags_kind = MICA_MOUNT_FLAGS_UMOUNT;
	record_place(scratch, &place);
	record_send_soon(scratch);
	return 0;
}

SEC(SYSCALL "umount")
int BPF_PROG(umount_done_native, const struct pt_regs *regs)
{
	struct call call = native_call(ctx, regs);

	return umount_done(&call, (u32)call.arguments[1]);
}

static __always_inline int move_mount_begin(const struct path *from, const struct path *to)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct vfsmount *mnt = BPF_CORE_READ(from, mnt), *to_mnt = BPF_CORE_READ(to, mnt);
	struct mount *mount = real_mount(mnt);
	/* From a detached tree (fsmount, open_tree): something new appears; else something moves. */
	bool detached = is_detached(mnt);
	struct dentry *dentry = BPF_CORE_READ(to, dentry);
	struct union_entry *object_union = union_find((u64)BPF_CORE_READ(mnt, mnt_sb));
	struct operation *operation = mount_call_begin(task);
	struct scratch *scratch;

	if (!object_union)
		object_union = union_find((u64)BPF_CORE_READ(dentry, d_sb));
	scratch = record_begin_kept(detached ? MICA_EVENT_MOUNT : MICA_EVENT_MOVE_MOUNT, task, operation, object_union,
				    SCOPE_MOUNT);
	if (!scratch)
		return 0;
	record_object(scratch, dentry);
	scratch->record.mount.flags_kind = MICA_MOUNT_FLAGS_MOVE_MOUNT;
	record_fstype(scratch, mnt);
	record_path(scratch, dentry, real_mount(to_mnt));
	if (detached)
		record_source_string(scratch, BPF_CORE_READ(mount, mnt_devname));
	else
		record_source_path(scratch, BPF_CORE_READ(from, dentry), mount);
	return 0;
}

SEC("lsm/move_mount")
int BPF_PROG(lsm_move_mount, const struct path *from, const struct path *to)
{
	return move_mount_begin(from, to);
}

SEC("fentry/security_move_mount")
int BPF_PROG(move_mount_check, const struct path *from, const struct path *to)
{
	return move_mount_begin(from, to);
}

/** It failed before its hook. */
static __always_inline void send_failed_move(struct task_struct *task, const struct call *call)
{
	struct super_block *sb;
	struct scratch *scratch;
	struct place from, to;
	bool detached;

	place_find(&from, call->arguments[0], (void *)call->arguments[1]);
	place_find(&to, call->arguments[2], (void *)call->arguments[3]);
	detached = from.dentry && is_detached(from.mnt);
	sb = place_superblock(&from);
	if (!union_find((u64)sb))
		sb = from.dentry || detached ? place_superblock(&to) : NULL;
	scratch = mount_record_begin(detached ? MICA_EVENT_MOUNT : MICA_EVENT_MOVE_MOUNT, task, NULL, sb, false);
	if (!scratch)
		return;
	scratch->record.error = error_of(call);
	scratch->record.mount.flags = (u32)call->arguments[4];
	scratch->record.mount.flags_kind = MICA_MOUNT_FLAGS_MOVE_MOUNT;
	if (from.dentry)
		record_fstype(scratch, from.mnt);
	record_place(scratch, &to);
	if (detached)
		record_source_devname(scratch, from.mnt);
	else
		record_source_place(scratch, &from);
	record_send_soon(scratch);
}

static __noinline int move_mount_done(const struct call *call)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_peek(task);
	struct mica_record *kept = record_kept(task, operation);
	bool hooked = came_to_hook(operation);

	if (kept)
		kept->mount.flags = (u32)call->arguments[4];
	finish_kept(task, operation, MICA_EVENT_MOUNT, MICA_EVENT_MOVE_MOUNT, error_of(call));
	if (call->result && !hooked)
		send_failed_move(task, call);
	return 0;
}

SEC(SYSCALL "move_mount")
int BPF_PROG(move_mount_exit, const struct pt_regs *regs)
{
	struct call call = native_call(ctx, regs);

	return move_mount_done(&call);
}

#if defined(SYSCALL_32)
SEC(SYSCALL_32 "mount")
int BPF_PROG(mount_done_32, const struct pt_regs *regs)
{
	struct call call = compat_call(ctx, regs);

	return mount_done(&call);
}

SEC(SYSCALL_32 "umount")
int BPF_PROG(umount_done_32, const struct pt_regs *regs)
{
	struct call call = compat_call(ctx, regs);

	return umount_done(&call, (u32)call.arguments[1]);
}

/* The first umount(2), without flags. */
SEC(SYSCALL_32 "oldumount")
int BPF_PROG(umount_done_old, const struct pt_regs *regs)
{
	struct call call = compat_call(ctx, regs);

	return umount_done(&call, 0);
}

SEC(SYSCALL_32 "move_mount")
int BPF_PROG(move_mount_exit_32, const struct pt_regs *regs)
{
	struct call call = compat_call(ctx, regs);

	return move_mount_done(&call);
}
#endif
