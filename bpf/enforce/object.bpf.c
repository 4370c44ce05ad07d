// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Objects become known and are forgotten: by hooks, and by programs that user space runs with a descriptor of its own.
 */
#include "object.bpf.h"
#include "ask.bpf.h"

#define NSFS_MAGIC 0x6e736673 /* include/uapi/linux/magic.h */

/** A new superblock, before anybody can reach it. */
SEC("lsm/sb_kern_mount")
long BPF_PROG(enforce_sb_kern_mount, struct super_block *sb)
{
	struct task_label *label;

	if (!is_overlay(sb))
		return 0;
	label = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), NULL, 0);
	/* One that does not find room is nobody's, and foreign to all. */
	(void)union_register(sb, label ? label->subject : 0);
	return 0;
}

SEC("lsm/sb_free_security")
long BPF_PROG(enforce_sb_free, struct super_block *sb)
{
	superblock_forget((u64)sb);
	return 0;
}

/** What overlayfs makes a new file with: the task's credentials but for owner and group. */
SEC("lsm/dentry_create_files_as")
long BPF_PROG(enforce_create_as, struct dentry *dentry, int mode, const struct qstr *name, const struct cred *old,
	      struct cred *new)
{
	u64 sb = (u64)dentry->d_sb, cred = (u64) new;
	struct superblock_entry *entry;

	if (!is_overlay(dentry->d_sb))
		return 0;
	entry = bpf_map_lookup_elem(&superblocks, &sb);
	if (!entry || !entry->union_number)
		return 0;
	bpf_map_update_elem(&overlay_creds, &cred, &entry->union_number, BPF_ANY);
	return 0;
}

SEC("lsm/cred_free")
long BPF_PROG(enforce_cred_free, struct cred *cred)
{
	u64 key = (u64)cred;

	bpf_map_delete_elem(&overlay_creds, &key);
	return 0;
}

/* ---- run by user space ---- */

/** As in user/kernel/enforcer_objects.c. */
enum object_request {
	REQUEST_UNION,
	REQUEST_VOLUME,
	REQUEST_LAYER,
	REQUEST_FORGET_VOLUME,
	REQUEST_FORGET_LAYER,
	REQUEST_GRANT,
	REQUEST_NAMESPACE,
	REQUEST_OWN,
};

struct object_call {
	u32 request;
	s32 fd;
	u32 number;
	/** 0 or a negative errno. */
	s32 error;
	/** In: a subject. Out: a union's or a namespace's number. */
	u64 value;
};

#define ENOENT 2
#define EBADF 9
#define ENOMEM 12
#define ENOTDIR 20
#define EINVAL 22

static __always_inline struct file *own_file(s32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;

	if (fd < 0 || (u32)fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return file;
}

static __always_inline int name_root(struct dentry *dentry, const struct object_call *call)
{
	u32 own = NUMBER_OWN_SUPERBLOCK;
	struct root_key key = {};
	struct object_root *entry;
	u64 sb;

	if ((BPF_CORE_READ(dentry, d_inode, i_mode) & S_IFMT) != S_IFDIR)
		return -ENOTDIR;
	entry = root_get(dentry, &key);
	if (!entry)
		return -ENOMEM;
	if (call->request == REQUEST_VOLUME) {
		entry->volume = call->number;
	} else if (call->request == REQUEST_OWN) {
		entry->own = 1;
		sb = (u64)BPF_CORE_READ(dentry, d_sb);
		bpf_map_update_elem(&numbers, &own, &sb, BPF_ANY);
	} else {
		entry->layer = call->number;
		entry->named_layer = 1;
	}
	return 0;
}

static __always_inline int forget_root(struct dentry *dentry, const struct object_call *call)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	u64 sb = (u64)BPF_CORE_READ(dentry, d_sb);
	struct superblock_entry *superblock = bpf_map_lookup_elem(&superblocks, &sb);
	struct root_key key = {};
	struct object_root *entry;

	if (!superblock)
		return -ENOENT;
	key.sb_id = superblock->id;
	key.inode = BPF_CORE_READ(inode, i_ino);
	entry = bpf_map_lookup_elem(&roots, &key);
	if (!entry || !(call->request == REQUEST_FORGET_VOLUME ? entry->volume : entry->named_layer))
		return -ENOENT;
	if (call->request == REQUEST_FORGET_VOLUME) {
		entry->volume = 0;
	} else {
		entry->layer = 0;
		entry->named_layer = 0;
	}
	root_put(&key, entry);
	return 0;
}

static __always_inline int call_union(struct dentry *dentry, struct object_call *call)
{
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
	u64 number;

	if (BPF_CORE_READ(sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return -EINVAL;
	number = union_register(sb, 0);
	if (!number)
		return -ENOMEM;
	if (call->request == REQUEST_GRANT)
		union_give((u64)sb, call->value);
	call->value = number;
	return 0;
}

static __always_inline int call_namespace(struct dentry *dentry, struct object_call *call)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct ns_common *common;
	struct mnt_namespace *ns;

	if (BPF_CORE_READ(dentry, d_sb, s_magic) != NSFS_MAGIC)
		return -EINVAL;
	common = BPF_CORE_READ(inode, i_private);
	if (!common)
		return -EINVAL;
	ns = (void *)common - bpf_core_field_offset(struct mnt_namespace, ns);
	call->value = mnt_namespace_id(ns);
	return 0;
}

SEC("syscall")
int object_request(struct object_call *call)
{
	struct file *file = own_file(call->fd);
	struct dentry *dentry;

	if (!file) {
		call->error = -EBADF;
		return 0;
	}
	dentry = BPF_CORE_READ(file, f_path.dentry);
	switch (call->request) {
	case REQUEST_UNION:
	case REQUEST_GRANT:
		call->error = call_union(dentry, call);
		break;
	case REQUEST_VOLUME:
	case REQUEST_LAYER:
	case REQUEST_OWN:
		call->error = name_root(dentry, call);
		break;
	case REQUEST_FORGET_VOLUME:
	case REQUEST_FORGET_LAYER:
		call->error = forget_root(dentry, call);
		break;
	case REQUEST_NAMESPACE:
		call->error = call_namespace(dentry, call);
		break;
	default:
		call->error = -EINVAL;
	}
	return 0;
}
