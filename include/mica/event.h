/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records that the BPF programs write to the ring buffer: the one ABI between both sides.
 *
 * Fixed-width integers, natural alignment, no padding; a new field goes to the end of a body or into a new type, and
 * MICA_EVENT_ABI is raised. Numbers of types, reasons and causes are never reused.
 */
#ifndef MICA_EVENT_H
#define MICA_EVENT_H

#ifndef __bpf__
#include <assert.h>
#include <linux/types.h>
#endif

#define MICA_EVENT_ABI 3

/** Bound of one path or string in a record, terminators included: PATH_MAX of Linux (include/uapi/linux/limits.h). */
#define MICA_PATH_BYTES 4096
/** Bound of the components of one path: a path of PATH_MAX bytes cannot have more. */
#define MICA_PATH_COMPONENTS 2048
#define MICA_COMM_BYTES 16
#define MICA_FSTYPE_BYTES 16

enum mica_event_type {
	MICA_EVENT_NONE = 0,
	MICA_EVENT_COPY_UP = 1,
	MICA_EVENT_WHITEOUT = 2,
	MICA_EVENT_OPAQUE = 3,
	MICA_EVENT_REDIRECT = 4,
	MICA_EVENT_CREATE = 5,
	MICA_EVENT_DELETE = 6,
	MICA_EVENT_RENAME = 7,
	MICA_EVENT_LINK = 8,
	MICA_EVENT_WRITE = 9,
	MICA_EVENT_MOUNT = 10,
	MICA_EVENT_UMOUNT = 11,
	MICA_EVENT_MOVE_MOUNT = 12,
	MICA_EVENT_REMOUNT = 13,
	MICA_EVENT_MOUNT_SETATTR = 14,
	MICA_EVENT_OPEN_TREE = 15,
	MICA_EVENT_PIVOT_ROOT = 16,
	MICA_EVENT_UNION_UP = 17,
	MICA_EVENT_UNION_DOWN = 18,
	MICA_EVENT_NAMESPACE_CREATED = 19,
	MICA_EVENT_NAMESPACE_GONE = 20,
	MICA_EVENT_DENY = 21,
	MICA_EVENT_AUDIT = 22,
	MICA_EVENT_LOST = 23,
	/** Not an event: describes one layer of a union, sent before the first event that names the union. */
	MICA_RECORD_UNION_LAYER = 24,
	MICA_EVENT_FSOPEN = 25,
	MICA_EVENT_FSPICK = 26,
	MICA_EVENT_FSCONFIG = 27,
	MICA_EVENT_FSMOUNT = 28,
	/** Not an event: a cgroup is made, in the hierarchy of version 2. Sent before any task is in it. */
	MICA_RECORD_CGROUP = 29,
	_MICA_EVENT_MAX = 30,
};

/** Why a file was copied up: the operation that asked for it; PARENT: it is an ancestor of the object changed. */
enum mica_reason {
	MICA_REASON_NONE = 0,
	MICA_REASON_OPEN_WRITE = 1,
	MICA_REASON_TRUNCATE = 2,
	MICA_REASON_CHMOD = 3,
	MICA_REASON_CHOWN = 4,
	MICA_REASON_UTIMES = 5,
	MICA_REASON_RENAME = 6,
	MICA_REASON_LINK = 7,
	MICA_REASON_XATTR = 8,
	MICA_REASON_ACL = 9,
	MICA_REASON_IOCTL = 10,
	MICA_REASON_PARENT = 11,
	_MICA_REASON_MAX = 12,
};

/** Why an event was not delivered. */
enum mica_lost_cause {
	/** The ring buffer was full: the reader is too slow, or stopped. */
	MICA_LOST_RING_FULL = 0,
	/** All scratch slots of the CPU were held by preempted tasks. */
	MICA_LOST_NO_SCRATCH = 1,
	/** The task's storage, or the table of operations under way, had no room or was busy. */
	MICA_LOST_NO_STATE = 2,
	/** The kernel did not run the tracing program (recursion_misses): an upper bound, since it would not have
	 *  reported every call. */
	MICA_LOST_SKIPPED = 3,
	/** User space could not read the record (another ABI, or damaged). */
	MICA_LOST_UNREADABLE = 4,
	/** A program that adds to an event was not run, or had no state: the event's reason, duration, bytes, action or
	 * object may be missing. The event itself is there. */
	MICA_LOST_DETAIL = 5,
	_MICA_LOST_MAX = 6,
};

