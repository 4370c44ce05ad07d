// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Enforcement itself, out of reach of subjects, whatever the policies say: a container with all capabilities gets no
 * descriptor of mica's maps, programs and links, takes none of their pins away, does not hide or unmount the bpffs that
 * they are in, does not switch the kernel's programs off, and does not trace mica.
 *
 * These programs ask no evaluator: they refuse, and tell it.
 */
#include "self.bpf.h"

#include "call.bpf.h"
#include "mount_flags.bpf.h"
#include "root.bpf.h"

/* include/uapi/linux/bpf.h */
#define BPF_PROG_GET_FD_BY_ID_COMMAND 13
#define BPF_MAP_GET_FD_BY_ID_COMMAND 14
#define BPF_LINK_GET_FD_BY_ID_COMMAND 30

/* include/uapi/linux/capability.h */
#define CAP_DAC_OVERRIDE 1
#define CAP_DAC_READ_SEARCH 2

/* include/linux/ptrace.h: a look that is not to be told. */
#define PTRACE_MODE_NOAUDIT 4

/** Mounts of the bpffs that are looked at. */
#define OWN_MOUNTS 256

/** By number, anybody's can be had; one's own are known by their descriptors. */
SEC("lsm/bpf")
long BPF_PROG(enforce_bpf, int command)
{
	if (command != BPF_PROG_GET_FD_BY_ID_COMMAND && command != BPF_MAP_GET_FD_BY_ID_COMMAND &&
	    command != BPF_LINK_GET_FD_BY_ID_COMMAND)
		return 0;
	return refuse(NULL, MICA_OPERATION_BPF);
}

/**
 * By a pin's name: mica's have no permission bits (user/kernel/enforcer_pins.c), so that the kernel asks for this
 * capability. It knows no hook of BPF_OBJ_GET that is told which pin.
 */
SEC("lsm/capable")
long BPF_PROG(enforce_own_pins, const struct cred *cred, struct user_namespace *ns, int capability)
{
	u32 type = 0;
	s32 fd = -1;

	if (capability != CAP_DAC_OVERRIDE && capability != CAP_DAC_READ_SEARCH)
		return 0;
	if (current_call(bpf_get_current_task_btf(), &fd, &type) != CALL_BPF)
		return 0;
	return refuse(NULL, MICA_OPERATION_BPF);
}

SEC("lsm/ptrace_access_check")
long BPF_PROG(enforce_ptrace, struct task_struct *child, unsigned int mode)
{
	struct task_label *label = bpf_task_storage_get(&labels, child, NULL, 0);
	struct asker asker;

	if (!is_trusted(child, label))
		return 0;
	/* ps(1) looks at everyone, and is content with less. */
	if (mode & PTRACE_MODE_NOAUDIT)
		return is_subject(&asker) ? -EPERM : 0;
	return refuse(NULL, MICA_OPERATION_PTRACE);
}

/* ---- the pins ---- */

/** Is the directory the one with the pins? */
static __always_inline bool has_pins(struct dentry *directory)
{
	struct super_block *sb = BPF_CORE_READ(directory, d_sb);
	struct inode *inode = BPF_CORE_READ(directory, d_inode);
	struct object_root *root;
	struct root_key key;

	if (BPF_CORE_READ(sb, s_magic) != BPF_FS_MAGIC || !inode)
		return false;
	root = root_find(sb, BPF_CORE_READ(inode, i_ino), &key);
	return root && root->own;
}

/** Refuses what is done to a name: of a pin, or of the directory with them. */
static __always_inline long refuse_of_pins(const struct dentry *dentry, u32 operation)
{
	struct super_block *sb = dentry->d_sb;

	if (sb->s_magic != BPF_FS_MAGIC || (!has_pins(dentry->d_parent) && !has_pins((void *)dentry)))
		return 0;
	return refuse(dentry, operation);
}

/** The same where a call has two names. */
static __always_inline long refuse_of_either(const struct dentry *old, const struct dentry *dentry, u32 operation)
{
	long answer = refuse_of_pins(old, operation);

	return answer ? answer : refuse_of_pins(dentry, operation);
}

SEC("lsm/path_unlink")
long BPF_PROG(enforce_own_unlink, const struct path *directory, struct dentry *dentry)
{
	return refuse_of_pins(dentry, MICA_OPERATION_DELETE);
}

SEC("lsm/path_rmdir")
long BPF_PROG(enforce_own_rmdir, const struct path *directory, struct dentry *dentry)
{
	return refuse_of_pins(dentry, MICA_OPERATION_DELETE);
}

SEC("lsm/path_rename")
long BPF_PROG(enforce_own_rename, const struct path *old_directory, struct dentry *old, const struct path *directory,
	      struct dentry *dentry)
{
	return refuse_of_either(old, dentry, MICA_OPERATION_RENAME);
}

