/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 3: the events of overlayfs' marks, which more than one program finds.
 */
#ifndef MICA_MARK_BPF_H
#define MICA_MARK_BPF_H

#include "emit.bpf.h"

/** A whiteout stands where the overlay dentry `victim` was. */
static __always_inline void send_whiteout(struct task_struct *task, struct operation *operation, u64 victim, u32 flags)
{
	struct dentry *dentry = (void *)victim;
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
	struct scratch *scratch;

	scratch = record_begin(MICA_EVENT_WHITEOUT, task, operation, union_find((u64)sb), SCOPE_FILE);
	if (!scratch)
		return;
	record_object(scratch, dentry);
	scratch->record.flags |= flags;
	record_path(scratch, dentry, NULL);
	record_send(scratch);
}

/** Reports the marks that the upper of `dentry` was given in this operation, at the path of `place`. */
static __always_inline void send_marks(struct task_struct *task, struct operation *operation, struct dentry *dentry,
				       struct dentry *place)
{
	u64 upper = (u64)overlay_upper(dentry->d_inode);
	enum mica_event_type type;
	struct scratch *scratch;

	if (!upper)
		return;
	if (operation->opaque_upper == upper)
		type = MICA_EVENT_OPAQUE;
	else if (operation->redirect_upper[0] == upper || operation->redirect_upper[1] == upper)
		type = MICA_EVENT_REDIRECT;
	else
		return;
	scratch = record_begin(type, task, operation, union_of(dentry->d_sb), SCOPE_FILE);
	if (!scratch)
		return;
	fill_object(&scratch->record, dentry, true);
	record_path_typed(scratch, place);
	record_send(scratch);
}

#endif
