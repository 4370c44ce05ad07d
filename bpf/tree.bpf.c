// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Names that come, go and move, on any file system: create, delete, rename, link (fs/namei.c).
 *
 * A file made by open(2) is seen in the file_open hook, which every file system passes with FMODE_CREATED set; the
 * other calls end in their vfs_* function. In 7.2 those take a `delegated_inode` more, so results are read by
 * traced_result().
 */
#include "emit.bpf.h"
#include "mark.bpf.h"

#define FMODE_CREATED (1 << 20)  /* include/linux/fs.h */
#define RENAME_EXCHANGE (1 << 1) /* include/uapi/linux/fs.h */
#define RENAME_WHITEOUT (1 << 2)

/**
 * False: overlayfs does it, in an operation of the task or while it builds a union. *ret_operation is the task's
 * operation, or NULL.
 */
static __always_inline bool is_users_doing(struct task_struct *task, struct operation **ret_operation)
{
	if (is_overlays_own_work(task))
		return false;
	*ret_operation = operation_peek(task);
	return !*ret_operation || !(*ret_operation)->in_union_setup;
}

/** Nothing to report; but the parents may have gone up, and what comes next is another action. */
static __always_inline int end_failed(void)
{
	struct operation *operation;

	if (is_users_doing(bpf_get_current_task_btf(), &operation))
		operation_end(operation);
	return 0;
}

/** Reports one name and ends the operation. */
static __always_inline int send_name(enum mica_event_type type, struct dentry *dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation;
	struct scratch *scratch;

	if (!is_users_doing(task, &operation))
		return 0;
	scratch = record_begin(type, task, operation, union_of(dentry->d_sb), SCOPE_FILE);
	if (scratch) {
		record_file(scratch, dentry);
		record_send(scratch);
	}
	operation_end(operation);
	return 0;
}

static __always_inline int made_by_open(struct file *file)
{
	if (!(file->f_mode & FMODE_CREATED))
		return 0;
	return send_name(MICA_EVENT_CREATE, file->f_path.dentry);
}

SEC("lsm/file_open")
int BPF_PROG(lsm_file_open, struct file *file)
{
	return made_by_open(file);
}

SEC("fentry/security_file_open")
int BPF_PROG(file_open_check, struct file *file)
{
	return made_by_open(file);
}

SEC("fexit/vfs_create")
int BPF_PROG(create_exit, void *idmap, struct inode *dir, struct dentry *dentry)
{
	return traced_result(ctx) ? end_failed() : send_name(MICA_EVENT_CREATE, dentry);
}

/* 7.2: vfs_create(idmap, dentry, mode, delegated) */
SEC("fexit/vfs_create")
int BPF_PROG(create_exit_72, void *idmap, struct dentry *dentry)
{
	return traced_result(ctx) ? end_failed() : send_name(MICA_EVENT_CREATE, dentry);
}

SEC("fexit/vfs_mknod")
int BPF_PROG(mknod_exit, void *idmap, struct inode *dir, struct dentry *dentry)
{
	return traced_result(ctx) ? end_failed() : send_name(MICA_EVENT_CREATE, dentry);
}

SEC("fexit/vfs_symlink")
int BPF_PROG(symlink_exit, void *idmap, struct inode *dir, struct dentry *dentry)
{
	return traced_result(ctx) ? end_failed() : send_name(MICA_EVENT_CREATE, dentry);
}

SEC("fexit/vfs_mkdir")
int BPF_PROG(mkdir_exit, void *idmap, struct inode *dir, struct dentry *dentry)
{
	return (int)traced_result(ctx) ? end_failed() : send_name(MICA_EVENT_CREATE, dentry);
}

#define MAX_ERRNO 4095

/* Since 6.15 it returns the dentry, which is another one than was given where the file system made it so (NFS). */
SEC("fexit/vfs_mkdir")
int BPF_PROG(mkdir_exit_615, void *idmap, struct inode *dir, struct dentry *dentry)
{
	u64 result = traced_result(ctx);

	return result >= (u64)-MAX_ERRNO ? end_failed() : send_name(MICA_EVENT_CREATE, dentry);
}

/**
 * Fills the record of a removal. The dentry has lost its inode: what that was, the check before the removal has noted
 * (`operation` NULL: it was missed).
 */
static __always_inline void fill_removal(struct scratch *scratch, struct operation *operation, struct dentry *dentry,
					 u32 flags)
{
	record_superblock(&scratch->record, dentry->d_sb);
	scratch->record.flags |= flags;
	if (operation) {
		scratch->record.inode = operation->victim_inode;
		scratch->record.layer = operation->victim_layer;
		scratch->record.flags |= operation->victim_flags;
	} else {
		count_lost(MICA_EVENT_DELETE, MICA_LOST_DETAIL);
	}
	record_path_typed(scratch, dentry);
}

/** Reports the whiteout that overlayfs left, if any, and the removal: one path, walked once. */
static __always_inline int send_removal(struct dentry *dentry, u32 flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation, *known;
	struct scratch *scratch;
	bool whiteout, lost = false;

	if (!is_users_doing(task, &operation))
		return 0;
	known = operation && operation->victim == (u64)dentry ? operation : NULL;
	whiteout = known && known->whiteout_made && event_wanted(MICA_EVENT_WHITEOUT);
	scratch = record_try_begin(whiteout ? MICA_EVENT_WHITEOUT : MICA_EVENT_DELETE, task, known,
				   union_of(dentry->d_sb), SCOPE_FILE, false, &lost);
	if (scratch) {
		fill_removal(scratch, known, dentry, flags);
		if (whiteout && event_wanted(MICA_EVENT_DELETE)) {
			record_output(&scratch->record, WAKE_LATER);
			scratch->record.type = MICA_EVENT_DELETE;
		}
		record_send(scratch);
	}
	if (lost && whiteout)
		count_lost(MICA_EVENT_WHITEOUT, MICA_LOST_NO_SCRATCH);
	if (lost && event_wanted(MICA_EVENT_DELETE))
		count_lost(MICA_EVENT_DELETE, MICA_LOST_NO_SCRATCH);
	if (known)
		whiteout_settle(known);
	operation_end(operation);
	return 0;
}

