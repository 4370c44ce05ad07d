/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 0: kernel drift. Whatever differs between the kernels that mica supports (6.1 to 7.2), or lives in overlayfs'
 * private headers, is reached through a getter here; nothing else names those fields.
 *
 * vmlinux.h is that of Linux 6.1. A suffix behind ___ is a flavour: libbpf drops it when it looks for the type in the
 * running kernel's BTF. The overlay types are in the BTF of the module (or of vmlinux, where overlay is built in).
 */
#ifndef MICA_DRIFT_BPF_H
#define MICA_DRIFT_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define OVERLAYFS_SUPER_MAGIC 0x794c7630 /* include/uapi/linux/magic.h */

#define S_IFMT 0170000
#define S_IFDIR 0040000
#define S_IFREG 0100000
#define S_IFCHR 0020000

#define __relocated __attribute__((preserve_access_index))

struct ovl_layer {
	struct vfsmount *mnt;
	int idx;
} __relocated;

struct ovl_path {
	const struct ovl_layer *layer;
	struct dentry *dentry;
} __relocated;

/* fs/overlayfs/ovl_entry.h: until 6.4 an entry hangs on the dentry … */
struct ovl_entry {
	unsigned long flags;
	unsigned int numlower;
	struct ovl_path lowerstack[0];
} __relocated;

enum ovl_entry_flag {
	OVL_E_OPAQUE = 1,
};

/* … since 6.5 (commit 0af950f57fefa) it hangs on the inode, with its fields renamed. */
struct ovl_entry___inode {
	unsigned int __numlower;
	struct ovl_path __lowerstack[0];
} __relocated;

struct ovl_inode {
	unsigned long flags;
	struct inode vfs_inode;
	struct dentry *__upperdentry;
} __relocated;

struct ovl_inode___entry {
	struct ovl_entry___inode *oe;
	struct inode vfs_inode;
} __relocated;

enum ovl_inode_flag {
	OVL_UPPERDATA = 3,
};

struct ovl_fs {
	unsigned int numlayer;
	const struct ovl_layer *layers;
	/* The directory that the option workdir names. */
	struct dentry *workbasedir;
	const struct cred *creator_cred;
} __relocated;

struct ns_common___id {
	u64 ns_id;
} __relocated;

/* Since 6.18. */
struct ns_common___type {
	u32 ns_type;
} __relocated;

struct proc_ns_operations___type {
	int type;
} __relocated;

struct mnt_namespace___id {
	struct ns_common___id ns;
} __relocated;

struct mnt_namespace___anon {
	bool is_anon;
} __relocated;

/* Since 6.18 the mounts of a superblock are a plain list. */
struct mount___of_sb {
	struct mount___of_sb *mnt_next_for_sb;
} __relocated;

struct super_block___mounts {
	struct mount___of_sb *s_mounts;
} __relocated;

/** The namespace's number that is never reused: `seq` until 6.17, `ns.ns_id` since. 0: an anonymous namespace (6.1). */
static __always_inline u64 mnt_namespace_id(struct mnt_namespace *ns)
{
	if (bpf_core_field_exists(ns->seq))
		return BPF_CORE_READ(ns, seq);
	return BPF_CORE_READ((struct mnt_namespace___id *)ns, ns.ns_id);
}

/** The same for a pointer that the verifier knows: a plain load. */
static __always_inline u64 mnt_namespace_id_direct(struct mnt_namespace *ns)
{
	if (bpf_core_field_exists(ns->seq))
		return ns->seq;
	return ((struct mnt_namespace___id *)ns)->ns.ns_id;
}

/** CLONE_NEW* of a namespace, of any type. */
static __always_inline u32 namespace_type(struct ns_common *common)
{
	struct ns_common___type *typed = (void *)common;
	const struct proc_ns_operations *operations;
	struct proc_ns_operations___type *old;

	if (bpf_core_field_exists(typed->ns_type))
		return BPF_CORE_READ(typed, ns_type);
	operations = BPF_CORE_READ(common, ops);
	old = (void *)operations;
	return BPF_CORE_READ(old, type);
}

/** A detached tree's namespace (open_tree, fsmount): no process is ever in it. */
static __always_inline bool mnt_namespace_is_anonymous(struct mnt_namespace *ns)
{
	struct mnt_namespace___anon *anon = (void *)ns;

	if (bpf_core_field_exists(anon->is_anon))
		return BPF_CORE_READ(anon, is_anon);
	return mnt_namespace_id(ns) == 0;
}

static __always_inline struct ovl_inode *overlay_inode(struct inode *inode)
{
	return (void *)inode - bpf_core_field_offset(struct ovl_inode, vfs_inode);
}

/** The dentry of an overlay object in the upper, or NULL. */
static __always_inline struct dentry *overlay_upper(struct inode *inode)
{
	return inode ? BPF_CORE_READ(overlay_inode(inode), __upperdentry) : NULL;
}

