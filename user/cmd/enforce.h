/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verbs about policies in force share: `mica enforce` (enforce.c, enforce_run.c, enforce_show.c), `mica policy
 * load`, `unload` and `show` (policy_load.c, policy_show.c), `mica status`, `mica oci-hook`.
 */
#ifndef MICA_CMD_ENFORCE_H
#define MICA_CMD_ENFORCE_H

#include <stdbool.h>
#include <stdint.h>

#include "enforce/force.h"
#include "enforce/held.h"

/** Where what is kept beside the pins lies: $MICA_ENFORCE_STATE (tests), else MICA_KEEP_DIRECTORY. */
const char *mica_cmd_keep_directory(void);

/** Declared engines that a command line may name. */
#define MICA_ENFORCE_TRUSTED_MAX 64

struct mica_enforce_options {
	/** Of argv. */
	char **files;
	size_t count;
	bool audit;
	bool pin;
	bool json;
	/** ns; 0: no end. */
	uint64_t duration_ns;
	/** Processes that are exempt from object rules. */
	int trusted[MICA_ENFORCE_TRUSTED_MAX];
	size_t trusted_count;
};

/** Reads and compiles the files; says what is wrong. Returns the exit status. */
int mica_cmd_force(const struct mica_enforce_options *options, struct mica_force **ret);

/** Says what is in the way of putting policies in force. Returns the exit status. */
int mica_cmd_force_failed(int error, const char *what, const struct mica_problem *problem);

/** CLOCK_BOOTTIME, ns, at which `duration_ns` is over; 0 for 0. */
uint64_t mica_cmd_deadline(uint64_t duration_ns);

/** Says that the set is in force: how much of it, for whom, until when. */
void mica_cmd_say_in_force(const struct mica_force *force, const struct mica_subjects *subjects, uint64_t duration_ns);

/** Volumes and layers that were warned of: as in struct mica_subjects. */
struct mica_cmd_told {
	size_t unregistered;
	size_t unlinked;
};

/** Warns of volumes and layers that the kernel does not know, or not with all their links, if there are more than
 * before. */
void mica_cmd_say_unregistered(const struct mica_subjects *subjects, struct mica_cmd_told *told);

/** `mica enforce`. Returns the exit status. */
int mica_enforce_run(const struct mica_enforce_options *options);

#endif
