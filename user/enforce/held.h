/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The enforcer that this process holds: loaded by it, or taken over from the pins that another one left; and the switch
 * from one set of policies to the next.
 */
#ifndef MICA_ENFORCE_HELD_H
#define MICA_ENFORCE_HELD_H

#include "enforce/keep.h"
#include "enforce/subjects.h"
#include "kernel/enforcer.h"

struct mica_held {
	/** Directory of the pins. */
	const char *pins;
	/** `take`, `userdata` and `ring_bytes` of an enforcer that is opened. */
	struct mica_enforcer_options options;
	/** Who has no lock, and so puts nothing in order that another may be at. */
	bool only_looks;
	struct mica_enforcer *enforcer;
	bool pinned;
	/** Pins are there, but of another version, or not all: mica_held_put puts new ones in their place. */
	bool remains;
};

/** Takes over what is pinned. -ENOENT: nothing is; -EPROTO: `remains`. As mica_enforcer_adopt. */
int mica_held_adopt(struct mica_held *held, struct mica_problem *ret_problem);

/**
 * Puts the subjects' set in force: on the enforcer that is held if it can decide it, else on a new one, which then
 * takes its place; never a moment without the old set or the new one. The caller has the lock (mica_keep_lock). `pin`:
 * it stays when this process ends. On failure the old set stays whole. As mica_enforcer_open and mica_enforcer_publish.
 */
int mica_held_put(struct mica_held *held, struct mica_subjects *subjects, uint64_t deadline_ns, bool pin,
		  struct mica_problem *ret_problem);

/** Makes those pins anew that are gone, on a new bpffs if that was unmounted. The caller has the lock. Their number, or
 * a negative errno. */
int mica_held_pin_again(struct mica_held *held);

/** Ends it: no set, no pins. 0 or a negative errno. */
int mica_held_end(struct mica_held *held);

/** Lets go: what is pinned stays in force. */
void mica_held_close(struct mica_held *held);

#endif