enum mica_record_flags {
	/** `path` is incomplete: over MICA_PATH_BYTES or MICA_PATH_COMPONENTS; its root end is missing. */
	MICA_RECORD_PATH_TRUNCATED = 1 << 0,
	/** `source` is incomplete. */
	MICA_RECORD_SOURCE_TRUNCATED = 1 << 1,
	/** `source` is a path in the encoding of `path`; else it is one plain string without terminator. */
	MICA_RECORD_SOURCE_IS_PATH = 1 << 2,
	/** The object is a directory. */
	MICA_RECORD_DIRECTORY = 1 << 3,
	/** The object has an upper: it lives in the union's writable branch. */
	MICA_RECORD_UPPER = 1 << 4,
	/** copy-up: only the metadata went up, the data stays in its layer (metacopy=on). */
	MICA_RECORD_METADATA_ONLY = 1 << 5,
	/** copy-up: the start was not seen (program skipped), so duration_ns says nothing. */
	MICA_RECORD_NO_DURATION = 1 << 6,
	/** The path changed under the walk in each of the tries; it is one of the states that it went through. */
	MICA_RECORD_PATH_RACED = 1 << 7,
	/** rename: RENAME_EXCHANGE, both names live on. */
	MICA_RECORD_EXCHANGE = 1 << 8,
	/** The task was in the host's mount namespace. */
	MICA_RECORD_HOST = 1 << 9,
	/** whiteout: it moved here by an exchange; it counts only if a lower layer has the name. */
	MICA_RECORD_WHITEOUT_MOVED = 1 << 10,
	/** write: the file was closed. */
	MICA_RECORD_CLOSED = 1 << 11,
	/** `path` is as the caller wrote it: its text, a NUL, then the components of the directory that the text is
	 *  relative to (for "/…" the task's root). MICA_RECORD_PATH_TRUNCATED: that directory is not known, or cut. */
	MICA_RECORD_PATH_AS_WRITTEN = 1 << 12,
	/** The same for `source`. */
	MICA_RECORD_SOURCE_AS_WRITTEN = 1 << 13,
	/** The host did it, and only the paths can tell whether it concerns a union: it is no event if it does not. */
	MICA_RECORD_UNDECIDED = 1 << 14,
	/** mount-setattr, open-tree: the body is a struct mica_mount_attr. */
	MICA_RECORD_MOUNT_ATTR = 1 << 15,
	/** `path` is one in a tree of mounts that is attached nowhere (fsmount, open_tree), from the root of the mount.
	 */
	MICA_RECORD_DETACHED = 1 << 16,
};

struct mica_copy_up {
	/** Size of the file in bytes when it was copied up. */
	__u64 size;
	/** Bytes that were really read and written: clones and holes do not count. */
	__u64 bytes;
	__u64 duration_ns;
	/** enum mica_reason */
	__u32 reason;
	__u32 reserved;
};

/** What one process wrote to one open file since the last record of both. */
struct mica_write {
	/** Really written, as the kernel returned. */
	__u64 bytes;
	/** Asked for, where the kernel gives no result: volumes' writes, fallocate's length, and by how much truncate
	 *  changes the size. */
	__u64 bytes_requested;
	/** Of the file after, bytes. */
	__u64 size;
	/** Pages of shared mappings first dirtied, a lower bound. */
	__u32 dirty_pages;
	/** Number of calls counted. */
	__u32 calls;
};

/** What the flags of a `struct mica_mount` are (include/uapi/linux/mount.h). */
enum mica_mount_flags {
	/** MS_* of mount(2), and of a superblock. */
	MICA_MOUNT_FLAGS_MS = 0,
	/** MNT_* of umount2(2). */
	MICA_MOUNT_FLAGS_UMOUNT = 1,
	MICA_MOUNT_FLAGS_MOVE_MOUNT = 2,
	MICA_MOUNT_FLAGS_FSOPEN = 3,
	MICA_MOUNT_FLAGS_FSPICK = 4,
	/** MOUNT_ATTR_*; FSMOUNT_* are shifted up by 32 bits. */
	MICA_MOUNT_FLAGS_FSMOUNT = 5,
	/** OPEN_TREE_* and AT_*. */
	MICA_MOUNT_FLAGS_OPEN_TREE = 6,
	/** None, but `aux` of fsconfig(2): the size of a blob, a directory or a file descriptor. */
	MICA_MOUNT_FLAGS_AUX = 7,
	/** MOUNT_ATTR_* alone: not in a record. */
	MICA_MOUNT_FLAGS_ATTR = 8,
	_MICA_MOUNT_FLAGS_MAX = 9,
};

/**
 * mount, umount, move-mount, remount, mount-setattr, open-tree, pivot-root, fsopen, fspick, fsconfig, fsmount.
 * fsconfig has no path: `path` is its key and `source` its value, both plain strings.
 */
