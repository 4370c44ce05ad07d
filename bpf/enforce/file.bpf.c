// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Files that are opened, read, written and mapped. The hooks run for each file; those that overlayfs itself opens in
 * layers are left at once (KERNEL.md B3).
 */
#include "remember.bpf.h"
#include "self.bpf.h"
#include "special.bpf.h"

#define FMODE_READ 1u
#define FMODE_WRITE 2u
#define FMODE_CREATED 0x100000u

#define O_CREAT 0100
#define O_TRUNC 01000
#define O_TMPFILE_BIT 020000000

#define MAY_WRITE 2
#define MAY_READ 4
#define MAY_APPEND 8

#define PROT_WRITE 2
#define MAP_SHARED_BITS 1 /* MAP_SHARED 1, MAP_SHARED_VALIDATE 3 */
#define VM_SHARED 8

/* include/uapi/linux/fs.h; the second of each from 32-bit code. */
#define FS_IOC_SETFLAGS 0x40086602
#define FS_IOC32_SETFLAGS 0x40046602
#define FS_IOC_FSSETXATTR 0x401c5820
#define FS_IOC_SETVERSION 0x40087602
#define FS_IOC32_SETVERSION 0x40047602
/* They stop or change the file system that the object lies on. */
#define FIFREEZE 0xc0045877
#define FITHAW 0xc0045878
#define FS_IOC_SHUTDOWN 0x8004587d
#define EXT4_IOC_RESIZE_FS 0x40086610
#define FITRIM 0xc0185879

#define BIT(operation) MICA_OPERATION_BIT(MICA_OPERATION_##operation)

/** What an opening is. */
static __always_inline u32 open_operations(struct file *file, umode_t mode, u32 *flags)
{
	u32 operations = 0;

	if (file->f_mode & FMODE_READ)
		operations |= BIT(READ);
	if (file->f_mode & FMODE_WRITE)
		operations |= BIT(WRITE);
	if (file->f_flags & O_TRUNC && !(file->f_mode & FMODE_CREATED))
		operations |= BIT(TRUNCATE);
	if (file->f_flags & O_TMPFILE_BIT && (mode & S_IFMT) == S_IFREG)
		operations |= BIT(CREATE);
	if (operations & ~BIT(READ))
		*flags |= QUESTION_CHANGES;
	/* A device's own content is no part of the union: opening it for writing copies nothing up. */
	if ((mode & S_IFMT) == S_IFBLK || (mode & S_IFMT) == S_IFCHR) {
		*flags = 0;
		operations |= BIT(DEVICE_OPEN);
	}
	if (file->f_flags & O_CREAT && !(file->f_mode & FMODE_CREATED))
		*flags |= QUESTION_FOUND;
	return operations;
}

/** special_of(), without a call for what is none: nearly all files. */
static __always_inline enum special_file special_of_opened(struct file *file)
{
	u32 type = file->f_inode->i_mode & S_IFMT;

	if (type == S_IFREG && file->f_inode->i_sb->s_magic != PROC_SUPER_MAGIC)
		return SPECIAL_NONE;
	return special_of(file->f_path.dentry);
}

SEC("lsm/file_open")
long BPF_PROG(enforce_file_open, struct file *file)
{
	struct inode_verdicts *verdicts;
	enum special_file special = special_of_opened(file);
	u32 flags = 0, operations;
	struct asker asker;
	enum asked asked;

	if (special == SPECIAL_SWITCH)
		return file->f_mode & FMODE_WRITE ? refuse(file->f_path.dentry, MICA_OPERATION_WRITE) : 0;
	if (!special && !may_have_objects(file->f_path.dentry->d_sb))
		return 0;
	if (file_is_internal_fast(file) || (!special && !has_objects(file->f_path.dentry->d_sb)))
		return 0;
	/* The struct may have been another file's. */
	verdicts = verdicts_of(file);
	verdict_forget(verdicts, file);
	operations = open_operations(file, file->f_inode->i_mode, &flags);
	if (special)
		operations |= BIT(DEVICE_OPEN);
	asked = asker_begin(&asker, operations, flags);
	if (asked == ASKED_NOTHING)
		return 0;
	if (asked == ASKED_UNKNOWN)
		return -EACCES;
	return ask_and_remember(verdicts, &asker, file, operations, flags);
}

