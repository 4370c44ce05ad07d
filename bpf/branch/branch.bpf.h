/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The guard of read-only branches: maps, and the verdict. An object of its own, so that a union is mounted without
 * waiting for the evaluator of policies to be verified, and needs none of them.
 */
#ifndef MICA_BRANCH_BPF_H
#define MICA_BRANCH_BPF_H

#include "denial.bpf.h"

#include "mica/branch.h"

#define EROFS 30

#define PATH_BYTES 4096
#define NAME_BYTES 255
/** Levels between a file and the first directory that the upper has; a tree that is deeper is refused. */
#define LEVELS 4096
/** A task that is preempted inside a program keeps its slot (KERNEL.md H2). */
#define SLOTS_PER_CPU 8

/** /proc/1/ns/mnt. Set before load. */
const volatile __weak __u32 host_mnt_ns = 0;

/** Where a question stands. In a map, not on the stack: see bpf/README.md. */
struct branch_slot {
	/** 0: free; claimed by compare-and-exchange. */
	u64 busy;
	u64 dentry;
	u32 guarded;
	/** The branch that would be changed; 0: none. */
	u32 layer;
	/** Begin of the path in `names`; it ends at PATH_BYTES. */
	u32 begin;
	/** 1: the path is whole. */
	u32 ended;
	/** struct mica_denial, and its path. */
	u64 denial[(sizeof(struct mica_denial) + PATH_BYTES) / 8];
	/** A name is written before its length is checked, hence the slack. */
	char names[PATH_BYTES + 512];
};

/** CPU * SLOTS_PER_CPU + slot. The number of entries is set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOTS_PER_CPU);
	__type(key, u32);
	__type(value, struct branch_slot);
} slots __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, struct mica_branch_union);
} unions __weak SEC(".maps");

struct branch_directory {
	char text[MICA_BRANCH_DIRECTORY_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct mica_branch_key);
	__type(value, struct branch_directory);
} directories __weak SEC(".maps");

/** struct mica_denial to user space. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 << 10);
} denials __weak SEC(".maps");

#define BRANCH_NUMBER_LAST 0
#define BRANCH_NUMBER_LOST 1
/* 2 is user space's (user/kernel/branch_guard_internal.h). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, u32);
	__type(value, u64);
} numbers __weak SEC(".maps");

struct creation {
	u64 dentry;
	u64 time_ns;
};

/**
 * Task -> the name whose creation was refused. open(2) with O_CREAT asks for that before it looks whether the file is
 * there, and if it is, goes on: then the opening is refused, and was told already.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, struct creation);
} creations __weak SEC(".maps");

/** What an operation on a dentry would do to layers. */
enum branch_need {
	/** Copies the file up, and its directories. */
	NEED_COPY_UP = 1,
	/** Copies up the directory that it is in: a name is made or taken away. */
	NEED_PARENT = 2,
	/** Hides it, wherever it is. */
	NEED_WHITEOUT = 4,
};

static __always_inline u64 branch_next_number(u32 which)
{
	u64 *last = bpf_map_lookup_elem(&numbers, &which);

	return last ? __sync_fetch_and_add(last, 1) + 1 : 0;
}

static __always_inline struct mica_branch_union *branch_union(const struct super_block *sb)
{
	u64 key = (u64)sb;

	if (sb->s_magic != OVERLAYFS_SUPER_MAGIC)
		return NULL;
	return bpf_map_lookup_elem(&unions, &key);
}

static __always_inline struct branch_slot *branch_slot_claim(u32 *ret_number)
{
	u32 first = bpf_get_smp_processor_id() * SLOTS_PER_CPU;

	for (u32 i = 0; i < SLOTS_PER_CPU; i++) {
		u32 number = first + i;
		struct branch_slot *slot = bpf_map_lookup_elem(&slots, &number);

		if (slot && !slot->busy && __sync_val_compare_and_swap(&slot->busy, 0, 1) == 0) {
			*ret_number = number;
			return slot;
		}
	}
	return NULL;
}

