// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Isolation: ways to an object that are no operation of a rule. And the upper and work directories in use, which a
 * second union would clear away while it is built (KERNEL.md H3).
 */
#include "ask.bpf.h"

#define BIT(operation) MICA_OPERATION_BIT(MICA_OPERATION_##operation)

SEC("lsm/inode_getattr")
long BPF_PROG(enforce_inode_getattr, const struct path *path)
{
	if (!has_objects(path->dentry->d_sb) || mount_is_internal(path->mnt))
		return 0;
	return ask_in_object(path->dentry, BIT(READ), QUESTION_ISOLATION);
}

SEC("lsm/inode_readlink")
long BPF_PROG(enforce_inode_readlink, struct dentry *dentry)
{
	return ask_of(dentry, BIT(READ), QUESTION_ISOLATION | QUESTION_DENTRY_ONLY);
}

SEC("lsm/inode_getxattr")
long BPF_PROG(enforce_inode_getxattr, struct dentry *dentry)
{
	return ask_of(dentry, BIT(READ), QUESTION_ISOLATION | QUESTION_DENTRY_ONLY);
}

SEC("lsm/inode_listxattr")
long BPF_PROG(enforce_inode_listxattr, struct dentry *dentry)
{
	return ask_of(dentry, BIT(READ), QUESTION_ISOLATION | QUESTION_DENTRY_ONLY);
}

SEC("lsm/path_notify")
long BPF_PROG(enforce_path_notify, const struct path *path)
{
	return ask_of(path->dentry, BIT(READ), QUESTION_ISOLATION);
}

SEC("lsm/path_chroot")
long BPF_PROG(enforce_path_chroot, const struct path *path)
{
	return ask_of(path->dentry, BIT(READ), QUESTION_ISOLATION);
}

SEC("lsm/sb_statfs")
long BPF_PROG(enforce_sb_statfs, struct dentry *dentry)
{
	return ask_of(dentry, BIT(READ), QUESTION_ISOLATION | QUESTION_NOT_OF_LAYERS);
}

/* A second union on the same directories works with the task's own credentials, and passes no path hook. */

SEC("lsm/inode_unlink")
long BPF_PROG(enforce_inode_unlink, struct inode *directory, struct dentry *dentry)
{
	if (is_overlay(dentry->d_sb))
		return 0;
	return ask_of(dentry, BIT(DELETE), QUESTION_DENTRY_ONLY);
}

SEC("lsm/inode_rmdir")
long BPF_PROG(enforce_inode_rmdir, struct inode *directory, struct dentry *dentry)
{
	if (is_overlay(dentry->d_sb))
		return 0;
	return ask_of(dentry, BIT(DELETE), QUESTION_DENTRY_ONLY);
}

SEC("lsm/inode_mkdir")
long BPF_PROG(enforce_inode_mkdir, struct inode *directory, struct dentry *dentry)
{
	if (is_overlay(dentry->d_sb))
		return 0;
	return ask_of(dentry, BIT(CREATE), QUESTION_DENTRY_ONLY);
}
