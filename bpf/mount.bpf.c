// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Mounts: mount(2), umount2(2), move_mount(2) (fs/namespace.c). Paths are those of the caller's namespace, at the time
 * of the call. What umount and move_mount are called with is gone when their result is known: it is kept from the LSM
 * hook.
 */
#include "emit.bpf.h"

/* include/uapi/linux/mount.h */
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_PROPAGATION (1 << 17 | 1 << 18 | 1 << 19 | 1 << 20)
#define MS_MGC_VAL 0xc0ed0000
#define MS_MGC_MSK 0xffff0000

#if defined(__TARGET_ARCH_arm64)
#define SYSCALL_PREFIX "__arm64_sys_"
#else
#define SYSCALL_PREFIX "__x64_sys_"
#endif

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

	if (operation)
		operation->in_mount = 1;
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

SEC("fexit/path_mount")
int BPF_PROG(mount_exit)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_peek(task);
	u64 device = 0, fstype = 0, flags = 0, target = 0;
	struct union_entry *object_union;
	struct dentry *dentry;
	struct vfsmount *mnt;
	struct scratch *scratch;
	int result = traced_result(ctx);

	/* path_mount's strings, and `const` since 7.2: not readable as typed arguments on all kernels. */
	bpf_get_func_arg(ctx, 0, &device);
	bpf_get_func_arg(ctx, 1, &target);
	bpf_get_func_arg(ctx, 2, &fstype);
	bpf_get_func_arg(ctx, 3, &flags);
	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~MS_MGC_MSK;
	dentry = BPF_CORE_READ((struct path *)target, dentry);
	mnt = BPF_CORE_READ((struct path *)target, mnt);
	object_union = operation ? union_find(operation->union_sb) : NULL;
	if (!object_union)
		object_union = union_find((u64)BPF_CORE_READ(dentry, d_sb));
	scratch = record_begin(mount_event(flags), task, operation, object_union, SCOPE_MOUNT);
	if (scratch) {
		record_object(scratch, dentry);
		scratch->record.error = result;
		scratch->record.mount.flags = flags;
		if (!(flags & (MS_REMOUNT | MS_BIND | MS_MOVE | MS_PROPAGATION)) && fstype)
			bpf_probe_read_kernel_str(scratch->record.mount.fstype, MICA_FSTYPE_BYTES, (void *)fstype);
		record_path(scratch, dentry, real_mount(mnt));
		record_source_string(scratch, (void *)device);
		record_send_urgent(scratch);
	}
	operation_end(operation);
	return 0;
}

/** Sets the type of the file system that is, or was, mounted. */
static __always_inline void record_fstype(struct scratch *scratch, const struct vfsmount *mnt)
{
	const char *name = BPF_CORE_READ(mnt, mnt_sb, s_type, name);

	bpf_probe_read_kernel_str(scratch->record.mount.fstype, MICA_FSTYPE_BYTES, name);
}

static __always_inline int umount_begin(struct vfsmount *mnt, int flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_begin(task, NULL, MICA_REASON_NONE);
	struct mount *mount = real_mount(mnt);
	struct dentry *mountpoint = BPF_CORE_READ(mount, mnt_mountpoint);
	struct union_entry *object_union = union_of(mnt->mnt_sb);
	struct scratch *scratch;

	if (operation && object_union)
		operation->union_sb = (u64)mnt->mnt_sb;
	/* As for mount(2): what lies on a union is also reported of the host. */
	if (!object_union)
		object_union = union_find((u64)BPF_CORE_READ(mountpoint, d_sb));
	scratch = record_begin(MICA_EVENT_UMOUNT, task, operation, object_union, SCOPE_MOUNT);
	if (!scratch)
		return 0;
	record_object(scratch, mountpoint);
	scratch->record.mount.flags = flags;
	record_fstype(scratch, mnt);
	record_path(scratch, mnt->mnt_root, mount);
	record_source_string(scratch, BPF_CORE_READ(mount, mnt_devname));
	record_keep(scratch, task, operation);
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

static __always_inline int finish_kept(enum mica_event_type type, enum mica_event_type or_type, int result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_peek(task);
	struct pending *pending = record_kept(task, operation);

	if (pending && (pending->record.type == type || pending->record.type == or_type))
		record_finish_kept(pending, task, result, true);
	operation_end(operation);
	return 0;
}

SEC("fexit/path_umount")
int BPF_PROG(umount_exit)
{
	struct operation *operation = operation_peek(bpf_get_current_task_btf());
	u64 union_sb = operation ? operation->union_sb : 0;
	u64 action = operation ? operation->action : 0;

	finish_kept(MICA_EVENT_UMOUNT, MICA_EVENT_UMOUNT, traced_result(ctx));
	/* The superblock goes when the task returns to user space: still this system call. */
	if (operation) {
		operation->union_sb = union_sb;
		operation->umount_action = action;
	}
	return 0;
}

static __always_inline int move_mount_begin(const struct path *from, const struct path *to)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct vfsmount *mnt = BPF_CORE_READ(from, mnt), *to_mnt = BPF_CORE_READ(to, mnt);
	struct mount *mount = real_mount(mnt);
	struct mnt_namespace *ns = BPF_CORE_READ(mount, mnt_ns);
	/* From a detached tree (fsmount, open_tree): something new appears; else something moves. */
	bool detached = !ns || mnt_namespace_is_anonymous(ns);
	struct dentry *dentry = BPF_CORE_READ(to, dentry);
	struct union_entry *object_union = union_find((u64)BPF_CORE_READ(mnt, mnt_sb));
	struct operation *operation = operation_begin(task, NULL, MICA_REASON_NONE);
	struct scratch *scratch;

	if (!object_union)
		object_union = union_find((u64)BPF_CORE_READ(dentry, d_sb));
	scratch = record_begin(detached ? MICA_EVENT_MOUNT : MICA_EVENT_MOVE_MOUNT, task, operation, object_union,
			       SCOPE_MOUNT);
	if (!scratch)
		return 0;
	record_object(scratch, dentry);
	record_fstype(scratch, mnt);
	record_path(scratch, dentry, real_mount(to_mnt));
	if (detached)
		record_source_string(scratch, BPF_CORE_READ(mount, mnt_devname));
	else
		record_source_path(scratch, BPF_CORE_READ(from, dentry), mount);
	record_keep(scratch, task, operation);
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

SEC("fexit/" SYSCALL_PREFIX "move_mount")
int BPF_PROG(move_mount_exit)
{
	return finish_kept(MICA_EVENT_MOUNT, MICA_EVENT_MOVE_MOUNT, traced_result(ctx));
}
