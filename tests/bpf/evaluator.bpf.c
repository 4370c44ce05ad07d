// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The evaluator of bpf/verdict/ on its own: for tests/bpf/evaluator.c, which compares it with mica_policy_decide. Here
 * it takes no other function's place (freplace is refused where tracing programs are): it is a part of the program that
 * asks, so its call chain is as long as it is in a hook.
 */
#include "enforce/root.bpf.h"

#include "evaluator.h"

#pragma push_macro("SEC")
#undef SEC
#define SEC(name) __attribute__((always_inline))
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wignored-attributes"
#include "verdict/verdict.bpf.c"
#pragma clang diagnostic pop
#pragma pop_macro("SEC")

char evaluator_license[] SEC("license") = "Dual BSD/GPL";

struct evaluator_case one = {};

static __always_inline struct file *file_of_case(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;

	bpf_probe_read_kernel(&file, sizeof(file), files + one.fd);
	return file;
}

static __always_inline struct super_block *sb_of(struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);

	return BPF_CORE_READ(dentry, d_sb);
}

/** The file is the root of an object from now on, or lies in a union: as bpf/enforce/object.bpf.c writes it down. */
SEC("raw_tp/sys_enter")
int know(void *ctx)
{
	struct file *file = file_of_case();
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct superblock_entry entry = { .id = 1, .roots = 1 };
	u64 sb = (u64)sb_of(file);
	struct root_key key = { .sb_id = entry.id };
	struct object_root root = {};
	u64 *word, bit;

	if (one.kind == MICA_ENFORCE_UNION) {
		entry = (struct superblock_entry){ .id = 2, .union_number = one.number };
		return bpf_map_update_elem(&superblocks, &sb, &entry, BPF_ANY);
	}
	key.inode = BPF_CORE_READ(inode, i_ino);
	root.generation = BPF_CORE_READ(inode, i_generation);
	if (one.kind == MICA_ENFORCE_VOLUME) {
		root.volume = one.number;
	} else {
		root.layer = one.number;
		root.named_layer = 1;
	}
	bpf_map_update_elem(&superblocks, &sb, &entry, BPF_ANY);
	word = root_filter_word(key.inode, &bit);
	if (!word)
		return 1;
	*word |= bit;
	return bpf_map_update_elem(&roots, &key, &root, BPF_ANY);
}

static __always_inline void ask_about_file(struct question *question)
{
	struct file *file = file_of_case();
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	u64 sb = (u64)sb_of(file);
	struct superblock_entry *entry = bpf_map_lookup_elem(&superblocks, &sb);
	u32 which = NUMBER_OBJECTS_CHANGED;
	u64 *changed = bpf_map_lookup_elem(&numbers, &which);

	question->dentry = (u64)BPF_CORE_READ(file, f_path.dentry);
	if (entry && entry->union_number)
		entry->owner = one.owner;
	if (changed)
		__sync_fetch_and_add(changed, 1);
	if (!(one.operations & MICA_OPERATIONS_MOUNTS))
		return;
	question->flags = QUESTION_MOUNT;
	question->mount = (u64)real_mount(mnt);
	question->mount_type = one.has_type ? (u64)one.type : 0;
	question->mount_source = one.has_source ? (u64)one.source : 0;
	question->mount_flags = one.mount_flags;
}

/** As a hook asks, by the set that is in force. */
SEC("raw_tp/sys_enter")
int ask_one(void *ctx)
{
	u32 zero = 0, *place = bpf_map_lookup_elem(&active, &zero);
	struct scratch *slot = bpf_map_lookup_elem(&slots, &zero);

	if (!place || !slot)
		return 1;
	__builtin_memset(&slot->question, 0, sizeof(slot->question));
	slot->question.set = *place;
	slot->question.subject = one.subject;
	slot->question.operations = one.operations;
	if (one.fd >= 0)
		ask_about_file(&slot->question);
	else
		slot->question.flags = QUESTION_CAPABILITY;
	one.answer = evaluate(0);
	one.verdict = slot->evaluation.verdict;
	one.error = slot->evaluation.error;
	one.counter = slot->evaluation.counter;
	one.path_known = slot->evaluation.path_known;
	return 0;
}