SEC("fexit/vfs_unlink")
int BPF_PROG(unlink_exit, void *idmap, struct inode *dir, struct dentry *dentry)
{
	return traced_result(ctx) ? end_failed() : send_removal(dentry, 0);
}

SEC("fexit/vfs_rmdir")
int BPF_PROG(rmdir_exit, void *idmap, struct inode *dir, struct dentry *dentry)
{
	return traced_result(ctx) ? end_failed() : send_removal(dentry, MICA_RECORD_DIRECTORY);
}

static __always_inline int link_begin(struct dentry *old)
{
	if (is_overlay(old->d_sb))
		operation_begin(bpf_get_current_task_btf(), old, MICA_REASON_LINK);
	return 0;
}

SEC("lsm/inode_link")
int BPF_PROG(lsm_inode_link, struct dentry *old)
{
	return link_begin(old);
}

SEC("fentry/security_inode_link")
int BPF_PROG(link_check, struct dentry *old)
{
	return link_begin(old);
}

SEC("fexit/vfs_link")
int BPF_PROG(link_exit, struct dentry *old, void *idmap, struct inode *dir, struct dentry *new)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation;
	struct scratch *scratch;

	if (traced_result(ctx))
		return end_failed();
	if (!is_users_doing(task, &operation))
		return 0;
	scratch = record_begin(MICA_EVENT_LINK, task, operation, union_of(new->d_sb), SCOPE_FILE);
	if (scratch) {
		record_file(scratch, new);
		record_source_path(scratch, old, NULL);
		record_send(scratch);
	}
	operation_end(operation);
	return 0;
}

/** The hook is called twice for an exchange, the second time with both names swapped. */
static __always_inline int rename_begin(struct dentry *old, struct dentry *new)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation;
	struct scratch *scratch;
	bool swapped;

	if (is_overlays_own_work(task))
		return 0;
	operation = operation_get(task);
	if (!operation) {
		count_lost(MICA_EVENT_RENAME, MICA_LOST_NO_STATE);
		return 0;
	}
	if (operation->in_union_setup)
		return 0;
	swapped = operation->rename_calls == 1 && operation->target == (u64) new;
	if (!swapped)
		operation_end(operation);
	operation->reason = MICA_REASON_RENAME;
	operation->target = (u64)old;
	operation->other_target = swapped ? (u64) new : 0;
	operation->rename_calls++;
	scratch = record_begin_kept(MICA_EVENT_RENAME, task, operation, union_of(old->d_sb), SCOPE_FILE);
	if (!scratch)
		return 0;
	fill_object(&scratch->record, old, true);
	if (swapped)
		scratch->record.flags |= MICA_RECORD_EXCHANGE;
	record_path_typed(scratch, new);
	record_source_path(scratch, old, NULL);
	return 0;
}

SEC("lsm/inode_rename")
int BPF_PROG(lsm_inode_rename, struct inode *old_dir, struct dentry *old, struct inode *new_dir, struct dentry *new)
{
	return rename_begin(old, new);
}

SEC("fentry/security_inode_rename")
int BPF_PROG(rename_check, struct inode *old_dir, struct dentry *old, struct inode *new_dir, struct dentry *new)
{
	return rename_begin(old, new);
}

/**
 * overlayfs renames the real object: with RENAME_WHITEOUT when a lower has the old name, or by exchange with the
 * whiteout that stands at the new name. In the second case overlayfs removes it again when no lower has the old name:
 * user space looks, since the kernel's dentry does not tell.
 */
static __always_inline void whiteout_by_rename(struct task_struct *task, struct renamedata *data)
{
	struct operation *operation = operation_peek(task);
	struct inode *inode;

	if (!operation || operation->rename_calls == 0 || !is_overlay_dentry(operation->target))
		return;
	if (data->flags & RENAME_WHITEOUT) {
		send_whiteout(task, operation, operation->target, 0);
		return;
	}
	if (!(data->flags & RENAME_EXCHANGE) || operation->rename_calls > 1)
		return;
	inode = data->new_dentry->d_inode;
	if (inode && (inode->i_mode & S_IFMT) == S_IFCHR && inode->i_rdev == 0)
		send_whiteout(task, operation, operation->target, MICA_RECORD_WHITEOUT_MOVED);
}

SEC("fexit/vfs_rename")
int BPF_PROG(rename_exit, struct renamedata *data)
{
	struct task_struct *task = bpf_get_current_task_btf();
	int result = traced_result(ctx);
	struct operation *operation;
	struct mica_record *kept;

	if (is_overlays_own_work(task)) {
		if (!result)
			whiteout_by_rename(task, data);
		return 0;
	}
	operation = operation_peek(task);
	kept = record_kept(task, operation);
	if (kept && kept->type == MICA_EVENT_RENAME && !result) {
		/* Whatever it was before, it is in the upper now. */
		if (kept->union_id)
			kept->flags |= MICA_RECORD_UPPER;
		record_finish_kept(kept, 0, WAKE_LATER);
	}
	if (operation && !operation->in_union_setup)
		operation_end(operation);
	return 0;
}
