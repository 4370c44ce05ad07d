/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Enforcement, layer 1: all maps, and the constants that the loader sets. Two objects have them: that of the hooks
 * (bpf/enforce/) and that of the evaluator (bpf/verdict/), which the loader gives the maps of the first.
 */
#ifndef MICA_ENFORCE_MAPS_BPF_H
#define MICA_ENFORCE_MAPS_BPF_H

#include "drift.bpf.h"

#include "mica/enforce.h"

/** The chunk of the tables of set match->set. */
static const struct mica_policy_chunk *set_chunk(u32 set, const u32 *number);
#define MICA_POLICY_LOOKUP(match, number) set_chunk((match)->set, number)
#include "mica/policy_words.h"

#define EPERM 1
#define EACCES 13
#define EROFS 30

/** Slots of one CPU: a task that is preempted inside a program keeps its slot (KERNEL.md H2). */
#define SLOTS_PER_CPU 8

/** /proc/1/ns/mnt: whoever is in it is no subject unless it was one before. Set before load. */
const volatile __weak __u32 host_mnt_ns = 0;

/** What is asked. A hook fills it in; the evaluator looks at nothing else. */
enum question_flags {
	/** The hook is told a dentry only, so it may be overlayfs' own work on a layer. */
	QUESTION_DENTRY_ONLY = 1,
	/** Changes the file: copies it up if it is in a lower. */
	QUESTION_CHANGES = 2,
	/** Takes the name away: a whiteout, if there is one in a lower. */
	QUESTION_REMOVES = 4,
	/** Makes a directory: opaque, if it takes the place of a whiteout. */
	QUESTION_MAKES_DIRECTORY = 8,
	/** No operation of the rules' (stat(2), readlink(2), ...): isolation only. */
	QUESTION_ISOLATION = 16,
	/** About where something is mounted: the path leads on over mounts, to a union. */
	QUESTION_MOUNT = 32,
	/** What capable() is asked: no object. */
	QUESTION_CAPABILITY = 64,
	/** The asker is mica or an engine: no guard binds it. */
	QUESTION_TRUSTED = 128,
	/** An open(2) with O_CREAT asks before the kernel has looked whether the name is there. */
	QUESTION_IN_LOOKUP = 256,
	/** Such an open(2) has found a file. */
	QUESTION_FOUND = 512,
	/** Of the file system as a whole, whatever the file. */
	QUESTION_FILE_SYSTEM = 1024,
	/** overlayfs asks the same of its layers with the task's own credentials. */
	QUESTION_NOT_OF_LAYERS = 2048,
	/** A new union is to stand on it: FOUNDATION_LOWER or FOUNDATION_UPPER. */
	QUESTION_FOUNDATION = 4096,
	/** A file without a name, in the directory. */
	QUESTION_UNNAMED = 8192,
};

/** What a union does to the directories that it stands on. */
#define FOUNDATION_LOWER MICA_OPERATION_BIT(MICA_OPERATION_READ)
#define FOUNDATION_UPPER MICA_OPERATION_BIT(MICA_OPERATION_CREATE)

struct question {
	/** Where the walk begins; 0: no object. */
	u64 dentry;
	/** Of QUESTION_MOUNT: the mount (struct mount) that the dentry is on. */
	u64 mount;
	/** 0: a task of the host, for which only the guards count. */
	u64 subject;
	/** The set in force when the question was asked. */
	u32 set;
	/** Bits of enum mica_operation: what is done, whether or not a policy cares. */
	u32 operations;
	/** enum question_flags */
	u32 flags;
	/** The evaluator's: nobody has anything against it, and nothing was reported. */
	u32 plain;
	/** Of mounts: strings of the kernel's, or 0. */
	u64 mount_type;
	u64 mount_source;
	u64 mount_flags;
};

/** Where a walk stands. In the slot, not on the stack: see bpf/README.md. */
struct walk {
	u64 dentry;
	u64 mount;
	u64 sb;
	/** Of the superblock, while it has roots; else 0. */
	u64 sb_id;
	u64 union_number;
	/** Sum of d_seq over the chain, and whether one was odd. */
	u64 sum;
	u32 odd;
	/** Begin of the path in match.path; it ends at MICA_POLICY_PATH_BYTES. */
	u32 begin;
	u32 overlay;
	/** 0: not yet; 1: at the root of the object; 2: no path. */
	u32 ended;
	/** The superblock of `dentry` is to be looked up. */
	u32 entered;
	/** enum mica_enforce_kind */
	u32 kind;
	u32 number;
	u32 layer_uses;
	/** mica's own. */
	u32 own;
	/** The superblock may have directories that fold the case of names; a name was in such a one. */
	u32 folds;
	u32 folded;
	u32 reserved;
	u64 union_of_upper;
	u64 owner;
};