/** Also of files that were opened before the policy, or by another process. */
SEC("lsm/file_permission")
long BPF_PROG(enforce_file_permission, struct file *file, int mask)
{
	struct super_block *sb = file->f_path.dentry->d_sb;
	struct inode_verdicts *verdicts;
	struct asker asker;
	u32 operations = 0;
	enum asked asked;

	if (!may_have_objects(sb) || file_is_internal_fast(file) || !has_objects(sb))
		return 0;
	if (mask & (MAY_WRITE | MAY_APPEND))
		operations |= BIT(WRITE);
	if (mask & MAY_READ)
		operations |= BIT(READ);
	if (!operations)
		return 0;
	asked = asker_begin(&asker, operations, 0);
	if (asked == ASKED_NOTHING)
		return 0;
	if (asked == ASKED_UNKNOWN)
		return -EACCES;
	verdicts = verdicts_of(file);
	if (verdict_is_remembered(verdicts, &asker, file, operations))
		return 0;
	return ask_and_remember(verdicts, &asker, file, operations, 0);
}

SEC("lsm/file_receive")
long BPF_PROG(enforce_file_receive, struct file *file)
{
	u32 operations = 0;

	if (!has_objects(file->f_path.dentry->d_sb) || file_is_internal_fast(file))
		return 0;
	if (file->f_mode & FMODE_WRITE)
		operations |= BIT(WRITE);
	if (file->f_mode & FMODE_READ)
		operations |= BIT(READ);
	/* O_PATH: what it can be used for is asked then. */
	if (!operations)
		return 0;
	return ask_in_object(file->f_path.dentry, operations, 0);
}

SEC("lsm/mmap_file")
long BPF_PROG(enforce_mmap_file, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags)
{
	if (!file || !(flags & MAP_SHARED_BITS) || !(prot & PROT_WRITE))
		return 0;
	if (!has_objects(file->f_path.dentry->d_sb) || file_is_internal_fast(file))
		return 0;
	return ask_in_object(file->f_path.dentry, BIT(MMAP_WRITE), QUESTION_CHANGES);
}

/** The mapping of a file on a union has the file in the layer; whose that is, it knows. */
SEC("lsm/file_mprotect")
long BPF_PROG(enforce_file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot)
{
	struct dentry *dentry;
	struct super_block *sb;
	struct file *file;
	u64 key;

	if (!(prot & PROT_WRITE) || !(vma->vm_flags & VM_SHARED))
		return 0;
	file = vma->vm_file;
	if (!file)
		return 0;
	dentry = file_user_dentry(file);
	sb = BPF_CORE_READ(dentry, d_sb);
	key = (u64)sb;
	if (BPF_CORE_READ(sb, s_magic) != OVERLAYFS_SUPER_MAGIC && !bpf_map_lookup_elem(&superblocks, &key))
		return 0;
	return ask_in_object(dentry, BIT(MMAP_WRITE), QUESTION_CHANGES);
}

/** Which operation an ioctl is; 0: none of a policy's. */
static __always_inline u32 ioctl_operation(unsigned int command, u32 *flags)
{
	switch (command) {
	case FS_IOC_SETFLAGS:
	case FS_IOC32_SETFLAGS:
	case FS_IOC_FSSETXATTR:
	case FS_IOC_SETVERSION:
	case FS_IOC32_SETVERSION:
		*flags |= QUESTION_CHANGES;
		return BIT(IOCTL);
	case FIFREEZE:
	case FITHAW:
	case FS_IOC_SHUTDOWN:
	case EXT4_IOC_RESIZE_FS:
	case FITRIM:
		*flags |= QUESTION_FILE_SYSTEM;
		return BIT(IOCTL);
	default:
		return 0;
	}
}

static __always_inline long ask_ioctl(struct file *file, unsigned int command)
{
	u32 flags = 0, operation = ioctl_operation(command, &flags);

	if (!operation || file_is_internal_fast(file))
		return 0;
	return ask_of(file->f_path.dentry, operation, flags);
}

SEC("lsm/file_ioctl")
long BPF_PROG(enforce_file_ioctl, struct file *file, unsigned int command)
{
	return ask_ioctl(file, command);
}

SEC("lsm/file_ioctl_compat")
long BPF_PROG(enforce_file_ioctl_compat, struct file *file, unsigned int command)
{
	return ask_ioctl(file, command);
}
