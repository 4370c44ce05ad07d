// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Copy-up: one event for each object that really goes up, ancestors included (fs/overlayfs/copy_up.c). The event is
 * made by copy_up_exit alone; the others only tell it why, how long and how many bytes.
 */
#include "emit.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* include/linux/fs.h */
#define ATTR_MODE (1 << 0)
#define ATTR_UID (1 << 1)
#define ATTR_GID (1 << 2)
#define ATTR_SIZE (1 << 3)

/* Set in f_flags by every open(2) of a 64-bit task, and never by overlayfs' own callers of ovl_copy_up_flags. */
#if defined(__TARGET_ARCH_arm64)
#define O_LARGEFILE 0400000
#else
#define O_LARGEFILE 0100000
#endif

SEC("fentry/ovl_setattr")
int BPF_PROG(setattr_entry, void *idmap, struct dentry *dentry, struct iattr *attr)
{
	unsigned int valid = attr->ia_valid;
	enum mica_reason reason = MICA_REASON_UTIMES;

	/* A chown also clears the setuid bits, a truncate also sets the times. */
	if (valid & ATTR_SIZE)
		reason = MICA_REASON_TRUNCATE;
	else if (valid & (ATTR_UID | ATTR_GID))
		reason = MICA_REASON_CHOWN;
	else if (valid & ATTR_MODE)
		reason = MICA_REASON_CHMOD;
	operation_begin(bpf_get_current_task_btf(), dentry, reason);
	return 0;
}

SEC("fentry/ovl_xattr_set")
int BPF_PROG(xattr_set_entry, struct dentry *dentry)
{
	/* 6.1 sets ACLs through the same function: "system.posix_acl_". */
	char prefix[16] = {};
	u64 name = 0;
	enum mica_reason reason = MICA_REASON_XATTR;

	bpf_get_func_arg(ctx, 2, &name);
	bpf_probe_read_kernel_str(prefix, sizeof(prefix), (void *)name);
	if (bpf_strncmp(prefix, 15, "system.posix_ac") == 0)
		reason = MICA_REASON_ACL;
	operation_begin(bpf_get_current_task_btf(), dentry, reason);
	return 0;
}

SEC("fentry/ovl_set_acl")
int BPF_PROG(set_acl_entry, void *idmap, struct dentry *dentry)
{
	operation_begin(bpf_get_current_task_btf(), dentry, MICA_REASON_ACL);
	return 0;
}

SEC("fentry/ovl_fileattr_set")
int BPF_PROG(fileattr_entry, void *idmap, struct dentry *dentry)
{
	operation_begin(bpf_get_current_task_btf(), dentry, MICA_REASON_IOCTL);
	return 0;
}

/* What fails before the copy-up has begun, for want of a right or of the attribute, ends here. */

SEC("fexit/ovl_setattr")
int BPF_PROG(setattr_exit)
{
	operation_end(operation_peek(bpf_get_current_task_btf()));
	return 0;
}

SEC("fexit/ovl_xattr_set")
int BPF_PROG(xattr_set_exit)
{
	operation_end(operation_peek(bpf_get_current_task_btf()));
	return 0;
}

SEC("fexit/ovl_set_acl")
int BPF_PROG(set_acl_exit)
{
	operation_end(operation_peek(bpf_get_current_task_btf()));
	return 0;
}

SEC("fexit/ovl_fileattr_set")
int BPF_PROG(fileattr_exit)
{
	operation_end(operation_peek(bpf_get_current_task_btf()));
	return 0;
}

SEC("fentry/ovl_copy_up_flags")
int BPF_PROG(copy_up_all, struct dentry *dentry, int flags)
{
	if (flags & O_LARGEFILE)
		operation_begin(bpf_get_current_task_btf(), dentry, MICA_REASON_OPEN_WRITE);
	return 0;
}

/** Operations whose only part is the copy-up end with it; the others end in the hook that reports them. */
SEC("fexit/ovl_copy_up_flags")
int BPF_PROG(copy_up_all_end, struct dentry *dentry, int flags, int result)
{
	struct operation *operation = operation_peek(bpf_get_current_task_btf());

	if (!operation)
		return 0;
	switch (operation->reason) {
	case MICA_REASON_NONE:
	case MICA_REASON_RENAME:
	case MICA_REASON_LINK:
		/* A failed one ends the whole operation, which may have no other hook: open(O_CREAT). */
		if (!result)
			return 0;
	}
	operation_end(operation);
	return 0;
}

