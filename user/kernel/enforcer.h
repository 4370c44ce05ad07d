/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Enforcement: loads and pins the programs of bpf/enforce/, gives them what to decide by, and hands out denials.
 * Nothing outside of this folder sees libbpf. Structures that the kernel reads: include/mica/enforce.h.
 *
 * Who calls what:
 *  - user/policy/image.c (pure) makes a struct mica_enforcer_image of compiled policies, and the views of one subject:
 *    all matching of names happens there.
 *  - user/cmd/enforce.c: mica_enforcer_open, mica_enforcer_register_* for what is there already, mica_enforcer_publish,
 *    then mica_enforcer_bootstrap; mica_enforcer_pin with --pin; mica_enforcer_read in its loop.
 *  - `mica policy load|unload|show`, `mica status`, the daemon: mica_enforcer_adopt, then publish, unpin,
 *    read_counters, probe.
 *  - `mica oci-hook`: mica_enforcer_adopt, register_volume, set_subject (before the container's first exec).
 *  - Whoever follows the namespaces: set_subject when a container's name is known, visit_tasks to find subjects that
 *    have no task any more, forget_subject.
 *
 * Functions give 0 or a negative errno; on failure nothing is changed, and out parameters are untouched, but for
 * `ret_problem`, which then says what was tried on which object and what to do.
 */
#ifndef MICA_KERNEL_ENFORCER_H
#define MICA_KERNEL_ENFORCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "kernel/pins.h"
#include "mica/enforce.h"

/** Where pins are, unless somebody wants another place. In a bpffs; mode 0700. */
#define MICA_ENFORCER_PINS MICA_BPFFS "/mica"

struct mica_enforcer;

struct mica_enforcer_options {
	/** Operations, as bits, and guards (enum mica_enforce_guard) that the programs must be able to decide: those of
	 * the first set. Hooks that none of them needs are not attached. A set that needs more is refused by
	 *  mica_enforcer_publish with -ENOSYS: open another enforcer, publish to it, then close the old one. */
	uint32_t operations;
	uint32_t guards;
	/** Size of the ring buffer of denials: a power of two, at least the page size; 0: 1 MiB. */
	size_t ring_bytes;
	/** Gets each denial; valid during the call. A return other than 0 ends the read with it. NULL: nobody listens.
	 */
	int (*take)(const struct mica_denial *denial, void *userdata);
	/** Hears of each task that became a subject by itself (its first exec in a container), within milliseconds: by
	 * then the default policies act on it. NULL: nobody. */
	void (*hear)(uint64_t subject, uint32_t tgid, void *userdata);
	void *userdata;
};

/**
 * Loads and attaches the programs: all that the operations need, or none, with no set: all is allowed until one is
 * published. The calling process is trusted from here on (mica_enforcer_trust).
 * -EPERM: no privilege. -EOPNOTSUPP: this kernel cannot; ret_problem->what names the hook. Other errno: as libbpf.
 */
int mica_enforcer_open(const struct mica_enforcer_options *options, struct mica_enforcer **ret,
		       struct mica_problem *ret_problem);

/**
 * Takes over what mica_enforcer_pin left at `directory`; of the options `take` and `userdata` count. -ENOENT: nothing
 * is pinned there; -EPROTO: by another version of mica, or not all of it is there.
 */
int mica_enforcer_adopt(const char *directory, const struct mica_enforcer_options *options, struct mica_enforcer **ret,
			struct mica_problem *ret_problem);

/** Pins all programs and maps, so that enforcement goes on when this process ends. -EEXIST: something is pinned there.
 */
int mica_enforcer_pin(struct mica_enforcer *enforcer, const char *directory, struct mica_problem *ret_problem);
/** Makes those pins anew that are gone, and their directory. Their number, or a negative errno. What is not pinned
 * stays so. */
int mica_enforcer_pin_again(struct mica_enforcer *enforcer, struct mica_problem *ret_problem);
/** Its pins have another directory now. 0 or -ENOMEM. */
int mica_enforcer_moved(struct mica_enforcer *enforcer, const char *directory);
/** Removes the pins; what is attached stays so until mica_enforcer_close. */
int mica_enforcer_unpin(struct mica_enforcer *enforcer, const char *directory);
/** Detaches what is not pinned, and frees all. */
void mica_enforcer_close(struct mica_enforcer **enforcer);

/* ---- the set ---- */

struct mica_enforcer_image_subject {
	/** 0: the default. */
	uint64_t number;
	struct mica_enforce_subject subject;
};

struct mica_enforcer_image_view {
	struct mica_enforce_view_key key;
	struct mica_enforce_view view;
};

/** A set, laid out. All borrowed. */
struct mica_enforcer_image {
	/** Of the header: deadline_ns, digest, guards, operations; the rest is filled in. */
	struct mica_enforce_header header;
	const struct mica_policy_chunk *chunks;
	uint32_t chunk_count;
	const struct mica_enforce_voice *voices;
	uint32_t voice_count;
	const struct mica_enforce_mount *mounts;
	uint32_t mount_count;
	/** At least _MICA_ENFORCE_COUNT_MAX. */
	uint32_t counter_count;
	/** The first is the default, number 0. `group` is theirs: unequal, below 2^31. */
	const struct mica_enforcer_image_subject *subjects;
	uint32_t subject_count;
	const struct mica_enforcer_image_view *views;
	uint32_t view_count;
};

/**
 * Puts a set in force, in place of the one that was: one atomic switch. Before it, nothing of the new one counts; after
 * it, nothing of the old; when it returns no verdict by the old one is under way. -EINVAL: an image that is not
 * consistent; -ENOSYS: it has operations or guards that the enforcer was not opened for; -ENOMEM, -E2BIG: no room. The
 * old set stays, whole, on any failure.
 */
int mica_enforcer_publish(struct mica_enforcer *enforcer, const struct mica_enforcer_image *image,
			  struct mica_problem *ret_problem);
/** No set: all is allowed. */
int mica_enforcer_withdraw(struct mica_enforcer *enforcer);
/** Header of the set in force. -ENOENT: none. */
int mica_enforcer_header(const struct mica_enforcer *enforcer, struct mica_enforce_header *ret);

/**
 * Gives one subject of the set in force its own policies, atomically. `first` of the views is counted from the begin of
 * `voices`, which are added to the set's. `views`' keys need no group. -ENOSPC: no room for more voices: publish the
 * set anew, with this subject in it. -ENOENT: there is no set.
 */
int mica_enforcer_set_subject(struct mica_enforcer *enforcer, uint64_t number,
			      const struct mica_enforce_subject *subject, const struct mica_enforce_voice *voices,
			      uint32_t voice_count, const struct mica_enforcer_image_view *views, uint32_t view_count);
/** The subject falls back to the default policies: for one that has no task any more. */
int mica_enforcer_forget_subject(struct mica_enforcer *enforcer, uint64_t number);

/** Counters of the set in force, `count` of them from `first`. -ERANGE: it has not so many. */
int mica_enforcer_read_counters(const struct mica_enforcer *enforcer, uint32_t first, uint32_t count,
				struct mica_enforce_counter *ret);

/* ---- objects: by descriptor, so no string and no number of stat(2) is an identity ---- */

/** The union that `fd` (any file on it, O_PATH too) lies in, with its layers, upper and work: known from now on. Also
 *  of a union that is known. */
int mica_enforcer_register_union(struct mica_enforcer *enforcer, int fd, uint64_t *ret_number);
/** The root directory of a volume, or of a layer. A directory can be both, and a layer's of many unions. */
int mica_enforcer_register_volume(struct mica_enforcer *enforcer, int fd, uint32_t number);
int mica_enforcer_register_layer(struct mica_enforcer *enforcer, int fd, uint32_t number);
/** A regular file of the volume or layer of that number, which has a name outside of it: by that one it is the
 *  object's too, its path being unknown. */
int mica_enforcer_register_link(struct mica_enforcer *enforcer, int fd, enum mica_enforce_kind kind, uint32_t number);
/** The directory is a volume or layer no more. -ENOENT: it was none. */
int mica_enforcer_forget_object(struct mica_enforcer *enforcer, int fd, enum mica_enforce_kind kind);
/** The union that `fd` lies in is the subject's own too. */
int mica_enforcer_grant_union(struct mica_enforcer *enforcer, uint64_t subject, int fd);

/** The number that a mount namespace (`fd`: /proc/PID/ns/mnt) gives the subject that begins in it. -EINVAL: no
 * namespace. */
int mica_enforcer_namespace(struct mica_enforcer *enforcer, int fd, uint64_t *ret_subject);

/* ---- tasks ---- */

/** The process, and what it starts later, is mica or a declared engine: guards do not bind it. A subject stays one. */
int mica_enforcer_trust(struct mica_enforcer *enforcer, int pidfd);
/**
 * Labels the tasks that run already: each whose root lies on a union and whose mount namespace is not the initial one,
 * and registers these unions. Other unions that are mounted before the programs are attached are registered by
 * mica_enforcer_register_union, one for each mount point of type overlay. Call it after that and before the first
 * publish. *ret_count: tasks labelled. -EAGAIN: tasks are made faster than they are labelled.
 */
int mica_enforcer_bootstrap(struct mica_enforcer *enforcer, size_t *ret_count, struct mica_problem *ret_problem);
/** Tells each task of a subject: thread group, and the subject's number. A return other than 0 ends it. */
int mica_enforcer_visit_tasks(struct mica_enforcer *enforcer,
			      int (*visit)(uint32_t tgid, uint64_t subject, void *userdata), void *userdata);

/* ---- denials, and whether it works ---- */

/** Readable when denials came; read at least every 100 ms. -1: nobody listens. */
int mica_enforcer_fd(const struct mica_enforcer *enforcer);
/** Number of records read and denials handed out, or a negative value of `take` or errno. A denial of making a file
 * comes 100 ms late, when it is sure that the file was not there already. */
int mica_enforcer_read(struct mica_enforcer *enforcer);
/** The same, with nothing held back: for the end. */
int mica_enforcer_flush(struct mica_enforcer *enforcer);
/** Denials that found no room in the ring buffer (their counters are exact all the same). */
uint64_t mica_enforcer_lost(const struct mica_enforcer *enforcer);

/**
 * Whether the programs still fire and are all attached: makes a thread, and looks whether the program saw it. 0;
 * -ENOTCONN: NOT ENFORCING, ret_problem says why (pins gone, ftrace_enabled=0, a link detached); -ESTALE: another
 * enforcer was pinned in this one's place: it is the one to adopt.
 */
int mica_enforcer_probe(struct mica_enforcer *enforcer, struct mica_problem *ret_problem);

/** Tells of each table of the set in force how many entries it has and can have: subjects, views, voices, and chunks of
 * 64 KiB. A return other than 0 ends it. -ENOENT: there is no set. */
int mica_enforcer_each_map(const struct mica_enforcer *enforcer,
			   int (*visit)(const char *name, uint64_t used, uint64_t max, void *userdata), void *userdata);

#endif
