/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The subjects that live, and what the kernel is told of each: its policies by its container's name, image, engine,
 * cgroup and namespace. Nothing here is load-bearing for the policies by default: they act on whoever is not known.
 *
 * A subject is found by its tasks (mica_enforcer_visit_tasks), so also one that does nothing, and one that was there
 * before mica.
 */
#ifndef MICA_ENFORCE_SUBJECTS_H
#define MICA_ENFORCE_SUBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "container/identity.h"
#include "container/table.h"
#include "enforce/force.h"
#include "enforce/objects.h"
#include "kernel/enforcer.h"

struct mica_subject {
	/** Of its mount namespace; never reused. */
	uint64_t number;
	/** A process of it; 0: not seen (yet). */
	int pid;
	/** Inode number of that process' mount namespace. */
	uint32_t inode;
	/** NULL: none known. */
	const struct mica_container *container;
	/** Below the hierarchy's root; NULL: not known. */
	char *cgroup;
	/** Name and image that its policies were chosen by; they may come later than the container. */
	const char *name, *image;
	/** Without a container: host directories of what was mounted where it lives when it was seen first, as volumes
	 * are. NULL: not looked at. */
	char **given;
	size_t given_count;
	/** What the kernel was told last; !told: nothing. */
	struct mica_policy_views views;
	bool told;
	/** Who it is has changed since. */
	bool changed;
	/** Round of the look that saw it last. */
	unsigned round;
};

struct mica_subjects {
	/** All borrowed. */
	struct mica_enforcer *enforcer;
	const struct mica_force *force;
	struct mica_identity *identity;
	/** Descriptor of the directory where numbers are kept; negative: they are this process' alone. */
	int directory_fd;
	struct mica_numbered_objects objects;
	/** struct mica_subject by number. */
	struct mica_table table;
	unsigned round;
	/** Directories of volumes and layers that could not be registered. */
	size_t unregistered;
	/** Those whose files were not all looked through for names elsewhere. */
	size_t unlinked;
};

/** Takes what there is to know of the living subjects. The kernel is not told yet. 0 or a negative errno. */
int mica_subjects_find(struct mica_subjects *subjects);

/** Puts the set in force, with the policies of each subject that is known. As mica_enforcer_publish. */
int mica_subjects_publish(struct mica_subjects *subjects, uint64_t deadline_ns, struct mica_problem *ret_problem);

/** Tells the kernel of the volumes and layers that it was not told of. After mica_subjects_publish: what is said of an
 * object comes before it is known, else it would be a stranger's for a moment. */
void mica_subjects_register(struct mica_subjects *subjects);

/** Looks who came, went, or has a name now, and tells the kernel. -ENOSPC: publish anew; -ENOENT: no set is in force;
 *  or another errno. */
int mica_subjects_follow(struct mica_subjects *subjects);

/** The same for one subject that has just come to be: a process of it. As above. */
int mica_subjects_hear(struct mica_subjects *subjects, uint64_t number, uint32_t tgid);

/** Gives one subject its policies that has no task with the label yet: a container that is being made. `container` may
 *  be NULL. As above. */
int mica_subjects_prepare(struct mica_subjects *subjects, uint64_t number, int pid,
			  const struct mica_container *container);

/** NULL: not known. */
const struct mica_subject *mica_subjects_get(const struct mica_subjects *subjects, uint64_t number);

/** Changes to another set that somebody put in force: all is told anew at the next look. */
void mica_subjects_set_force(struct mica_subjects *subjects, const struct mica_force *force);

/** Number of subjects that are known, and of those with a container. */
void mica_subjects_count(const struct mica_subjects *subjects, size_t *ret_all, size_t *ret_named);

void mica_subjects_free(struct mica_subjects *subjects);

#endif
