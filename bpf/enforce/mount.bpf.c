// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Mounts, and what only capable() knows of.
 */
#include "ask.bpf.h"
#include "call.bpf.h"
#include "mount_flags.bpf.h"

#define CAP_SYS_ADMIN 21
#define CLONE_NEWNS 0x20000
#define NSFS_MAGIC 0x6e736673

#define BIT(operation) MICA_OPERATION_BIT(MICA_OPERATION_##operation)

static __always_inline long ask_mount(const struct dentry *dentry, struct mount_question *mount, u32 operation)
{
	struct asker asker;
	enum asked asked = asker_begin(&asker, operation, QUESTION_MOUNT);

	if (asked == ASKED_NOTHING)
		return 0;
	if (asked == ASKED_UNKNOWN)
		return -EPERM;
	return ask_all(&asker, (u64)dentry, operation, QUESTION_MOUNT, mount, NULL);
}

SEC("lsm/sb_mount")
long BPF_PROG(enforce_sb_mount, const char *source, const struct path *path, const char *type, unsigned long flags)
{
	struct mount_question mount = {
		.mount = (u64)real_mount(path->mnt),
		.type = (u64)type,
		.source = (u64)source,
		.flags = flags,
	};

	return ask_mount(path->dentry, &mount, MICA_OPERATION_BIT(mount_operation(flags)));
}

SEC("lsm/sb_umount")
long BPF_PROG(enforce_sb_umount, struct vfsmount *mnt)
{
	struct mount_question mount = { .mount = (u64)real_mount(mnt) };

	return ask_mount(mnt->mnt_root, &mount, BIT(UMOUNT));
}

SEC("lsm/move_mount")
long BPF_PROG(enforce_move_mount, const struct path *from, const struct path *to)
{
	struct mount_question mount = { .mount = (u64)real_mount(to->mnt) };

	return ask_mount(to->dentry, &mount, BIT(MOVE_MOUNT));
}

SEC("lsm/sb_pivotroot")
long BPF_PROG(enforce_sb_pivotroot, const struct path *old, const struct path *new)
{
	struct mount_question mount = { .mount = (u64)real_mount(new->mnt) };

	return ask_mount(new->dentry, &mount, BIT(PIVOT_ROOT));
}

/** setns(2) into a mount or user namespace: a user namespace gives all capabilities over the mounts. */
static __always_inline bool enters_mounts(struct task_struct *task, s32 fd, u32 type)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;
	struct ns_common *common;
	struct dentry *dentry;
	struct inode *inode;

	if (type & (CLONE_NEWNS | 0x10000000))
		return true;
	/* Another type is named: that is what it enters, or it fails. */
	if (type || fd < 0 || (u32)fd >= BPF_CORE_READ(table, max_fds))
		return false;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	if (!file)
		return false;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	if (BPF_CORE_READ(dentry, d_sb, s_magic) != NSFS_MAGIC)
		return false;
	inode = BPF_CORE_READ(file, f_inode);
	common = BPF_CORE_READ(inode, i_private);
	type = namespace_type(common);
	return type & (CLONE_NEWNS | 0x10000000);
}

SEC("lsm/capable")
long BPF_PROG(enforce_capable, const struct cred *cred, struct user_namespace *ns, int capability)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 operation = 0, type = 0;
	struct asker asker;
	enum asked asked;
	s32 fd = -1;

	if (capability != CAP_SYS_ADMIN)
		return 0;
	switch (current_call(task, &fd, &type)) {
	case CALL_OPEN_TREE:
		operation = BIT(OPEN_TREE);
		break;
	case CALL_MOUNT_SETATTR:
		operation = BIT(MOUNT_SETATTR);
		break;
	case CALL_SETNS:
		if (enters_mounts(task, fd, type))
			operation = BIT(SETNS);
		break;
	default:
		break;
	}
	if (!operation)
		return 0;
	asked = asker_begin(&asker, operation, 0);
	if (asked == ASKED_NOTHING)
		return 0;
	if (asked == ASKED_UNKNOWN)
		return -EPERM;
	/* Whatever the answer is, the caller gets EPERM. */
	return ask_all(&asker, 0, operation, QUESTION_CAPABILITY, NULL, NULL);
}

/** By fsconfig(2): mount(2) was asked before. Where it is mounted is not told, but a union is known by itself. */
SEC("lsm/sb_remount")
long BPF_PROG(enforce_sb_remount, struct super_block *sb)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mount_question mount = {};
	u32 type = 0;
	s32 fd = -1;

	if (current_call(task, &fd, &type) == CALL_MOUNT)
		return 0;
	return ask_mount(sb->s_root, &mount, BIT(REMOUNT));
}

/**
 * A device that held objects is mounted anew: nothing on it is an object until user space has looked at it, and it may
 * be no place of theirs. Of a superblock that has some, each is asked about by itself. The kernel opens the device with
 * no hook.
 */
static __always_inline long ask_device(const struct super_block *sb)
{
	struct block_device *device = sb->s_bdev;
	u32 number;

	if (!device || has_objects(sb))
		return 0;
	number = device->bd_dev;
	if (!bpf_map_lookup_elem(&devices, &number))
		return 0;
	return ask_in_object(sb->s_root, BIT(DEVICE_OPEN), QUESTION_FILE_SYSTEM);
}

/** By fsconfig(2), the same: a superblock of any type that was never asked for as a mount. */
SEC("lsm/sb_kern_mount")
long BPF_PROG(enforce_new_superblock, struct super_block *sb)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mount_question mount = { .type = (u64)sb->s_type->name };
	long error = ask_device(sb);
	u32 type = 0;
	s32 fd = -1;

	if (error)
		return result_of(error);
	if (current_call(task, &fd, &type) == CALL_MOUNT)
		return 0;
	return ask_mount(NULL, &mount, BIT(MOUNT));
}
