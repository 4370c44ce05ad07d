// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Writes, as totals (fs/read_write.c, fs/splice.c, fs/open.c, fs/overlayfs/file.c, mm/memory.c).
 *
 * On a union the methods of overlayfs return what was written. Elsewhere rw_verify_area, which each write passes, says
 * what was asked for. splice(2) and sendfile(2) pass it up to three times before 6.5: what they wrote is taken from the
 * end of the pipe instead, and what copy_file_range(2) wrote from its result.
 */
#include "syscall.bpf.h"
#include "written.bpf.h"

#define WRITE 1       /* include/linux/kernel.h */
#define FMODE_WRITE 2 /* include/linux/fs.h */
#define SB_I_NOEXEC 2 /* include/linux/fs.h: proc, sysfs, cgroups, mqueue: what they take is no data */
#define EAGAIN 11
#define EIOCBQUEUED 529 /* include/linux/errno.h */
#if defined(__TARGET_ARCH_arm64)
#define O_DIRECT 0200000
#else
#define O_DIRECT 040000
#endif

static __always_inline struct transfer *transfer_peek(struct task_struct *task)
{
	return bpf_task_storage_get(&transfers, task, 0, 0);
}

static __always_inline struct transfer *transfer_get(struct task_struct *task)
{
	return bpf_task_storage_get(&transfers, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

static __always_inline int transfer_begin(enum transfer_kind kind)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct transfer *transfer = transfer_get(task);

	if (!transfer) {
		count_lost(MICA_EVENT_WRITE, MICA_LOST_DETAIL);
		return 0;
	}
	transfer->kind = kind;
	transfer->syscall = syscall_number(task);
	transfer->file = 0;
	return 0;
}

static __always_inline int transfer_end(void)
{
	struct transfer *transfer = transfer_peek(bpf_get_current_task_btf());

	if (transfer)
		transfer->kind = TRANSFER_NONE;
	return 0;
}

/** The transfer that the task is in; NULL: none. */
static __always_inline struct transfer *transfer_under_way(struct task_struct *task)
{
	struct transfer *transfer = transfer_peek(task);

	if (!transfer || transfer->kind == TRANSFER_NONE || transfer->syscall != syscall_number(task))
		return NULL;
	return transfer;
}

static __always_inline bool in_copy(struct task_struct *task)
{
	struct transfer *transfer = transfer_under_way(task);

	return transfer && transfer->kind == TRANSFER_COPY;
}

/** A regular file off all unions that a container may have written to, not the host. */
static __always_inline bool is_others_data(struct task_struct *task, struct file *file)
{
	struct inode *inode = file->f_inode;
	struct super_block *sb = inode->i_sb;

	/* The first leaves at once what overlayfs does until 6.4, which is most of what comes here. */
	return file->f_path.dentry->d_sb == sb && !is_of_host(task) && (inode->i_mode & S_IFMT) == S_IFREG &&
	       !is_overlay(sb) && !(sb->s_iflags & SB_I_NOEXEC) && !file_is_internal(file);
}

/** Counts for a function that every file system passes, and that overlayfs calls again for the real file. */
static __always_inline bool is_users_file(struct task_struct *task, struct file *file)
{
	return is_overlay(file->f_inode->i_sb) || is_others_data(task, file);
}

SEC("fexit/ovl_write_iter")
int BPF_PROG(overlay_write, struct kiocb *iocb, struct iov_iter *iter, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct transfer *transfer;

	if (result > 0) {
		count_bytes(task, iocb->ki_filp, result);
	} else if (result == -EIOCBQUEUED) {
		/* Its result comes later, in no task's name. */
		transfer = transfer_peek(task);
		count_request(task, iocb->ki_filp, transfer ? transfer->bytes_requested : 0);
	}
	return 0;
}

SEC("fexit/ovl_splice_write")
int BPF_PROG(overlay_splice, void *pipe, struct file *out, void *position, size_t length, unsigned int flags,
	     long result)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (result > 0 && !in_copy(task))
		count_bytes(task, out, result);
	return 0;
}

