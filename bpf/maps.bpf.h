/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 1: all maps, and the constants and counters that the loader sets. Programs call the getters of the layers
 * above. Definitions are weak: each object that is linked in has its own copy, and the linker keeps one.
 */
#ifndef MICA_MAPS_BPF_H
#define MICA_MAPS_BPF_H

#include "drift.bpf.h"

#include "mica/event.h"

/** Scratch slots of one CPU: a task that is preempted inside a program keeps its slot (KERNEL.md H2). */
#define SCRATCH_SLOTS 8
/** Room for both paths; a component is written before its length is checked against the bound, hence the slack. */
#define STRING_BYTES (2 * MICA_PATH_BYTES)
#define STRING_SLACK 512

/* Set before load (user/kernel/loader.c). */

/** /proc/1/ns/mnt: the namespace whose tasks are only reported for what they do on unions. */
const volatile __weak __u32 host_mnt_ns = 0;
/** mica's own thread group: its statfs(2) on a union asks for the union's description. */
const volatile __weak __u32 self_tgid = 0;
/** Bit n: report events of type n. */
const volatile __weak __u64 event_mask = 0;
/** Records are announced to the reader when this many bytes wait; see enum announcement for those that cannot wait. */
const volatile __weak __u64 wakeup_bytes = 65536;
/** Copy-ups of fewer bytes, or ns, are not reported. */
const volatile __weak __u64 min_copy_up_bytes = 0;
const volatile __weak __u64 min_copy_up_ns = 0;
/** Files on unions are of no interest (--volume). */
const volatile __weak __u32 no_union_files = 0;

/** Bytes of the ring buffer that were full at most, as seen by the programs: two at once may both miss the larger. */
__weak __u64 ring_peak = 0;
/** Entries of `shared_writes` that were made, ever. */
__weak __u64 shared_writers = 0;
/** Whiteouts that were made and neither reported nor counted as lost: that is left to the program on the removal. */
__weak __u64 whiteouts_pending = 0;
/** When the reader was woken last, ns; two at once may both wake it. */
__weak __u64 last_wakeup_ns = 0;
/** The last action and union number given. */
__weak __u64 last_action = 0;
__weak __u64 last_union = 0;

/**
 * Where a path walk stands. It is kept in the scratch and not on the stack: what the verifier reads from a map it knows
 * nothing of, so one pass over the loop's body is enough for it.
 */
struct walk {
	u64 dentry;
	/** 0: stay within the file system. */
	u64 mount;
	/** Where the next name goes, and where the path must end. */
	u32 offset;
	u32 limit;
	u64 truncated;
};

/** Where a record is built. */
struct scratch {
	/** 0: free; claimed by compare-and-exchange. */
	u64 busy;
	struct walk walk;
	struct mica_record record;
	char strings[STRING_BYTES + STRING_SLACK];
};

/** Events to user space. The size is set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events __weak SEC(".maps");

/** CPU * SCRATCH_SLOTS + slot. The number of entries is set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SCRATCH_SLOTS);
	__type(key, u32);
	__type(value, struct scratch);
} scratches __weak SEC(".maps");

/** event type * _MICA_LOST_MAX + cause -> events not delivered. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, _MICA_EVENT_MAX *_MICA_LOST_MAX);
	__type(key, u32);
	__type(value, u64);
} losses __weak SEC(".maps");

enum subject_flags {
	/** Nothing of this namespace is reported (--container, --namespace). */
	SUBJECT_REJECTED = 1,
	/** Neither a container nor chosen by name: only what it does on unions, and its mounts. */
	SUBJECT_OTHER = 2,
	/** A container, or chosen by name. */
	SUBJECT_WATCHED = 4,
};

/**
 * mnt_namespace id -> enum subject_flags. Written by user space when it has found out who a namespace is; absent: not
 * classified yet, its events pass. Removed when the namespace goes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, u32);
} subjects __weak SEC(".maps");

/** A union, from its first sight to the end of its superblock. */
struct union_entry {
	u64 id;
	/** enum subject_flags; 0: not classified. */
	u32 flags;
	/** Lower layers. */
	u32 layers;
	/** Its key. */
	u64 sb;
};

/** Overlay superblock -> union. Removed in ovl_put_super, or by the backstop when the superblock is freed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, struct union_entry);
} unions __weak SEC(".maps");

/**
 * What a task is doing: from the start of an operation to its end. The dentries are compared and walked while the
 * operation that they belong to runs and holds them; they are cleared at its end.
 */
