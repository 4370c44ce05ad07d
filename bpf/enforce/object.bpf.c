// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Objects become known and are forgotten: by hooks, and by programs that user space runs with a descriptor of its own.
 */
#include "object.bpf.h"
#include "ask.bpf.h"

#define NSFS_MAGIC 0x6e736673 /* include/uapi/linux/magic.h */

/** What a new union stands on: each of its layers, upper and work is asked for. */
struct foundation {
	struct super_block *sb;
	struct asker asker;
	long error;
};

static __always_inline long foundation_ask(struct foundation *foundation, struct dentry *dentry, u32 operation)
{
	if (!dentry)
		return 0;
	return ask(&foundation->asker, dentry, operation, QUESTION_ISOLATION | QUESTION_FOUNDATION);
}

static long foundation_step(u32 index, void *data)
{
	struct foundation *foundation = data;

	foundation->error = foundation_ask(foundation, overlay_layer_root(foundation->sb, index),
					   index ? FOUNDATION_LOWER : FOUNDATION_UPPER);
	return foundation->error != 0;
}

/**
 * overlayfs itself takes any directory, one in use too (KERNEL.md, "second overlay"), and reads it with no hook that
 * tells whose it is. The directories are those of the superblock: no option string, no second look.
 */
static __always_inline long may_stand(struct super_block *sb)
{
	struct foundation foundation = { .sb = sb };
	enum asked asked = asker_begin(&foundation.asker, FOUNDATION_LOWER | FOUNDATION_UPPER, QUESTION_FOUNDATION);

	if (asked == ASKED_NOTHING)
		return 0;
	if (asked == ASKED_UNKNOWN)
		return -EPERM;
	bpf_loop(overlay_layer_count(sb), foundation_step, &foundation, 0);
	if (foundation.error)
		return foundation.error;
	return foundation_ask(&foundation, overlay_work_root(sb), FOUNDATION_UPPER);
}

/** A new superblock, before anybody can reach it. */
SEC("lsm/sb_kern_mount")
long BPF_PROG(enforce_sb_kern_mount, struct super_block *sb)
{
	struct task_label *label;
	long error;

	if (!is_overlay(sb))
		return 0;
	error = may_stand(sb);
	if (error)
		return result_of(error);
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

static __always_inline void cred_forget(const struct cred *cred)
{
	u64 key = (u64)cred;

	bpf_map_delete_elem(&overlay_creds, &key);
}

SEC("lsm/cred_free")
long BPF_PROG(enforce_cred_free, struct cred *cred)
{
	cred_forget(cred);
	return 0;
}

/*
 * Where no LSM has data of its own at credentials, the hook above is not called when they are freed
 * (security/security.c, security_cred_free): new ones may come to lie where overlayfs' were.
 */

SEC("lsm/cred_prepare")
long BPF_PROG(enforce_cred_prepare, struct cred *new)
{
	cred_forget(new);
	return 0;
}

SEC("lsm/cred_alloc_blank")
long BPF_PROG(enforce_cred_blank, struct cred *cred)
{
	cred_forget(cred);
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
	REQUEST_LINK,
};

struct object_call {
	u32 request;
	s32 fd;
	u32 number;
	/** 0 or a negative errno. */
	s32 error;
	/** In: a subject; of REQUEST_LINK: an object's kind. Out: a union's or a namespace's number. */
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

/** A file with names in and out of an object. */
static __always_inline int name_link(struct dentry *dentry, const struct object_call *call)
{
	struct root_key key = {};
	struct object_root *entry;

	if ((BPF_CORE_READ(dentry, d_inode, i_mode) & S_IFMT) != S_IFREG)
		return -EINVAL;
	entry = root_get(dentry, &key);
	if (!entry)
		return -ENOMEM;
	entry->link_kind = call->value;
	entry->link_number = call->number;
	return 0;
}

static __always_inline int forget_root(struct dentry *dentry, const struct object_call *call)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
	struct root_key key = {};
	struct object_root *entry = root_find(sb, BPF_CORE_READ(inode, i_ino), &key);

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
	case REQUEST_LINK:
		call->error = name_link(dentry, call);
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
	objects_changed();
	return 0;
}