struct branch_context {
	struct branch_slot *slot;
};

/** Up to the first directory that the upper has: up to there all would be copied. */
static long branch_copy_step(u32 step, void *data)
{
	struct branch_slot *slot = ((struct branch_context *)data)->slot;
	struct dentry *dentry = (void *)slot->dentry, *parent;
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct overlay_lower lower;

	if (overlay_upper(inode))
		return 1;
	/* The lowers of an object are in order: the first is the topmost. */
	if (inode) {
		lower = overlay_lower(dentry, inode);
		if (lower.index && lower.index <= slot->guarded) {
			slot->layer = lower.index;
			return 1;
		}
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	if (parent == dentry)
		return 1;
	slot->dentry = (u64)parent;
	return 0;
}

static __always_inline void branch_copies(struct branch_slot *slot, struct dentry *dentry)
{
	struct branch_context context = { .slot = slot };

	slot->dentry = (u64)dentry;
	if (bpf_loop(LEVELS, branch_copy_step, &context, 0) >= LEVELS && !slot->layer)
		slot->layer = 1;
}

/**
 * Does a guarded branch have the name? What is a file in the upper is in none: such a union is not mounted; and the
 * lower that overlayfs then finds by its file handle may be of another layer.
 */
static __always_inline void branch_hides(struct branch_slot *slot, struct dentry *dentry)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct overlay_lower lower;

	if (!inode || ((BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFDIR && overlay_upper(inode)))
		return;
	lower = overlay_lower(dentry, inode);
	if (lower.index && lower.index <= slot->guarded)
		slot->layer = lower.index;
}

/** Puts the name in front. */
static long branch_path_step(u32 step, void *data)
{
	struct branch_slot *slot = ((struct branch_context *)data)->slot;
	struct dentry *dentry = (void *)slot->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	u32 begin = slot->begin, length;

	if (parent == dentry) {
		slot->ended = 1;
		return 1;
	}
	length = BPF_CORE_READ(dentry, d_name.len);
	if (length > NAME_BYTES || length == 0 || begin < length + 1 || begin > PATH_BYTES)
		return 1;
	begin -= length;
	barrier_var(begin);
	if (bpf_probe_read_kernel(slot->names + (begin & (PATH_BYTES - 1)), length & 255,
				  BPF_CORE_READ(dentry, d_name.name)))
		return 1;
	begin--;
	barrier_var(begin);
	slot->names[begin & (PATH_BYTES - 1)] = '/';
	slot->begin = begin;
	slot->dentry = (u64)parent;
	return 0;
}

/** The path in the union, behind the head; its bytes. For people: a rename may come across it. */
static __always_inline u32 branch_path(struct branch_slot *slot, struct mica_denial *head, struct dentry *dentry)
{
	struct branch_context context = { .slot = slot };
	u32 begin, bytes;

	slot->dentry = (u64)dentry;
	slot->begin = PATH_BYTES;
	slot->ended = 0;
	bpf_loop(LEVELS, branch_path_step, &context, 0);
	if (!slot->ended)
		return 0;
	begin = slot->begin;
	if (begin >= PATH_BYTES) {
		head->path[0] = '/';
		return 1;
	}
	bytes = PATH_BYTES - begin;
	barrier_var(begin);
	barrier_var(bytes);
	bytes &= PATH_BYTES - 1;
	bpf_probe_read_kernel(head->path, bytes, slot->names + (begin & (PATH_BYTES - 1)));
	return bytes;
}

/** Counts; true: a record is to be sent. */
static __always_inline bool branch_count(struct mica_branch_union *entry)
{
	__sync_fetch_and_add(&entry->refused, 1);
	return record_passes(&entry->second_ns, &entry->records, &entry->suppressed, MICA_ENFORCE_DENIALS_PER_SECOND);
}

static __always_inline void branch_report(struct branch_slot *slot, struct mica_branch_union *entry,
					  struct dentry *dentry, u32 operation)
{
	struct mica_denial *head = (void *)slot->denial;
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
	u32 lost = BRANCH_NUMBER_LOST, size;
	u64 *count_lost;

	if (!branch_count(entry))
		return;
	if (!inode)
		inode = BPF_CORE_READ(parent, d_inode);
	head->abi = MICA_ENFORCE_ABI;
	head->time_ns = bpf_ktime_get_boot_ns();
	head->generation = 0;
	head->digest = 0;
	head->counter = slot->layer;
	head->suppressed = __sync_lock_test_and_set(&entry->suppressed, 0);
	head->verdict = MICA_VERDICT_DENY;
	head->operation = operation;
	head->error = EROFS;
	head->kind = MICA_ENFORCE_UNION;
	head->number = entry->number;
	head->union_id = entry->number;
	head->inode = BPF_CORE_READ(inode, i_ino);
	head->dev = BPF_CORE_READ(sb, s_dev);
	fill_task(head);
	bpf_probe_read_kernel_str(head->comm, sizeof(head->comm), bpf_get_current_task_btf()->group_leader->comm);
	head->subject = head->mnt_ns == host_mnt_ns ? 0 : head->mnt_ns_id;
	head->path_bytes = branch_path(slot, head, dentry);
	size = sizeof(*head) + head->path_bytes;
	head->size = size;
	barrier_var(size);
	if (size > sizeof(slot->denial))
		return;
	if (bpf_ringbuf_output(&denials, slot->denial, size, 0) == 0)
		return;
	count_lost = bpf_map_lookup_elem(&numbers, &lost);
	if (count_lost)
		__sync_fetch_and_add(count_lost, 1);
}

/** Was the creation of the name refused to this task just now? Notes it, if it is one. */
static __always_inline bool branch_was_told(struct dentry *dentry, u32 operation)
{
	struct creation creation = { .dentry = (u64)dentry, .time_ns = bpf_ktime_get_boot_ns() }, *before;
	u64 task = bpf_get_current_pid_tgid();
	bool told;

	if (operation == MICA_OPERATION_CREATE) {
		bpf_map_update_elem(&creations, &task, &creation, BPF_ANY);
		return false;
	}
	if (operation != MICA_OPERATION_WRITE && operation != MICA_OPERATION_TRUNCATE)
		return false;
	before = bpf_map_lookup_elem(&creations, &task);
	if (!before)
		return false;
	told = before->dentry == creation.dentry && creation.time_ns - before->time_ns < SECOND_NS;
	bpf_map_delete_elem(&creations, &task);
	return told;
}

/**
 * Would the operation on the dentry in the slot change a guarded branch? 1: it is refused; 0. A function of its own:
 * verified once, and not for each hook.
 */
__noinline int branch_judge(u32 number, u32 needs, u32 operation)
{
	u32 key = number;
	struct branch_slot *slot = bpf_map_lookup_elem(&slots, &key);
	struct mica_branch_union *entry;
	struct dentry *dentry, *parent;
	int refused;
	u64 sb;

	if (!slot)
		return 1;
	dentry = (void *)slot->dentry;
	parent = BPF_CORE_READ(dentry, d_parent);
	sb = (u64)BPF_CORE_READ(dentry, d_sb);
	entry = bpf_map_lookup_elem(&unions, &sb);
	if (!entry)
		return 0;
	slot->guarded = entry->guarded;
	slot->layer = 0;
	if (needs & NEED_WHITEOUT)
		branch_hides(slot, dentry);
	if (!slot->layer && needs & NEED_COPY_UP)
		branch_copies(slot, dentry);
	if (!slot->layer && needs & NEED_PARENT)
		branch_copies(slot, parent);
	refused = slot->layer != 0;
	if (refused && !branch_was_told(dentry, operation))
		branch_report(slot, entry, dentry, operation);
	return refused;
}

#endif