struct mica_mount {
	__u64 flags;
	/** File system type, NUL-terminated unless it fills the array; empty: does not apply, or not known. */
	char fstype[MICA_FSTYPE_BYTES];
	/** remount: MS_* of the superblock that are cleared. */
	__u32 cleared;
	/** enum mica_mount_flags */
	__u16 flags_kind;
	/** fsconfig: enum fsconfig_command. */
	__u16 command;
};

/** What mount_setattr(2) or open_tree_attr(2) was called with (struct mount_attr of include/uapi/linux/mount.h). */
struct mica_mount_attr {
	__u64 set;
	__u64 cleared;
	/** MS_* */
	__u64 propagation;
	/** OPEN_TREE_* and AT_* */
	__u32 flags;
	__u32 reserved;
};

/** union-up, and MICA_RECORD_UNION_LAYER, whose `path` is the layer's root directory in its own file system. */
struct mica_union_layer {
	/** Identity of the layer's root directory: device as in `struct mica_record`, inode number. */
	__u64 inode;
	__u32 dev;
	/** 0: the upper; 1: the topmost lower; … */
	__u32 index;
};

/**
 * MICA_RECORD_CGROUP, whose `source` is its path from the root of the hierarchy, whatever cgroup namespace the reader
 * is in. MICA_RECORD_SOURCE_TRUNCATED: the path's end is missing.
 */
struct mica_cgroup {
	/** As in `cgroup_id`. Never reused. */
	__u64 id;
	__u64 parent;
};

/**
 * The head of a record; path_bytes of path, then source_bytes of source follow it. A path is a run of components, leaf
 * first, each followed by a NUL: "nginx.conf\0nginx\0etc\0" is /etc/nginx/nginx.conf; nothing is the root itself. (The
 * kernel walks upwards, so this order needs no second copy.)
 */
struct mica_record {
	/** Bytes of the whole record: sizeof(struct mica_record) + path_bytes + source_bytes; the strings follow at
	 * once. */
	__u32 size;
	__u16 abi;
	/** enum mica_event_type */
	__u16 type;
	/** CLOCK_BOOTTIME, ns. */
	__u64 time_ns;
	/** Numbers the system call: all records of one call share it. */
	__u64 action;
	/** Mount namespace of the task: mnt_namespace.seq, or ns_common.ns_id since Linux 6.18. Never reused. For
	 *  namespace events: the namespace that the event is about. */
	__u64 mnt_ns_id;
	/** cgroup v2 of the task, or 0. */
	__u64 cgroup_id;
	/** Union that the task's root directory lies in, or 0. Never reused while mica runs. */
	__u64 root_union;
	/** Union that the object lies in, or 0. */
	__u64 union_id;
	/** Inode number of the object in its superblock. */
	__u64 inode;
	/** Inode number of the namespace (/proc/PID/ns/mnt): reused by the kernel at once. */
	__u32 mnt_ns;
	__u32 pid;
	__u32 tid;
	/** The user's uid (real credentials: inside overlayfs the effective ones are the mounter's), initial namespace.
	 */
	__u32 uid;
	/** Device of the object's superblock as the kernel encodes it: major << 20 | minor. */
	__u32 dev;
	/** super_block.s_magic (include/uapi/linux/magic.h). */
	__u32 fs_magic;
	/** 0, or a negative errno. */
	__s32 error;
	/** enum mica_record_flags */
	__u32 flags;
	/** Where the object's data is or was: 1 = topmost lower; 0: not in a lower, or not known. */
	__u16 layer;
	/** Lower layers of the union. */
	__u16 layers;
	__u16 path_bytes;
	__u16 source_bytes;
	char comm[MICA_COMM_BYTES];
	union {
		struct mica_copy_up copy_up;
		struct mica_write write;
		struct mica_mount mount;
		struct mica_mount_attr mount_attr;
		struct mica_union_layer union_layer;
		struct mica_cgroup cgroup;
		__u64 body[4];
	};
};

#ifndef __bpf__
static_assert(sizeof(struct mica_copy_up) == 32, "ABI");
static_assert(sizeof(struct mica_write) == 32, "ABI");
static_assert(sizeof(struct mica_mount) == 32, "ABI");
static_assert(sizeof(struct mica_mount_attr) == 32, "ABI");
static_assert(sizeof(struct mica_union_layer) == 16, "ABI");
static_assert(sizeof(struct mica_cgroup) == 16, "ABI");
static_assert(sizeof(struct mica_record) == 152, "ABI");
#endif

#endif
