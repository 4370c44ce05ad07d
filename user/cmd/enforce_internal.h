/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policies in force, as `mica enforce` follows them: its loop (enforce_run.c) and its output (enforce_show.c).
 */
#ifndef MICA_CMD_ENFORCE_INTERNAL_H
#define MICA_CMD_ENFORCE_INTERNAL_H

#include "cmd/enforce.h"
#include "enforce/decisions.h"
#include "kernel/branch_guard.h"
#include "stream/sink.h"

#define MICA_ENFORCE_SECOND_NS 1000000000ULL

struct mica_enforcing {
	const struct mica_enforce_options *options;
	struct mica_identity *identity;
	struct mica_held held;
	struct mica_subjects subjects;
	/** The set in force. */
	struct mica_force *force;
	struct mica_decisions decisions;
	/** Those that were before, and whose denials may come yet. */
	struct mica_known_set *known;
	uint64_t generation;
	/** CLOCK_BOOTTIME; 0: none. */
	uint64_t deadline_ns;
	/** Descriptors of the directory with what is kept, and of the follower's lock; negative without --pin. */
	int directory_fd, follower_fd;
	/** Counted by sets that were published anew in this one's place: one for each counter. */
	struct mica_enforce_counter *before;
	/** Denials that wait for the name of their container, oldest first. */
	struct mica_waiting *first, *last;
	size_t waiting_bytes;
	/** Refusals of the guard of read-only branches, where there is one and nobody else reads them. */
	struct mica_branch_reader *branches;
	/** What it had lost when it was looked at last. */
	uint64_t branches_lost;
	/** Of the ring buffer, and of what could not be read. */
	uint64_t lost, unreadable;
	struct mica_cmd_told told;
	/** When who is there was looked at last, CLOCK_MONOTONIC, and how long that took; ns. */
	uint64_t looked_ns, look_took_ns;
	/** A subject that is not known was denied something. */
	bool stranger;
	/** The engines have news. */
	bool news;
	/** What was said last of whether it works. */
	bool broken;
	struct mica_text_options text;
	/** Why stdout failed, or 0. */
	int output_error;
	bool done;
};

/** The words for a denial, which may be of a set that is in force no more, or not known to be. NULL: there are none. */
struct mica_decisions *mica_enforcing_decisions_of(struct mica_enforcing *enforcing, const struct mica_denial *denial);
/** Takes the set, which is in force now in place of the one that was. */
void mica_enforcing_change_set(struct mica_enforcing *enforcing, struct mica_force *force);
void mica_enforcing_forget_sets(struct mica_enforcing *enforcing);

/** Begins to read the refusals of read-only branches, where there are such; ends when the last one is gone. 0, or a
 *  negative errno of showing what was left. */
int mica_enforcing_look_at_branches(struct mica_enforcing *enforcing);
/** Takes those that came. 0 or a negative errno. */
int mica_enforcing_read_branches(struct mica_enforcing *enforcing);
/** How many found no room since the last call. */
uint64_t mica_enforcing_branches_lost(struct mica_enforcing *enforcing);
/** The words for a refusal; `directory` has room for the branch's. False: it is none. */
bool mica_enforcing_describe_branch(const struct mica_enforcing *enforcing, const struct mica_denial *denial,
				    char directory[static MICA_BRANCH_DIRECTORY_BYTES],
				    struct mica_event_decision *decision);

/** Buffers stdout by lines, and writes the heading. */
void mica_enforcing_set_up_output(struct mica_enforcing *enforcing);
/** Takes a denial from the ring: shows it, or lets it wait for a name. 0 or -ENOMEM. */
int mica_enforcing_take(const struct mica_denial *denial, void *userdata);
/** Shows those that waited long enough or have a name now; with `all`, each. 0 or -ENOMEM. */
int mica_enforcing_release(struct mica_enforcing *enforcing, bool all);
void mica_enforcing_drop_waiting(struct mica_enforcing *enforcing);
/** Shows what was lost since the last look. 0 or -ENOMEM. */
int mica_enforcing_show_losses(struct mica_enforcing *enforcing);
/** Adds what the set in force counted to `before`: it is about to be published anew. 0 or a negative errno. */
int mica_enforcing_keep_counters(struct mica_enforcing *enforcing);
/** The exact counters. 0 or a negative errno. */
int mica_enforcing_show_totals(struct mica_enforcing *enforcing);

#endif
