// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Read-only branches above the writable one: the hooks. What overlayfs would do as a copy-up from such a branch (of the
 * file, or of the directories that it is in) or as a whiteout over it is refused with EROFS, to everybody.
 *
 * The hooks are those of inodes, which are asked on the union before overlayfs begins, whichever way is taken: also for
 * nfsd, and for another union on this one, which pass no path hook. On files in the layers they run too, and leave.
 */
#include "branch.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define FMODE_WRITE 2u
#define O_TRUNC 01000

#define ATTR_MODE 1
#define ATTR_UID 2
#define ATTR_GID 4
#define ATTR_SIZE 8

/* include/uapi/linux/fs.h; the second of each from 32-bit code. */
#define FS_IOC_SETFLAGS 0x40086602
#define FS_IOC32_SETFLAGS 0x40046602
#define FS_IOC_FSSETXATTR 0x401c5820

#define ENOENT 2
#define EBADF 9
#define ENOMEM 12
#define EINVAL 22

/** 0 or -EROFS. */
static __always_inline long judge(const struct dentry *dentry, u32 needs, u32 operation)
{
	struct mica_branch_union *entry = branch_union(dentry->d_sb);
	struct branch_slot *slot;
	u32 number = 0;
	int refused;

	if (!entry)
		return 0;
	slot = branch_slot_claim(&number);
	if (!slot) {
		__sync_fetch_and_add(&entry->refused, 1);
		return -EROFS;
	}
	/* A function of its own takes no pointer. */
	slot->dentry = (u64)dentry;
	refused = branch_judge(number, needs, operation);
	__sync_lock_test_and_set(&slot->busy, 0);
	return refused ? -EROFS : 0;
}

/* ---- files ---- */

/** Not a device, pipe or socket: what it is written to is no part of the union. */
SEC("lsm/file_open")
long BPF_PROG(branch_file_open, struct file *file)
{
	u32 operation = file->f_mode & FMODE_WRITE ? MICA_OPERATION_WRITE : MICA_OPERATION_TRUNCATE;

	if (!(file->f_mode & FMODE_WRITE) && !(file->f_flags & O_TRUNC))
		return 0;
	if ((file->f_inode->i_mode & S_IFMT) != S_IFREG)
		return 0;
	if (!branch_union(file->f_path.dentry->d_sb) || file_is_internal(file))
		return 0;
	return judge(file->f_path.dentry, NEED_COPY_UP, operation);
}

static __always_inline long judge_ioctl(struct file *file, unsigned int command)
{
	if (command != FS_IOC_SETFLAGS && command != FS_IOC32_SETFLAGS && command != FS_IOC_FSSETXATTR)
		return 0;
	if (!branch_union(file->f_path.dentry->d_sb) || file_is_internal(file))
		return 0;
	return judge(file->f_path.dentry, NEED_COPY_UP, MICA_OPERATION_IOCTL);
}

SEC("lsm/file_ioctl")
long BPF_PROG(branch_file_ioctl, struct file *file, unsigned int command)
{
	return judge_ioctl(file, command);
}

/** Since 6.8: before, file_ioctl is asked by 32-bit code too. */
SEC("lsm/file_ioctl_compat")
long BPF_PROG(branch_file_ioctl_compat, struct file *file, unsigned int command)
{
	return judge_ioctl(file, command);
}

/** file_setattr(2), since 7.0 or so. */
SEC("lsm/inode_file_setattr")
long BPF_PROG(branch_inode_file_setattr, struct dentry *dentry)
{
	return judge(dentry, NEED_COPY_UP, MICA_OPERATION_IOCTL);
}

/* ---- names ---- */

SEC("lsm/inode_create")
long BPF_PROG(branch_inode_create, struct inode *directory, struct dentry *dentry)
{
	return judge(dentry, NEED_PARENT, MICA_OPERATION_CREATE);
}

SEC("lsm/inode_mkdir")
long BPF_PROG(branch_inode_mkdir, struct inode *directory, struct dentry *dentry)
{
	return judge(dentry, NEED_PARENT, MICA_OPERATION_CREATE);
}

SEC("lsm/inode_mknod")
long BPF_PROG(branch_inode_mknod, struct inode *directory, struct dentry *dentry)
{
	return judge(dentry, NEED_PARENT, MICA_OPERATION_CREATE);
}

SEC("lsm/inode_symlink")
long BPF_PROG(branch_inode_symlink, struct inode *directory, struct dentry *dentry)
{
	return judge(dentry, NEED_PARENT, MICA_OPERATION_CREATE);
}

SEC("lsm/inode_link")
long BPF_PROG(branch_inode_link, struct dentry *old, struct inode *directory, struct dentry *dentry)
{
	long error = judge(old, NEED_COPY_UP, MICA_OPERATION_LINK);

	return error ? error : judge(dentry, NEED_PARENT, MICA_OPERATION_LINK);
}

SEC("lsm/inode_unlink")
long BPF_PROG(branch_inode_unlink, struct inode *directory, struct dentry *dentry)
{
	return judge(dentry, NEED_WHITEOUT | NEED_PARENT, MICA_OPERATION_DELETE);
}

SEC("lsm/inode_rmdir")
long BPF_PROG(branch_inode_rmdir, struct inode *directory, struct dentry *dentry)
{
	return judge(dentry, NEED_WHITEOUT | NEED_PARENT, MICA_OPERATION_DELETE);
}

