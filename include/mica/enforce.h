/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Policies in the kernel: what user space lays down for the programs of bpf/enforce/ to decide by, and the record of a
 * denial. All in the machine's byte order, no padding that is not named.
 *
 * A *set* is everything that one load of policies says: tables (mica/policy.h), voices, views, subjects, counters.
 * There are two places for a set; one of them is active. A verdict reads once which, and looks at no other.
 *
 * Names (of containers, volumes, layers' digests) are not in here: which policies are for a subject, and which of their
 * rules are about an object, is found out in user space beforehand. The kernel matches paths, and the strings of
 * mount(2). So a question is: subject -> view (which voices speak about that object to that subject) -> each voice.
 */
#ifndef MICA_ENFORCE_H
#define MICA_ENFORCE_H

#include "mica/policy.h"

/** Version of this file; of pinned maps too. */
#define MICA_ENFORCE_ABI 1

/** Places for a set. */
#define MICA_ENFORCE_SETS 2

/* ---- objects ---- */

/** Kinds of objects. The first three are those of policies (enum mica_policy_object, the same numbers). */
enum mica_enforce_kind {
	/** Number: given by the kernel to each overlay superblock, from 1, never twice. */
	MICA_ENFORCE_UNION = 0,
	/** Number: given by user space to a volume, from 1. */
	MICA_ENFORCE_VOLUME = 1,
	/** Number: given by user space to a layer's digest, from 1; 0: a layer of a union that nobody named. */
	MICA_ENFORCE_LAYER = 2,
	/** Upper or work directory of a union. Number: the union's, cut to 32 bits. */
	MICA_ENFORCE_UPPER = 3,
	/** A file that lies in none of these: only mounts on it, capabilities, and `device-open` are asked about. */
	MICA_ENFORCE_NOWHERE = 4,
	/** A block device that holds a registered object. Number: 0. */
	MICA_ENFORCE_DEVICE = 5,
	_MICA_ENFORCE_KIND_MAX,
};

/* ---- a set ---- */

/** What a set asks for beyond the voices: object rules, for every task but mica and the declared engine. */
enum mica_enforce_guard {
	/** Some policy has `isolation.layers: immutable`: layers in use are, for everyone (EROFS). */
	MICA_ENFORCE_GUARD_LAYERS = 1,
	/** Some policy has `isolation.unions`: upper and work directories in use are the union's only (EACCES). */
	MICA_ENFORCE_GUARD_UPPERS = 2,
	/** Some policy has `isolation.volumes` or `isolation.unions`: so are block devices that hold them, for
	   subjects. */
	MICA_ENFORCE_GUARD_DEVICES = 4,
	/** All policies with isolation have `mode: audit`: what the guards would deny is audited. */
	MICA_ENFORCE_GUARD_AUDIT = 8,
};

struct mica_enforce_header {
	/** From 1, one more with each set published. 0: this place is empty. */
	__u64 generation;
	/** CLOCK_BOOTTIME, ns: nothing is denied any more after it (`--for`). 0: no end. */
	__u64 deadline_ns;
	/** SHA-256 of what was compiled, as user space takes it: by this an adopted set is known again. */
	__u8 digest[32];
	/** enum mica_enforce_guard */
	__u32 guards;
	/** Operations that any voice of the set can decide. Nothing else is asked about. */
	__u32 operations;
	__u32 chunk_count;
	/** Voices that are used, and that there is room for (mica_enforcer_set_subject appends). */
	__u32 voice_count;
	__u32 voice_capacity;
	__u32 mount_count;
	__u32 counter_count;
	/** Counter of each guard's denials: the first of the set's; guards are layers, uppers, devices in this order.
	 */
	__u32 guard_counter;
};

/** Counters that each set has, whatever its policies: user space begins with them (image->counter_count >= this). */
enum mica_enforce_counter_number {
	MICA_ENFORCE_COUNT_GUARD_LAYERS,
	MICA_ENFORCE_COUNT_GUARD_UPPERS,
	MICA_ENFORCE_COUNT_GUARD_DEVICES,
	/** No path: too long, disconnected, renamed meanwhile three times; denied. */
	MICA_ENFORCE_COUNT_NO_PATH,
	/** No scratch slot, or the task's label was busy; denied in a subject. */
	MICA_ENFORCE_COUNT_NO_ROOM,
	/** The tables are broken, or the evaluator is gone; denied. */
	MICA_ENFORCE_COUNT_BROKEN,
	/** An act on enforcement itself; denied to subjects whatever the policies are, and after the deadline too. */
	MICA_ENFORCE_COUNT_SELF,
	_MICA_ENFORCE_COUNT_MAX,
};

enum mica_enforce_voice_kind {
	/** Rules of one policy about one object: an automaton. */
	MICA_ENFORCE_RULES = 1,
	/** One verdict for `operations`: isolation, or the section `volumes`. */
	MICA_ENFORCE_FIXED = 2,
	/** A section `mounts`, for the group `mounts`. */
	MICA_ENFORCE_MOUNTS = 3,
};

enum mica_enforce_voice_flags {
	/** mode: audit. Verdicts of FIXED and MOUNTS that deny are audits; those of RULES are compiled so already. */
	MICA_ENFORCE_VOICE_AUDIT = 1,
	/** RULES: belongs to the RULES before it (the same policy, another group): the lowest rule of the run decides.
	 */
	MICA_ENFORCE_VOICE_CONTINUED = 2,
};

/**
 * A voice. In a view they stand in the order in which mica-policy(5) breaks ties: policies of the set; in a policy
 * rules, isolation, mounts, volumes.
 */
struct mica_enforce_voice {
	/** enum mica_enforce_voice_kind, enum mica_enforce_voice_flags */
	__u16 kind;
	__u16 flags;
	/** Its policy in the set, from 0. */
	__u32 policy;
	/** Operations that it can have something to say about. Others are not asked of it. */
	__u32 operations;
	/** RULES: the automaton's root. MOUNTS: its first entry. */
	__u32 root;
	/** MOUNTS: entries; the verdict below is that of `otherwise`. */
	__u32 count;
	/**
	 * Counter. RULES: rule n by precedence (from 1) counts in counter + n - 1. MOUNTS: entry i in counter + i,
	 * `otherwise` in counter + count. FIXED: its own.
	 */
	__u32 counter;
	/** FIXED; MOUNTS: `otherwise`. enum mica_verdict, and a positive errno for a denial. */
	__u8 verdict;
	__u8 error;
	__u16 reserved;
};

/**
 * An entry of a section `mounts`. Globs are automata of one rule each (number 1, all operations, verdict allow) over
 * the text with MICA_ENFORCE_TEXT_PREFIX in front, of `at` over the path as it is. 0: any.
 */
#define MICA_ENFORCE_TEXT_PREFIX "/:"
struct mica_enforce_mount {
	__u64 flags_set;
	__u64 flags_clear;
	__u32 type_root;
	__u32 source_root;
	__u32 at_root;
	/** enum mica_verdict: allow or deny. */
	__u32 verdict;
};

/** Voices that speak about one object to one subject: a run of the set's voices. count 0: none, all is allowed. */
struct mica_enforce_view {
	__u32 first;
	__u32 count;
	/** Operations that any of them can have something to say about; */
	__u32 operations;
	/** and those that a RULES among them names: denied where the path cannot be known. */
	__u32 path_operations;
};

/** Whom the active set knows: key of a map is the subject's number (mnt_namespace id); 0: the default of all others. */
struct mica_enforce_subject {
	/** Key of its views of single objects: changes each time that a subject's entry is replaced. */
	__u32 group;
	/** Operations that any of its views decides: others are left at once. */
	__u32 operations;
	/** Its own unions (its root at the first exec, those that it mounted, those granted), and others. */
	struct mica_enforce_view own_union;
	struct mica_enforce_view foreign_union;
	/** Volumes and layers that have no view of their own under `group`. */
	struct mica_enforce_view volume;
	struct mica_enforce_view layer;
	/** Mounts on what is no object: voices of kind MOUNTS only. */
	struct mica_enforce_view nowhere;
	/** mount-setattr, open-tree, setns: rules on unions with the path "/", and MOUNTS. */
	struct mica_enforce_view capability;
};

/** Key of a view of one volume or layer. */
struct mica_enforce_view_key {
	__u32 group;
	/** MICA_ENFORCE_VOLUME or MICA_ENFORCE_LAYER */
	__u32 kind;
	__u32 number;
	__u32 zero;
};

struct mica_enforce_counter {
	/** Exact, since the set was published. */
	__u64 denied;
	__u64 audited;
	/** For the flood limit: when the present second began (CLOCK_BOOTTIME, ns), records of it, and what was not
	 * sent. */
	__u64 second_ns;
	__u64 records;
	__u64 suppressed;
};

/** Records of one counter in a second, at most: of denials, which may be a loop, and of audits, which are asked for. */
#define MICA_ENFORCE_DENIALS_PER_SECOND 100
#define MICA_ENFORCE_AUDITS_PER_SECOND 20000

/* ---- a denial ---- */

#define MICA_DENIAL_COMM_BYTES 16

/**
 * Of a record's verdict: an open(2) with O_CREAT was refused before the kernel looked whether the name is there; if it
 * is, the refusal is passed over, and a record with the same time and counter and the verdict `allow` takes it back.
 * user/kernel/ settles that: nobody else sees the bit, or such a record.
 */
#define MICA_DENIAL_PROVISIONAL 0x80

/** Kind of a record that is none of a denial: a task became the first of a subject (subject, mnt_ns_id, tgid). Its
 *  verdict is `allow`. */
#define MICA_ENFORCE_NEW_SUBJECT 0xff

/** A denial or an audit, as it comes out of the ring buffer: this, then `path_bytes` bytes. */
struct mica_denial {
	__u32 abi;
	/** Of all. */
	__u32 size;
	/** CLOCK_BOOTTIME, ns. */
	__u64 time_ns;
	/** Of the set that decided: its generation, and the begin of its digest; which of its counters it was counted
	 * in: by that user space knows the rule. */
	__u64 generation;
	__u64 digest;
	__u32 counter;
	/** Denials and audits by this counter that were not reported since the one before. */
	__u32 suppressed;
	/** Subject's number; 0: none (a guard's denial of a task of the host). */
	__u64 subject;
	__u64 mnt_ns_id;
	__u64 cgroup_id;
	__u32 mnt_ns;
	__u32 pid;
	__u32 tgid;
	__u32 uid;
	/** enum mica_verdict (audit or deny), enum mica_operation or mica_own_operation, positive errno, enum
	   mica_enforce_kind */
	__u8 verdict;
	__u8 operation;
	__u8 error;
	__u8 kind;
	/** Of the object. */
	__u32 number;
	__u64 union_id;
	/** Of the file (that of a name that is created: its directory). 0: not known. */
	__u64 inode;
	__u32 dev;
	/** In the object, from '/', no NUL at the end. 0: not known. */
	__u32 path_bytes;
	char comm[MICA_DENIAL_COMM_BYTES];
	char path[];
};

#endif