struct operation {
	/** 0: no record of this operation was made yet. */
	u64 action;
	/** Start of the copy-up under way, ns; 0: none, or not seen. */
	u64 copy_up_ns;
	u64 copied_bytes;
	/** Overlay dentry that the operation is about, and the other one of an exchange. */
	u64 target;
	u64 other_target;
	/** Dentry that is removed: on a union, what a whiteout will stand for. */
	u64 victim;
	/** What the victim was: its dentry has no inode any more when the removal is reported. */
	u64 victim_inode;
	u32 victim_layer;
	u32 victim_flags;
	/** Superblock of the union that this mount(2) built, or that umount2(2) may have been the last mount of. */
	u64 union_sb;
	/** Action of that umount2(2). */
	u64 umount_action;
	/** Upper dentries that were given these xattrs. */
	u64 opaque_upper;
	u64 redirect_upper[2];
	/** enum mica_reason */
	u32 reason;
	/** Calls of the inode_rename hook: two for an exchange. */
	u32 rename_calls;
	/** Inside mount(2): what happens is part of it. */
	u32 in_mount;
	/** Inside ovl_fill_super: what it does in its work directory is nobody's. */
	u32 in_union_setup;
	/** Another task copied the object up while this one waited. */
	u32 copy_up_raced;
	/** A whiteout stands for the victim, to be reported with its removal. */
	u32 whiteout_made;
	/** The operation's record waits in entry N - 1 of `kept_records`; 0: there is none. */
	u32 record_kept;
	/** A mount call came as far as a hook of ours: it has its record there or does not want one, and what is
	 *  reported until its end is part of it. */
	u32 in_mount_call;
	/** MS_* that a reconfiguration by fsconfig(2) sets, and those that it says anything about. */
	u32 sb_flags;
	u32 sb_flags_mask;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct operation);
} operations __weak SEC(".maps");

/** Operations of all tasks that wait for their results at once. */
#define KEPT_RECORDS 512

/**
 * Records that wait for the result of their operation: rename and mount calls lose what they were called with before it
 * is known. They are built where they wait: a copy would cost more than all the rest of the event.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KEPT_RECORDS);
	__type(key, u32);
	__type(value, struct scratch);
} kept_records __weak SEC(".maps");

/**
 * Whose each of them is: seconds of the boot clock at its begin << 32 | thread id; 0: free. Claimed by
 * compare-and-exchange; a map of its own, so that it can be looked through.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KEPT_RECORDS);
	__type(key, u32);
	__type(value, u64);
} kept_owners __weak SEC(".maps");

/** Files that are open and written to at once, of all processes; further processes that write to one of them. */
#define WRITTEN_FILES 65536

enum written_state {
	WRITTEN_IDLE = 0,
	/** A program reports it. */
	WRITTEN_REPORTING = 1,
	/** Its file was closed. Whoever reports at that moment reports the rest too. */
	WRITTEN_CLOSED = 2,
};

/** Whose writes to which open file: a key of `shared_writes`, or with `shared` 0 of an entry of `writes`. */
struct written_key {
	u64 file;
	u32 tgid;
	u32 shared;
};

/** What one process wrote to one open file. The counters are taken by exchange, so each byte is reported once. */
struct written {
	/** Whose and of what: filled at the first write. */
	struct mica_record head;
	struct written_key key;
	/* Not reported yet, as in struct mica_write. */
	u64 bytes;
	u64 bytes_requested;
	u32 dirty_pages;
	u32 calls;
	/** The user's dentry: the file's own until it is closed. */
	u64 dentry;
	/** enum written_state */
	u32 state;
	/** Other processes write to the file too: their counters are in `shared_writes`. */
	u32 shared;
	/** In `written_files`, or about to be. */
	u32 queued;
	u32 reserved;
	/** Something was reported before the close: then the close is reported in any case. */
	u64 reported;
};

/**
 * struct file -> what the process that wrote to it first has written. From the first write to the close: a file that is
 * being written to is open, so nothing is lost with the entry, and an address is not given to the next file before.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WRITTEN_FILES);
	__type(key, u64);
	__type(value, struct written);
} writes __weak SEC(".maps");

/** The same for each further process. Removed at the close, or by user space when the process is dead. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WRITTEN_FILES);
	__type(key, struct written_key);
	__type(value, struct written);
} shared_writes __weak SEC(".maps");

/**
 * Who has written since the last report, each once: what is asked for each second costs nothing where nothing is
 * written. A file that does not find room, because of so many that were closed meanwhile, is reported at its close.
 */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, WRITTEN_FILES);
	__type(value, struct written_key);
} written_files __weak SEC(".maps");

enum transfer_kind {
	TRANSFER_NONE = 0,
	/** splice(2), sendfile(2): what they write is counted at the pipe's end. */
	TRANSFER_SPLICE = 1,
	/** copy_file_range(2): counted by its result, splices inside of it are part of it. */
	TRANSFER_COPY = 2,
	/** A write of io_uring: counted when it was not only tried, to be done again by a worker. */
	TRANSFER_URING = 3,
};

/** A call of the task that passes several of our hooks on its way. */
struct transfer {
	/** enum transfer_kind; holds for that system call only, in case its end is not seen. */
	u32 kind;
	u32 syscall;
	/** Size of the file that is truncated, before. */
	u64 size;
	/** Bytes that an asynchronous write, or one of io_uring, asked for. */
	u64 bytes_requested;
	/** File that io_uring writes to, and its dentry; 0: none, or it is on a union. */
	u64 file;
	u64 dentry;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct transfer);
} transfers __weak SEC(".maps");

#endif