/** False: the upper has only the metadata, the data is still in a lower (metacopy). */
static __always_inline bool overlay_has_upper_data(struct inode *inode)
{
	unsigned long flags = BPF_CORE_READ(overlay_inode(inode), flags);

	return flags & (1UL << bpf_core_enum_value(enum ovl_inode_flag, OVL_UPPERDATA));
}

/** The topmost lower of an overlay object. */
struct overlay_lower {
	/** 0: it has no lower. 1: the topmost layer; … */
	u32 index;
	struct dentry *dentry;
};

static __always_inline struct overlay_lower overlay_lower_by_inode(struct inode *inode)
{
	struct ovl_inode___entry *overlay = (void *)overlay_inode(inode);
	struct ovl_entry___inode *entry = BPF_CORE_READ(overlay, oe);
	struct overlay_lower lower = {};

	if (!entry || !BPF_CORE_READ(entry, __numlower))
		return lower;
	lower.dentry = BPF_CORE_READ(entry, __lowerstack[0].dentry);
	lower.index = BPF_CORE_READ(entry, __lowerstack[0].layer, idx);
	return lower;
}

static __always_inline struct overlay_lower overlay_lower_by_dentry(struct dentry *dentry)
{
	struct ovl_entry *entry = BPF_CORE_READ(dentry, d_fsdata);
	struct overlay_lower lower = {};

	if (!entry || !BPF_CORE_READ(entry, numlower))
		return lower;
	lower.dentry = BPF_CORE_READ(entry, lowerstack[0].dentry);
	lower.index = BPF_CORE_READ(entry, lowerstack[0].layer, idx);
	return lower;
}

static __always_inline struct overlay_lower overlay_lower(struct dentry *dentry, struct inode *inode)
{
	struct ovl_inode___entry *overlay = NULL;

	if (bpf_core_field_exists(overlay->oe))
		return overlay_lower_by_inode(inode);
	return overlay_lower_by_dentry(dentry);
}

/**
 * Of a name on a union that is not there: a whiteout hides a lower one, so what is made in its place hides that too.
 * Until 6.4 the flags are in the entry, since then they are the field that pointed to it.
 */
static __always_inline bool overlay_is_opaque(struct dentry *dentry)
{
	struct ovl_inode___entry *overlay = NULL;
	struct ovl_entry *entry = BPF_CORE_READ(dentry, d_fsdata);
	u64 flags = (u64)entry;

	if (!bpf_core_field_exists(overlay->oe))
		flags = entry ? BPF_CORE_READ(entry, flags) : 0;
	return flags >> bpf_core_enum_value(enum ovl_entry_flag, OVL_E_OPAQUE) & 1;
}

/** Layers of a union, the slot of the upper (index 0) included. */
static __always_inline unsigned int overlay_layer_count(struct super_block *sb)
{
	struct ovl_fs *fs = BPF_CORE_READ(sb, s_fs_info);

	return BPF_CORE_READ(fs, numlayer);
}

/** Root directory of layer `index` of a union; NULL: a union without upper, index 0. */
static __always_inline struct dentry *overlay_layer_root(struct super_block *sb, unsigned int index)
{
	struct ovl_fs *fs = BPF_CORE_READ(sb, s_fs_info);
	const struct ovl_layer *layers = BPF_CORE_READ(fs, layers);
	const struct ovl_layer *layer = (void *)layers + index * bpf_core_type_size(struct ovl_layer);
	struct vfsmount *mnt = BPF_CORE_READ(layer, mnt);

	return mnt ? BPF_CORE_READ(mnt, mnt_root) : NULL;
}

/* include/linux/dcache.h: an enumeration since 6.16, of other values. */
enum dentry_flags___named {
	DCACHE_PAR_LOOKUP___named = 1,
};
#define DCACHE_PAR_LOOKUP (1U << 28)

/** A name that the file system is being asked about at this moment: whether it is there is not known yet. */
static __always_inline bool dentry_is_in_lookup(struct dentry *dentry)
{
	u32 flags = dentry->d_flags;

	if (bpf_core_enum_value_exists(enum dentry_flags___named, DCACHE_PAR_LOOKUP___named))
		return flags & bpf_core_enum_value(enum dentry_flags___named, DCACHE_PAR_LOOKUP___named);
	return flags & DCACHE_PAR_LOOKUP;
}

/** The work directory of a union, as the option names it, or NULL. */
static __always_inline struct dentry *overlay_work_root(struct super_block *sb)
{
	struct ovl_fs *fs = BPF_CORE_READ(sb, s_fs_info);

	return BPF_CORE_READ(fs, workbasedir);
}

/** The credentials that a union works with: no task has this very struct as its own. */
static __always_inline const struct cred *overlay_creator(struct super_block *sb)
{
	struct ovl_fs *fs = BPF_CORE_READ(sb, s_fs_info);

	return BPF_CORE_READ(fs, creator_cred);
}