SEC("lsm/path_link")
long BPF_PROG(enforce_own_link, struct dentry *old, const struct path *directory, struct dentry *dentry)
{
	return refuse_of_either(old, dentry, MICA_OPERATION_LINK);
}

SEC("lsm/path_mknod")
long BPF_PROG(enforce_own_mknod, const struct path *directory, struct dentry *dentry)
{
	return refuse_of_pins(dentry, MICA_OPERATION_CREATE);
}

SEC("lsm/path_mkdir")
long BPF_PROG(enforce_own_mkdir, const struct path *directory, struct dentry *dentry)
{
	return refuse_of_pins(dentry, MICA_OPERATION_CREATE);
}

SEC("lsm/path_symlink")
long BPF_PROG(enforce_own_symlink, const struct path *directory, struct dentry *dentry)
{
	return refuse_of_pins(dentry, MICA_OPERATION_CREATE);
}

SEC("lsm/path_chmod")
long BPF_PROG(enforce_own_chmod, const struct path *path)
{
	return refuse_of_pins(path->dentry, MICA_OPERATION_CHMOD);
}

/* ---- the bpffs that they are in ---- */

static __always_inline bool is_own_superblock(struct super_block *sb)
{
	u32 which = NUMBER_OWN_SUPERBLOCK;
	u64 key = (u64)sb, *own = bpf_map_lookup_elem(&numbers, &which);

	/* Another may have its address when it is gone. */
	return own && *own == key && BPF_CORE_READ(sb, s_magic) == BPF_FS_MAGIC &&
	       bpf_map_lookup_elem(&superblocks, &key);
}

struct own_mounts {
	struct super_block *sb;
	struct mount *mount;
	struct mnt_namespace *ns;
	u64 found;
};

static long own_mount_step(u32 step, void *data)
{
	struct own_mounts *all = data;
	struct mount *mount = all->mount;

	if (!mount)
		return 1;
	if (BPF_CORE_READ(mount, mnt_ns) == all->ns) {
		all->found = 1;
		return 1;
	}
	all->mount = next_mount_of(all->sb, mount);
	return 0;
}

/** Is the bpffs with the pins mounted where the current task is? */
static __always_inline bool sees_own_superblock(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 which = NUMBER_OWN_SUPERBLOCK;
	u64 *own = bpf_map_lookup_elem(&numbers, &which);
	struct own_mounts all = {};

	if (!own || !*own || !is_own_superblock((void *)*own))
		return false;
	all.sb = (void *)*own;
	all.mount = first_mount_of(all.sb);
	all.ns = BPF_CORE_READ(task, nsproxy, mnt_ns);
	bpf_loop(OWN_MOUNTS, own_mount_step, &all, 0);
	return all.found;
}

/**
 * Over it, and a change of it. mount(2) with MS_MOVE is told only where to, and from where by a string that means
 * nothing to a hook: whoever has the pins in its namespace moves with move_mount(2) or not at all.
 */
SEC("lsm/sb_mount")
long BPF_PROG(enforce_own_mount, const char *source, const struct path *path, const char *type, unsigned long flags)
{
	u32 operation = mount_operation(flags);

	if (is_own_superblock(path->mnt->mnt_sb))
		return mount_is_propagation(flags) ? 0 : refuse(path->dentry, operation);
	if (operation == MICA_OPERATION_MOVE_MOUNT && sees_own_superblock())
		return refuse(path->dentry, operation);
	return 0;
}

SEC("lsm/sb_umount")
long BPF_PROG(enforce_own_umount, struct vfsmount *mnt)
{
	if (!is_own_superblock(mnt->mnt_sb))
		return 0;
	return refuse(mnt->mnt_root, MICA_OPERATION_UMOUNT);
}

SEC("lsm/move_mount")
long BPF_PROG(enforce_own_move, const struct path *from, const struct path *to)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mount *moved = real_mount(from->mnt);

	if (is_own_superblock(to->mnt->mnt_sb))
		return refuse(to->dentry, MICA_OPERATION_MOVE_MOUNT);
	/* A copy of it that is attached elsewhere (open_tree) is in no namespace yet, and takes nothing away. */
	if (!is_own_superblock(from->mnt->mnt_sb) ||
	    BPF_CORE_READ(moved, mnt_ns) != BPF_CORE_READ(task, nsproxy, mnt_ns))
		return 0;
	return refuse(from->dentry, MICA_OPERATION_MOVE_MOUNT);
}

SEC("lsm/sb_remount")
long BPF_PROG(enforce_own_remount, struct super_block *sb)
{
	if (!is_own_superblock(sb))
		return 0;
	return refuse(sb->s_root, MICA_OPERATION_REMOUNT);
}
