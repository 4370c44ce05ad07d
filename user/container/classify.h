/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a record's numbers to the object that its file lives in, and the paths that people know it by.
 */
#ifndef MICA_CONTAINER_CLASSIFY_H
#define MICA_CONTAINER_CLASSIFY_H

#include "container/container_table.h"
#include "container/identity.h"
#include "container/mountinfo.h"
#include "container/setup_binds.h"
#include "container/union_table.h"

/** Where rebased paths are written. */
struct mica_path_buffers {
	char host[MICA_HOST_PATH_BYTES];
	char container[MICA_HOST_PATH_BYTES];
	char source[MICA_HOST_PATH_BYTES];
};

#define MICA_CLASSIFIER_PLACES 64

struct mica_classifier {
	const struct mica_host *host;
	struct mica_mountinfo *mounts;
	/** When the mounts are to be looked at again for a device that has none. */
	uint64_t next_refresh_ns;
	struct mica_container_table *containers;
	/** Where the host last mounted something that concerns a union: it may be gone when a record about it is read.
	 */
	char *places[MICA_CLASSIFIER_PLACES];
	unsigned next_place;
	struct mica_path_buffers buffers;
};

void mica_classifier_free(struct mica_classifier *classifier);

/** Fills object, path, source, host_path and container_path of an object in a union. `u` may be NULL: not known.
 *  0, or 1: no event (see mica_identity_find). */
int mica_classify_union(struct mica_classifier *classifier, const struct mica_union *u,
			const struct mica_record *record, struct mica_identified *identified);
/** The same for an object in no union; `container`: the task's, or NULL; `binds`: of its namespace, or NULL. */
void mica_classify_other(struct mica_classifier *classifier, struct mica_known_container *container,
			 struct mica_setup_binds *binds, const struct mica_record *record,
			 struct mica_identified *identified);
/** Sets the container_path of an object in a tmpfs, from the mounts of the container's namespace. */
void mica_classify_tmpfs(struct mica_classifier *classifier, const struct mica_known_container *container,
			 struct mica_mountinfo *mounts, const struct mica_record *record,
			 struct mica_identified *identified);
/** A mount event. Below a container's root directory that a runtime is still setting up, the path becomes the one that
 *  the container will see. */
void mica_classify_mount(struct mica_classifier *classifier, struct mica_known_container *container,
			 const struct mica_record *record, struct mica_identified *identified);
/**
 * Does a path or the source of the host's mount call lead into a union? The mounts may have changed since: those that
 * were known before count, those that are there now, and what records told lately. For paths that are not there, their
 * directories count; a relative source, which is relative to who knows what, may.
 */
bool mica_concerns_union(struct mica_classifier *classifier, const struct mica_record *record,
			 const struct mica_identified *identified);
/** Remembers the place of a mount of the host's that concerns a union. */
void mica_note_place(struct mica_classifier *classifier, struct mica_bytes path);
/** Takes back mica_note_place: what was mounted there is gone. */
void mica_forget_place(struct mica_classifier *classifier, struct mica_bytes path);
/** The object of union-up and union-down: the union's upper. */
void mica_classify_union_itself(const struct mica_union *u, struct mica_identified *identified);

#endif