/** Does the task hold the inode's lock for writing? True where the lock does not know its owner (PREEMPT_RT). */
static __always_inline bool inode_is_locked_by(struct inode *inode, struct task_struct *task)
{
	u64 owner;

	if (!bpf_core_field_exists(inode->i_rwsem.owner))
		return true;
	owner = BPF_CORE_READ(inode, i_rwsem.owner.counter);
	/* RWSEM_OWNER_FLAGS_MASK, kernel/locking/rwsem.c */
	return (owner & ~7ULL) == (u64)task;
}

/* fs/file_table.c, since 6.8: what overlayfs opens in a layer, with the path that the user opened. */
struct backing_file {
	struct file file;
	struct path user_path;
} __relocated;

static __always_inline struct mount *real_mount(const struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/** Is the mount one of the kernel's own (a layer of a union, memfd's tmpfs)? Its namespace is then an error number. */
static __always_inline bool mount_is_internal(const struct vfsmount *mnt)
{
	struct mount *mount = real_mount(mnt);

	return (u64)BPF_CORE_READ(mount, mnt_ns) >= (u64)-4095;
}

/**
 * Is it a file that no user opened: overlayfs' of a layer, memfd's? Until 6.4 overlayfs' have the inode of the layer
 * and the path of the union; since then a path on an internal mount.
 */
static __always_inline bool file_is_internal(struct file *file)
{
	return file->f_path.dentry->d_sb != file->f_inode->i_sb || mount_is_internal(file->f_path.mnt);
}

/** The dentry that the user opened, for a file that may be overlayfs' of a layer: a mapping has that one. */
static __always_inline struct dentry *file_user_dentry(struct file *file)
{
	struct backing_file *backing = (void *)file;
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry), *user;

	if (!bpf_core_field_exists(backing->user_path) || !mount_is_internal(BPF_CORE_READ(file, f_path.mnt)))
		return dentry;
	/* memfd's files are on an internal mount too, but are no backing files. */
	user = BPF_CORE_READ(backing, user_path.dentry);
	return BPF_CORE_READ(user, d_sb, s_magic) == OVERLAYFS_SUPER_MAGIC ? user : dentry;
}

/** The mount of an entry in a superblock's list; NULL: the entry is the list's head. */
static __always_inline struct mount *mount_of_entry(struct super_block *sb, struct list_head *entry)
{
	if (entry == (void *)sb + bpf_core_field_offset(sb->s_mounts))
		return NULL;
	return (void *)entry - bpf_core_field_offset(struct mount, mnt_instance);
}

/** The first mount of a superblock; NULL: none. */
static __always_inline struct mount *first_mount_of(struct super_block *sb)
{
	struct super_block___mounts *plain = (void *)sb;
	struct mount___of_sb *mount = NULL;

	if (bpf_core_field_exists(mount->mnt_next_for_sb))
		return (void *)BPF_CORE_READ(plain, s_mounts);
	return mount_of_entry(sb, BPF_CORE_READ(sb, s_mounts.next));
}

/** The one behind `mount`; NULL: it is the last. */
static __always_inline struct mount *next_mount_of(struct super_block *sb, struct mount *mount)
{
	struct mount___of_sb *plain = (void *)mount;

	if (bpf_core_field_exists(plain->mnt_next_for_sb))
		return (void *)BPF_CORE_READ(plain, mnt_next_for_sb);
	return mount_of_entry(sb, BPF_CORE_READ(mount, mnt_instance.next));
}

/** The result of the traced function, for programs whose number of arguments differs between kernels. */
static __always_inline long traced_result(void *ctx)
{
	u64 result = 0;

	bpf_get_func_ret(ctx, &result);
	return result;
}

/* Since 7.0 or so: in a union without a name. */
struct dentry___unnamed {
	struct hlist_node d_alias;
} __attribute__((preserve_access_index));

/** A name of the inode: a directory has one at most, a file with more links any of them. NULL: none is known. */
static __always_inline struct dentry *inode_dentry(struct inode *inode)
{
	void *first = BPF_CORE_READ(inode, i_dentry.first);

	if (!first)
		return NULL;
	if (bpf_core_field_exists(struct dentry___unnamed, d_alias))
		return first - bpf_core_field_offset(struct dentry___unnamed, d_alias);
	return first - bpf_core_field_offset(struct dentry, d_u.d_alias);
}

/* include/linux/fs.h; CONFIG_UNICODE. */
#define S_CASEFOLD (1U << 15)

/** Can directories of it fold the case of names? */
static __always_inline bool superblock_folds_names(struct super_block *sb)
{
	return bpf_core_field_exists(sb->s_encoding) && BPF_CORE_READ(sb, s_encoding);
}

static __always_inline bool inode_folds_names(struct inode *inode)
{
	return inode && BPF_CORE_READ(inode, i_flags) & S_CASEFOLD;
}

#endif