SEC("fentry/ovl_copy_up_one")
int BPF_PROG(copy_up_entry, struct dentry *parent, struct dentry *dentry)
{
	struct operation *operation = operation_get(bpf_get_current_task_btf());

	if (!operation)
		return 0;
	operation->copy_up_ns = bpf_ktime_get_ns();
	operation->copied_bytes = 0;
	operation->copy_up_raced = 0;
	return 0;
}

/** Returns 1 when another task has copied the object up while this one waited for the lock. */
SEC("fexit/ovl_copy_up_start")
int BPF_PROG(copy_up_start, struct dentry *dentry, int flags, int result)
{
	struct operation *operation;

	if (result <= 0)
		return 0;
	operation = operation_peek(bpf_get_current_task_btf());
	if (operation)
		operation->copy_up_raced = 1;
	return 0;
}

/** Moves one chunk of the data: what was really copied, without holes and clones. */
SEC("fexit/do_splice_direct")
int BPF_PROG(copy_up_chunk)
{
	struct operation *operation = operation_peek(bpf_get_current_task_btf());
	long bytes;

	if (!operation || !operation->copy_up_ns)
		return 0;
	bytes = traced_result(ctx);
	if (bytes > 0)
		operation->copied_bytes += bytes;
	return 0;
}

/** Less than what was asked for? What was not measured is not: user space knows more. */
static __always_inline bool copy_up_is_small(const struct operation *operation, u64 now)
{
	if (!operation || !operation->copy_up_ns)
		return false;
	return operation->copied_bytes < min_copy_up_bytes || now - operation->copy_up_ns < min_copy_up_ns;
}

/** `lower`: what was copied, or NULL. */
static __always_inline void fill_copy_up(struct scratch *scratch, struct dentry *dentry, struct dentry *lower,
					 struct operation *operation, u64 now, int result)
{
	struct mica_record *record = &scratch->record;
	struct inode *inode = dentry->d_inode;
	bool regular = (inode->i_mode & S_IFMT) == S_IFREG;
	bool directory = (inode->i_mode & S_IFMT) == S_IFDIR;

	record->error = result;
	if (lower && regular)
		record->copy_up.size = BPF_CORE_READ(lower, d_inode, i_size);
	if (regular && !result && !overlay_has_upper_data(inode))
		record->flags |= MICA_RECORD_METADATA_ONLY;
	record->copy_up.reason = directory ? MICA_REASON_PARENT : MICA_REASON_NONE;
	if (!operation || !operation->copy_up_ns) {
		record->flags |= MICA_RECORD_NO_DURATION;
		return;
	}
	record->copy_up.duration_ns = now - operation->copy_up_ns;
	record->copy_up.bytes = operation->copied_bytes;
	if (operation->target == (u64)dentry || operation->other_target == (u64)dentry)
		record->copy_up.reason = operation->reason;
}

/** So that the next one whose start is missed does not take over what is of this one. */
static __always_inline int copy_up_over(struct operation *operation)
{
	if (operation) {
		operation->copy_up_ns = 0;
		operation->copy_up_raced = 0;
	}
	return 0;
}

SEC("fexit/ovl_copy_up_one")
int BPF_PROG(copy_up_exit, struct dentry *parent, struct dentry *dentry, int flags, int result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation = operation_get(task);
	u64 now = bpf_ktime_get_ns();
	struct scratch *scratch;

	if (operation && operation->copy_up_raced)
		return copy_up_over(operation);
	if (copy_up_is_small(operation, now))
		return copy_up_over(operation);
	if (!operation)
		count_lost(MICA_EVENT_COPY_UP, MICA_LOST_DETAIL);
	scratch = record_begin(MICA_EVENT_COPY_UP, task, operation, union_of(dentry->d_sb), SCOPE_FILE);
	if (!scratch)
		return copy_up_over(operation);
	fill_copy_up(scratch, dentry, record_file(scratch, dentry), operation, now, result);
	record_send(scratch);
	return copy_up_over(operation);
}
