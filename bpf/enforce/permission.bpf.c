// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What is asked about an inode on the way to something: the only hook of access(2), chdir(2), of a path that leads
 * through a directory (and so of name_to_handle_at(2)), and of O_TMPFILE before overlayfs copies the directory up.
 *
 * It runs for each name of each path, so it looks first at what costs least. A path comes into an object from above by
 * the object's own directory: only there is it asked. Descriptors below it have hooks of their own.
 */
#include "ask.bpf.h"
#include "root.bpf.h"

#define MAY_EXEC 0x1
#define MAY_WRITE 0x2
#define MAY_READ 0x4
#define MAY_ACCESS 0x10
#define MAY_OPEN 0x20
#define MAY_CHDIR 0x40

#define BIT(operation) MICA_OPERATION_BIT(MICA_OPERATION_##operation)

/** Does an object begin at this directory? */
static __always_inline bool begins_object(const struct inode *inode)
{
	const struct super_block *sb = inode->i_sb;
	struct root_key key;

	if (is_overlay(sb))
		return sb->s_root->d_inode == inode;
	return may_have_objects(sb) && root_find(sb, inode->i_ino, &key);
}

/** The union that the subject runs in. */
static __always_inline bool is_union_of(const struct super_block *sb, u64 subject)
{
	u64 number = (u64)sb;
	struct superblock_entry *entry;

	if (!is_overlay(sb))
		return false;
	entry = bpf_map_lookup_elem(&superblocks, &number);
	return entry && entry->owner == subject;
}

/** access(2): what the opening would be asked. The kernel's own asking on a layer is told by its credentials. */
static __always_inline u32 access_operations(u32 mask, bool directory, u32 *flags)
{
	u32 operations = 0;

	if (mask & MAY_READ)
		operations |= BIT(READ);
	/* What is made in a directory has a name, which is asked about then. */
	if (mask & MAY_WRITE && !directory) {
		operations |= BIT(WRITE);
		*flags |= QUESTION_CHANGES;
	}
	if (!operations) {
		operations = BIT(READ);
		*flags |= QUESTION_ISOLATION;
	}
	return operations;
}

SEC("lsm/inode_permission")
long BPF_PROG(enforce_inode_permission, struct inode *inode, int mask)
{
	bool directory = (inode->i_mode & S_IFMT) == S_IFDIR;
	/* A directory on the way to something: then only an object that begins there is of account. */
	bool through = directory && !(mask & (MAY_ACCESS | MAY_WRITE | MAY_CHDIR));
	u32 flags = QUESTION_DENTRY_ONLY, operations;
	struct task_label *label = NULL;
	struct task_struct *task;
	struct dentry *dentry;

	/* Opening has file_open. What is left of files: access(2), sockets, pins of BPF. */
	if (mask & MAY_OPEN || !(directory || mask & (MAY_ACCESS | MAY_READ | MAY_WRITE)))
		return 0;
	if (through && !begins_object(inode))
		return 0;
	task = bpf_get_current_task_btf();
	if (!current_label(task, &label))
		return has_objects(inode->i_sb) ? -EACCES : 0;
	if (!label || !label->subject)
		return 0;
	if (mask & MAY_ACCESS) {
		operations = access_operations(mask, directory, &flags);
	} else if (directory && mask & MAY_WRITE) {
		/* Who makes, removes or moves a name holds the directory, and was asked by path_*. */
		if (inode_is_locked_by(inode, task))
			return 0;
		operations = BIT(CREATE);
		flags |= QUESTION_UNNAMED;
	} else if (through && is_union_of(inode->i_sb, label->subject)) {
		return 0;
	} else {
		operations = BIT(READ);
		flags |= QUESTION_ISOLATION;
	}
	if (!has_objects(inode->i_sb))
		return 0;
	dentry = inode_dentry(inode);
	return dentry ? ask_in_object(dentry, operations, flags) : 0;
}
