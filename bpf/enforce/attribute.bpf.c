// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Attributes. These hooks are told a dentry and no mount, and run once more for the file in the layer: the evaluator
 * tells overlayfs' own work by its credentials.
 */
#include "ask.bpf.h"

#define ATTR_MODE 1
#define ATTR_UID 2
#define ATTR_GID 4
#define ATTR_SIZE 8
#define ATTR_ATIME 16
#define ATTR_MTIME 32
#define ATTR_ATIME_SET 128
#define ATTR_MTIME_SET 256
#define ATTR_KILL 0x4a00 /* ATTR_FORCE, ATTR_KILL_SUID, ATTR_KILL_PRIV */

#define BIT(operation) MICA_OPERATION_BIT(MICA_OPERATION_##operation)

/** utimes(2) only: mode, owner and size have hooks that come before. */
static __always_inline long ask_setattr(struct dentry *dentry, struct iattr *attributes)
{
	u32 valid = attributes->ia_valid;

	if (valid & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_SIZE))
		return 0;
	if (!(valid & (ATTR_ATIME | ATTR_MTIME | ATTR_ATIME_SET | ATTR_MTIME_SET)))
		return 0;
	return ask_of(dentry, BIT(UTIMES), QUESTION_CHANGES | QUESTION_DENTRY_ONLY);
}

/** Until 6.1. */
SEC("lsm/inode_setattr")
long BPF_PROG(enforce_inode_setattr, struct dentry *dentry, struct iattr *attributes)
{
	return ask_setattr(dentry, attributes);
}

SEC("lsm/inode_setattr")
long BPF_PROG(enforce_inode_setattr_idmap, void *idmap, struct dentry *dentry, struct iattr *attributes)
{
	return ask_setattr(dentry, attributes);
}

/** Is it the name under which an access control list is kept (6.1)? */
static __always_inline bool is_acl(const char *name)
{
	static const char prefix[] = "system.posix_acl_";
	char start[sizeof(prefix)] = {};

	if (bpf_probe_read_kernel(start, sizeof(start) - 1, name))
		return false;
	return bpf_strncmp(start, sizeof(start), prefix) == 0;
}

static __always_inline long ask_xattr(struct dentry *dentry, const char *name)
{
	if (!has_objects(dentry->d_sb))
		return 0;
	return ask_in_object(dentry, is_acl(name) ? BIT(ACL) : BIT(XATTR), QUESTION_CHANGES | QUESTION_DENTRY_ONLY);
}

SEC("lsm/inode_setxattr")
long BPF_PROG(enforce_inode_setxattr, void *idmap, struct dentry *dentry, const char *name)
{
	return ask_xattr(dentry, name);
}

SEC("lsm/inode_removexattr")
long BPF_PROG(enforce_inode_removexattr, void *idmap, struct dentry *dentry, const char *name)
{
	return ask_xattr(dentry, name);
}

/** Since 6.2. */
SEC("lsm/inode_set_acl")
long BPF_PROG(enforce_inode_set_acl, void *idmap, struct dentry *dentry)
{
	return ask_of(dentry, BIT(ACL), QUESTION_CHANGES | QUESTION_DENTRY_ONLY);
}

SEC("lsm/inode_remove_acl")
long BPF_PROG(enforce_inode_remove_acl, void *idmap, struct dentry *dentry)
{
	return ask_of(dentry, BIT(ACL), QUESTION_CHANGES | QUESTION_DENTRY_ONLY);
}

/** file_setattr(2) and chattr's ioctls, since 7.0 or so; before, the ioctls are asked for by their numbers. */
SEC("lsm/inode_file_setattr")
long BPF_PROG(enforce_inode_file_setattr, struct dentry *dentry)
{
	return ask_of(dentry, BIT(IOCTL), QUESTION_CHANGES | QUESTION_DENTRY_ONLY);
}