/** Of an exchange both ways are asked. */
SEC("lsm/inode_rename")
long BPF_PROG(branch_inode_rename, struct inode *old_directory, struct dentry *old, struct inode *directory,
	      struct dentry *dentry)
{
	long error = judge(old, NEED_WHITEOUT | NEED_COPY_UP, MICA_OPERATION_RENAME);

	return error ? error : judge(dentry, NEED_WHITEOUT | NEED_PARENT, MICA_OPERATION_RENAME);
}

/* ---- attributes ---- */

static __always_inline long judge_setattr(struct dentry *dentry, struct iattr *attributes)
{
	u32 valid = attributes->ia_valid, operation = MICA_OPERATION_UTIMES;

	if (valid & ATTR_SIZE)
		operation = MICA_OPERATION_TRUNCATE;
	else if (valid & ATTR_MODE)
		operation = MICA_OPERATION_CHMOD;
	else if (valid & (ATTR_UID | ATTR_GID))
		operation = MICA_OPERATION_CHOWN;
	return judge(dentry, NEED_COPY_UP, operation);
}

/** Until 6.1. */
SEC("lsm/inode_setattr")
long BPF_PROG(branch_inode_setattr, struct dentry *dentry, struct iattr *attributes)
{
	return judge_setattr(dentry, attributes);
}

SEC("lsm/inode_setattr")
long BPF_PROG(branch_inode_setattr_idmap, void *idmap, struct dentry *dentry, struct iattr *attributes)
{
	return judge_setattr(dentry, attributes);
}

SEC("lsm/inode_setxattr")
long BPF_PROG(branch_inode_setxattr, void *idmap, struct dentry *dentry)
{
	return judge(dentry, NEED_COPY_UP, MICA_OPERATION_XATTR);
}

SEC("lsm/inode_removexattr")
long BPF_PROG(branch_inode_removexattr, void *idmap, struct dentry *dentry)
{
	return judge(dentry, NEED_COPY_UP, MICA_OPERATION_XATTR);
}

/** Since 6.2. */
SEC("lsm/inode_set_acl")
long BPF_PROG(branch_inode_set_acl, void *idmap, struct dentry *dentry)
{
	return judge(dentry, NEED_COPY_UP, MICA_OPERATION_ACL);
}

SEC("lsm/inode_remove_acl")
long BPF_PROG(branch_inode_remove_acl, void *idmap, struct dentry *dentry)
{
	return judge(dentry, NEED_COPY_UP, MICA_OPERATION_ACL);
}

/** What comes here passed no hook before: O_TMPFILE in a directory that would be copied up. */
SEC("lsm/inode_copy_up")
long BPF_PROG(branch_inode_copy_up, struct dentry *dentry)
{
	return judge(dentry, NEED_COPY_UP, MICA_OPERATION_COPY_UP);
}

/* ---- unions ---- */

static long forget_directory(u32 index, void *data)
{
	struct mica_branch_key key = { .number = *(u64 *)data, .layer = index + 1 };

	bpf_map_delete_elem(&directories, &key);
	return 0;
}

SEC("lsm/sb_free_security")
long BPF_PROG(branch_sb_free, struct super_block *sb)
{
	u64 address = (u64)sb, number;
	struct mica_branch_union *entry = bpf_map_lookup_elem(&unions, &address);

	if (!entry)
		return 0;
	number = entry->number;
	bpf_loop(entry->guarded, forget_directory, &number, 0);
	bpf_map_delete_elem(&unions, &address);
	return 0;
}

static __always_inline struct super_block *own_union(s32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;
	struct super_block *sb;

	if (fd < 0 || (u32)fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	if (!file)
		return NULL;
	sb = BPF_CORE_READ(file, f_path.dentry, d_sb);
	return BPF_CORE_READ(sb, s_magic) == OVERLAYFS_SUPER_MAGIC ? sb : NULL;
}

/** Layer 0 is the upper; one lower at least is not guarded, or all are. */
static __always_inline int cover(struct super_block *sb, struct mica_branch_call *call)
{
	struct mica_branch_union fresh = { .guarded = call->guarded }, *entry;
	u64 address = (u64)sb;

	if (!call->guarded || call->guarded >= overlay_layer_count(sb) || !overlay_layer_root(sb, 0))
		return -EINVAL;
	entry = bpf_map_lookup_elem(&unions, &address);
	if (entry) {
		call->number = entry->number;
		return entry->guarded == call->guarded ? 0 : -EINVAL;
	}
	fresh.number = branch_next_number(BRANCH_NUMBER_LAST);
	if (!fresh.number || bpf_map_update_elem(&unions, &address, &fresh, BPF_NOEXIST))
		return -ENOMEM;
	call->number = fresh.number;
	return 0;
}

static __always_inline int look(struct super_block *sb, struct mica_branch_call *call)
{
	u64 address = (u64)sb;
	struct mica_branch_union *entry = bpf_map_lookup_elem(&unions, &address);

	call->number = entry ? entry->number : 0;
	call->guarded = entry ? entry->guarded : 0;
	call->refused = entry ? entry->refused : 0;
	return 0;
}

SEC("syscall")
int branch_request(struct mica_branch_call *call)
{
	struct super_block *sb = own_union(call->fd);

	if (!sb)
		call->error = -EBADF;
	else if (call->request == MICA_BRANCH_COVER)
		call->error = cover(sb, call);
	else
		call->error = look(sb, call);
	return 0;
}
