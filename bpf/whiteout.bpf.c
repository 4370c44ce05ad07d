// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Whiteouts, opaque directories and redirects: the marks that overlayfs leaves in the upper (fs/overlayfs/dir.c). The
 * whiteout of a removed file is noted here and reported with the removal, that of a renamed one is made by rename
 * itself: see tree.bpf.c for both.
 */
#include "emit.bpf.h"
#include "mark.bpf.h"

enum overlay_xattr { /* enum ovl_xattr: these two have had the same numbers since 5.10 */
		     XATTR_OPAQUE = 0,
		     XATTR_REDIRECT = 1,
};

static __always_inline int remove_begin(struct dentry *dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *inode = dentry->d_inode;
	bool overlay = is_overlay(dentry->d_sb);
	struct operation *operation;

	if (!inode || (!overlay && (is_of_host(task) || is_overlays_own_work(task))))
		return 0;
	/* While it builds a union, overlayfs clears its work directory with the task's own credentials. */
	operation = operation_peek(task);
	if (operation && operation->in_union_setup)
		return 0;
	/* Without it, the hooks that report the removal find out that they do not know the victim. */
	operation = operation_begin(task, NULL, MICA_REASON_NONE);
	if (!operation)
		return 0;
	operation->victim = (u64)dentry;
	operation->victim_inode = inode->i_ino;
	if (!overlay)
		return 0;
	operation->victim_layer = overlay_lower(dentry, inode).index;
	operation->victim_flags = overlay_upper(inode) ? MICA_RECORD_UPPER : 0;
	return 0;
}

SEC("lsm/inode_unlink")
int BPF_PROG(lsm_inode_unlink, struct inode *dir, struct dentry *dentry)
{
	return remove_begin(dentry);
}

SEC("lsm/inode_rmdir")
int BPF_PROG(lsm_inode_rmdir, struct inode *dir, struct dentry *dentry)
{
	return remove_begin(dentry);
}

SEC("fentry/security_inode_unlink")
int BPF_PROG(unlink_check, struct inode *dir, struct dentry *dentry)
{
	return remove_begin(dentry);
}

SEC("fentry/security_inode_rmdir")
int BPF_PROG(rmdir_check, struct inode *dir, struct dentry *dentry)
{
	return remove_begin(dentry);
}

/** Is it this that the task removes now, and not what an operation was about whose end or begin was missed? */
static __always_inline bool is_being_removed(struct task_struct *task, u64 victim)
{
	struct inode *inode = victim ? BPF_CORE_READ((struct dentry *)victim, d_inode) : NULL;

	return inode && inode_is_locked_by(inode, task);
}

SEC("fexit/ovl_cleanup_and_whiteout")
int BPF_PROG(whiteout_exit)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation;

	if (traced_result(ctx))
		return 0;
	operation = operation_peek(task);
	/* A mount or a rename: overlayfs cleans up its index. */
	if (operation && (operation->in_union_setup || operation->rename_calls))
		return 0;
	if (!operation || !is_being_removed(task, operation->victim)) {
		count_lost(MICA_EVENT_WHITEOUT, MICA_LOST_NO_STATE);
		return 0;
	}
	if (!operation->whiteout_made)
		__sync_fetch_and_add(&whiteouts_pending, 1);
	operation->whiteout_made = 1;
	return 0;
}

SEC("fexit/ovl_check_setxattr")
int BPF_PROG(setxattr_exit, struct ovl_fs *fs, struct dentry *upper, int xattr)
{
	struct operation *operation;

	if (xattr > XATTR_REDIRECT || traced_result(ctx))
		return 0;
	operation = operation_get(bpf_get_current_task_btf());
	if (!operation) {
		count_lost(xattr == XATTR_OPAQUE ? MICA_EVENT_OPAQUE : MICA_EVENT_REDIRECT, MICA_LOST_NO_STATE);
		return 0;
	}
	if (xattr == XATTR_OPAQUE)
		operation->opaque_upper = (u64)upper;
	else if (!operation->redirect_upper[0])
		operation->redirect_upper[0] = (u64)upper;
	else
		operation->redirect_upper[1] = (u64)upper;
	return 0;
}

SEC("fexit/ovl_create_or_link")
int BPF_PROG(create_marks, struct dentry *dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation;

	if (traced_result(ctx))
		return 0;
	operation = operation_peek(task);
	if (operation)
		send_marks(task, operation, dentry, dentry);
	return 0;
}

/** Until vfs_rename moves them, both dentries stand where they were: each mark is reported where its directory will be.
 */
SEC("fexit/ovl_rename")
int BPF_PROG(rename_marks, void *idmap, struct inode *old_dir, struct dentry *old, struct inode *new_dir,
	     struct dentry *new, unsigned int flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_peek(task);

	if (!operation || (!operation->opaque_upper && !operation->redirect_upper[0]))
		return 0;
	send_marks(task, operation, old, new);
	send_marks(task, operation, new, old);
	return 0;
}