/** Where an evaluation stands. */
struct evaluation {
	struct mica_enforce_view view;
	/** Operations that are left to ask, and the one that is asked. */
	u32 left;
	u32 operation;
	/** The next voice of the view. */
	u32 next;
	/** The lowest rule of the run of RULES, and the counter of that policy's first rule; */
	u32 outcome;
	u32 outcome_counter;
	/** What was said so far: enum mica_verdict, errno, counter, operation. */
	u32 verdict;
	u32 error;
	u32 counter;
	u32 decided;
	/** The automaton that the path was looked up in last: its root + 1. 0: none. */
	u32 looked;
	u32 path_known;
	u32 flags;
	/** Entries of a MOUNTS. */
	u32 mount_next;
	u32 mount_verdict;
	u32 mount_found;
	u32 reserved;
};

/** A subject as it was found last; the same while the set is, and its subjects are. */
struct found_subject {
	/** subject_stamp(); 0: none. */
	u64 stamp;
	u64 number;
	struct mica_enforce_subject subject;
};

/** The same of a superblock's entry, while no object changes. */
struct found_superblock {
	/** NUMBER_OBJECTS_CHANGED and 1; 0: none. */
	u64 stamp;
	u64 sb;
	u64 sb_id;
	u64 union_number;
	u64 owner;
	u32 overlay;
	u32 folds;
};

struct scratch {
	/** 0: free; claimed by compare-and-exchange. */
	u64 busy;
	/** Kept from one question to the next. */
	struct found_subject found;
	struct found_superblock found_sb;
	struct question question;
	struct walk walk;
	struct evaluation evaluation;
	/** struct mica_denial, and its path. */
	u64 denial[(sizeof(struct mica_denial) + MICA_POLICY_PATH_BYTES) / 8];
	/** The lower's name, to be compared. */
	char lower_name[256];
	char upper_name[256];
	/** The path is written from its end on, which is at MICA_POLICY_PATH_BYTES; behind it a string of mount(2). */
	struct mica_policy_match match;
};

/** CPU * SLOTS_PER_CPU + slot. The number of entries is set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOTS_PER_CPU);
	__type(key, u32);
	__type(value, struct scratch);
} slots __weak SEC(".maps");

/** struct mica_denial to user space. The size is set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} denials __weak SEC(".maps");

/* As in user/kernel/enforcer_internal.h. */
/** Denials that found no room in the ring; new threads of the thread group ORDER_PROBE. */
#define NUMBER_LOST 0
#define NUMBER_PROBED 1
/** User space's: what the hooks that are attached can decide. */
#define NUMBER_OPERATIONS 2
#define NUMBER_GUARDS 3
/** The last ones given. */
#define NUMBER_LAST_SUPERBLOCK 4
#define NUMBER_LAST_UNION 5
#define NUMBER_LAST_GROUP 6
/** One more with each change of objects, behind it; and of subjects of the set in force, by user space. */
#define NUMBER_OBJECTS_CHANGED 7
#define NUMBER_SUBJECTS_CHANGED 8
/** Bits of superblocks that have roots; none is ever taken back. */
#define NUMBER_SUPERBLOCKS 9
/** The bpffs with the pins: a struct super_block, which `superblocks` knows as long as it is there. */
#define NUMBER_OWN_SUPERBLOCK 10
/** User space's: how many links are to be pinned. */
#define NUMBER_LINKS 11

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, u64);
} numbers __weak SEC(".maps");

#define ORDER_PROBE 0
/** Not 0: tasks are labelled as they are visited. */
#define ORDER_LABEL 1

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u32);
} orders __weak SEC(".maps");

/* ---- the sets ---- */

/** The place of the set in force; MICA_ENFORCE_SETS: none. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} active __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MICA_ENFORCE_SETS);
	__type(key, u32);
	__type(value, struct mica_enforce_header);
} headers __weak SEC(".maps");

struct set_tables {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(struct mica_policy_chunk));
};

struct set_voices {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(struct mica_enforce_voice));
};

struct set_mounts {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(struct mica_enforce_mount));
};

struct set_counters {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(struct mica_enforce_counter));
};

/** Subject's number -> what the policies say to it. */
struct set_subjects {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u64));
	__uint(value_size, sizeof(struct mica_enforce_subject));
};