SEC("fentry/rw_verify_area")
int BPF_PROG(write_request, int direction, struct file *file, void *position, size_t count)
{
	struct task_struct *task;
	struct transfer *transfer;

	if (direction != WRITE)
		return 0;
	task = bpf_get_current_task_btf();
	if (is_overlay(file->f_inode->i_sb)) {
		if (!(file->f_flags & O_DIRECT))
			return 0;
		transfer = transfer_get(task);
		if (transfer)
			transfer->bytes_requested = count;
		return 0;
	}
	if (!is_others_data(task, file))
		return 0;
	transfer = transfer_under_way(task);
	if (!transfer) {
		count_request(task, file, count);
	} else if (transfer->kind == TRANSFER_URING) {
		transfer->file = (u64)file;
		transfer->dentry = (u64)file->f_path.dentry;
		transfer->bytes_requested = count;
	}
	return 0;
}

SEC("fentry/io_write")
int BPF_PROG(uring_entry)
{
	return transfer_begin(TRANSFER_URING);
}

static __always_inline void count_uring(struct task_struct *task, const struct transfer *transfer)
{
	struct written *written = written_get(task, (struct file *)transfer->file, transfer->dentry);

	if (written)
		written_add(written, 0, transfer->bytes_requested, 0, 1);
}

SEC("fexit/io_write")
int BPF_PROG(uring_exit)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct transfer *transfer = transfer_peek(task);

	/* What would block is done again by a worker. */
	if (transfer && transfer->kind == TRANSFER_URING && transfer->file && (int)traced_result(ctx) != -EAGAIN)
		count_uring(task, transfer);
	return transfer_end();
}

SEC("fexit/iter_file_splice_write")
int BPF_PROG(splice_write, void *pipe, struct file *out, void *position, size_t length, unsigned int flags, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (result > 0 && is_others_data(task, out) && !in_copy(task))
		count_bytes(task, out, result);
	return 0;
}

SEC("fentry/do_splice")
int BPF_PROG(splice_entry)
{
	return transfer_begin(TRANSFER_SPLICE);
}

SEC("fexit/do_splice")
int BPF_PROG(splice_exit)
{
	return transfer_end();
}

SEC("fentry/do_sendfile")
int BPF_PROG(sendfile_entry)
{
	return transfer_begin(TRANSFER_SPLICE);
}

SEC("fexit/do_sendfile")
int BPF_PROG(sendfile_exit)
{
	return transfer_end();
}

SEC("fentry/vfs_copy_file_range")
int BPF_PROG(copy_range_entry, struct file *in, long in_position, struct file *out)
{
	/* overlayfs calls it again for the layer's files: still the same copy. */
	return file_is_internal(out) ? 0 : transfer_begin(TRANSFER_COPY);
}

SEC("fexit/vfs_copy_file_range")
int BPF_PROG(copy_range_exit, struct file *in, long in_position, struct file *out, long out_position, size_t length,
	     unsigned int flags, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (file_is_internal(out))
		return 0;
	if (result > 0 && is_users_file(task, out))
		count_bytes(task, out, result);
	return transfer_end();
}

SEC("fexit/vfs_clone_file_range")
int BPF_PROG(clone_range_exit, struct file *in, long in_position, struct file *out, long out_position, long length,
	     unsigned int flags, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (result > 0 && is_users_file(task, out))
		count_bytes(task, out, result);
	return 0;
}

SEC("fexit/vfs_fallocate")
int BPF_PROG(fallocate_exit, struct file *file, int mode, long offset, long length, int result)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!result && is_users_file(task, file))
		count_request(task, file, length);
	return 0;
}