struct set_views {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct mica_enforce_view_key));
	__uint(value_size, sizeof(struct mica_enforce_view));
};

#define SETS_OF(inner, name)                              \
	struct {                                          \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); \
		__uint(max_entries, MICA_ENFORCE_SETS);   \
		__type(key, u32);                         \
		__array(values, struct inner);            \
	} name __weak SEC(".maps")

/** Place of a set -> its parts. */
SETS_OF(set_tables, tables);
SETS_OF(set_voices, voices);
SETS_OF(set_mounts, mounts);
SETS_OF(set_counters, counters);
SETS_OF(set_subjects, subjects);
SETS_OF(set_views, views);

static __always_inline const struct mica_policy_chunk *set_chunk(u32 set, const u32 *number)
{
	void *chunks = bpf_map_lookup_elem(&tables, &set);

	return chunks ? bpf_map_lookup_elem(chunks, number) : NULL;
}

/* ---- tasks ---- */

enum task_label_flags {
	/** mica, or a declared engine: no guard binds it. */
	TASK_LABEL_TRUSTED = 1,
};

struct task_label {
	/** The mount namespace's number in which it became a subject; 0: it is none. */
	u64 subject;
	/** enum task_label_flags */
	u32 flags;
	/**
	 * The denial of a QUESTION_IN_LOOKUP, which the kernel passes over if the name is there: the file's opening
	 * takes it back. Its counter, set, time, and the dentry by address, parent and name.
	 */
	u32 provisional_counter;
	u64 provisional_generation;
	u64 provisional_ns;
	u64 provisional_dentry;
	u64 provisional_parent;
	u64 provisional_name;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_label);
} labels __weak SEC(".maps");

/* ---- objects ---- */

struct superblock_entry {
	/** Never given twice. */
	u64 id;
	/** A union's number; 0: it is none. */
	u64 union_number;
	/** The subject whose union it is; 0: nobody's yet. */
	u64 owner;
	/** Roots that were registered on it. */
	u64 roots;
	/** A union's roots, upper and work included: its entries of `union_roots`. */
	u32 root_count;
	u32 reserved;
};

/** Superblock -> what it is. Removed when it is freed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, struct superblock_entry);
} superblocks __weak SEC(".maps");

struct root_key {
	u64 sb_id;
	u64 inode;
};

/** A directory that is the root of objects, or a file with names in and out of one. */
struct object_root {
	u32 generation;
	/** Numbers, as user space gave them. */
	u32 volume;
	u32 layer;
	/** Unions that have it as a layer. */
	u32 layer_uses;
	/** The union whose upper or work it is. */
	u64 upper_of;
	/** 1: user space named it as a layer. */
	u32 named_layer;
	/** 1: mica's pins. */
	u32 own;
	/** A regular file: the object (MICA_ENFORCE_VOLUME or _LAYER) that it is of by another name; 0: it is none. */
	u32 link_kind;
	u32 link_number;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, struct root_key);
	__type(value, struct object_root);
} roots __weak SEC(".maps");

struct union_root_key {
	u64 union_number;
	/** Layer's index; 0: the upper; OVERLAY_WORK_INDEX: the work directory. */
	u64 index;
};
#define OVERLAY_WORK_INDEX 1024

/** What was registered for a union, so that it can be taken back when the union is gone. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, struct union_root_key);
	__type(value, struct root_key);
} union_roots __weak SEC(".maps");

struct grant_key {
	u64 subject;
	u64 union_number;
};

/** Unions that are a subject's own besides the one that it owns. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct grant_key);
	__type(value, u32);
} grants __weak SEC(".maps");

/**
 * Credentials that overlayfs works with -> the union's number. By their address: removed when they are freed, or others
 * are made there, so nobody else can have it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, u64);
} overlay_creds __weak SEC(".maps");

/** Block device's number (dev_t of the kernel) -> objects that it holds. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u32);
} devices __weak SEC(".maps");

/** The bit in NUMBER_SUPERBLOCKS that stands for the superblocks of a device's number. */
static __always_inline u64 device_bit(u32 device)
{
	return 1ULL << (device * 0x9e3779b1U >> 26);
}

static __always_inline bool is_overlay(const struct super_block *sb)
{
	return sb->s_magic == OVERLAYFS_SUPER_MAGIC;
}

#endif