SEC("fentry/do_truncate")
int BPF_PROG(truncate_entry, void *idmap, struct dentry *dentry)
{
	struct transfer *transfer = transfer_get(bpf_get_current_task_btf());

	if (transfer)
		transfer->size = dentry->d_inode->i_size;
	else
		count_lost(MICA_EVENT_WRITE, MICA_LOST_NO_STATE);
	return 0;
}

/** truncate(2) has no open file, open(2) for reading with O_TRUNC none that is written to: it is a total of its own. */
static __always_inline void send_truncate(struct task_struct *task, struct dentry *dentry, u64 change, u64 size)
{
	struct scratch *scratch = record_begin(MICA_EVENT_WRITE, task, NULL, union_of(dentry->d_sb), SCOPE_FILE);
	struct mica_write *write;

	if (!scratch)
		return;
	record_file(scratch, dentry);
	scratch->record.action = 0;
	write = &scratch->record.write;
	write->bytes_requested = change;
	write->size = size;
	write->calls = 1;
	record_send(scratch);
}

SEC("fexit/do_truncate")
int BPF_PROG(truncate_exit, void *idmap, struct dentry *dentry, long size, unsigned int times, struct file *file,
	     int result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct transfer *transfer = transfer_peek(task);
	u64 change;

	if (result || !transfer || transfer->size == (u64)size)
		return 0;
	change = transfer->size > (u64)size ? transfer->size - size : size - transfer->size;
	/* The close of a file for reading is not looked at. */
	if (file && file->f_mode & FMODE_WRITE)
		count_request(task, file, change);
	else
		send_truncate(task, dentry, change, size);
	return 0;
}

/** A page of a shared mapping becomes dirty. On a union the mapped file is that of the layer. */
SEC("fentry/fault_dirty_shared_page")
int BPF_PROG(page_dirtied, struct vm_fault *fault)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file = fault->vma->vm_file;
	struct written *written;

	if (!file || (!union_of_dentry(file_user_dentry(file)) && !is_others_data(task, file)))
		return 0;
	written = written_get(task, file, (u64)file->f_path.dentry);
	if (written)
		written_add(written, 0, 0, 1, 0);
	return 0;
}

static long close_shared(void *map, struct written_key *key, struct written *written, u64 *file)
{
	if (key->file == *file && written_close(written))
		bpf_map_delete_elem(&shared_writes, key);
	return 0;
}

/** The last reference to the file goes; its dentry is still held. */
static __always_inline int file_closed(struct file *file)
{
	u64 key = (u64)file;
	struct written *written;

	if (!(file->f_mode & FMODE_WRITE))
		return 0;
	written = bpf_map_lookup_elem(&writes, &key);
	if (!written)
		return 0;
	if (written->shared)
		bpf_for_each_map_elem(&shared_writes, close_shared, &key, 0);
	if (written_close(written))
		bpf_map_delete_elem(&writes, &key);
	return 0;
}

/* Since 6.12. */
SEC("lsm/file_release")
int BPF_PROG(lsm_file_release, struct file *file)
{
	return file_closed(file);
}

SEC("fentry/security_file_release")
int BPF_PROG(file_release_check, struct file *file)
{
	return file_closed(file);
}

SEC("fentry/locks_remove_file")
int BPF_PROG(file_close, struct file *file)
{
	return file_closed(file);
}

/** Reports one that has written. 1: there is none. */
static long report_next(u32 unused_index, void *unused)
{
	struct written_key key;
	struct written *written;
	u64 file;

	if (bpf_map_pop_elem(&written_files, &key))
		return 1;
	written = written_look_up(&key);
	if (!written || !written_visit(written))
		return 0;
	file = key.file;
	if (key.shared)
		bpf_map_delete_elem(&shared_writes, &key);
	else
		bpf_map_delete_elem(&writes, &file);
	return 0;
}

/** Run by user space each second, and at the end; never attached. A `syscall` program may not use queues on 6.1. */
SEC("raw_tp")
int report_writes(void *context)
{
	bpf_loop(WRITTEN_FILES, report_next, NULL, 0);
	return 0;
}
