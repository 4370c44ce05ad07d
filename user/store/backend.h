/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be behind a volume. To add a backend: a const struct, and its line in backend.c.
 */
#ifndef MICA_STORE_BACKEND_H
#define MICA_STORE_BACKEND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "container/mountinfo.h"

struct mica_backend {
	const char *name;
	/** What it is, for people. */
	const char *summary;
	/** Names of its options, NULL-terminated. */
	const char *const *options;
	/** Looks at the options (strings, names known) before anything is made. 0, or -EINVAL with words in `reason`.
	 *  NULL: all are right. */
	int (*check)(const json_t *options, char *reason, size_t reason_size);
	/** Of a volume with size=: makes its new, empty directory ready. `project` is a number of its own. 0, or an
	 * errno with words in `reason`. NULL: there is nothing to do. */
	int (*prepare)(const json_t *options, int directory_fd, uint32_t project, char *reason, size_t reason_size);
	/** Mounts the volume's files over its empty directory. NULL: they are in the directory itself. */
	int (*mount)(const json_t *options, const char *directory, char *reason, size_t reason_size);
	/** Whether a mount at the volume's directory is what `mount` makes. Asks no server. NULL where mount is. */
	bool (*owns)(const json_t *options, const struct mica_mountinfo *mountinfo,
		     const struct mica_mount_entry *mount);
	/** Attributes (MOUNT_ATTR_*) that the mount should have. NULL: whatever it has. */
	unsigned (*attributes)(const json_t *options);
	/** A server is behind it that may not answer: mount and stat can hang. */
	bool remote;
	/** Asks whoever is behind it, past all caches; may hang. 0 or an errno. NULL: statfs(2) of the directory does.
	 */
	int (*ask)(const json_t *options);
};

/** A mounted volume whose server is to be asked. */
struct mica_backend_question {
	const struct mica_backend *backend;
	const json_t *options;
	const char *directory;
};

/** Asks those who are behind mounted volumes, all at once, for two seconds. results[i]: 0: they answer, -ETIMEDOUT:
 *  they do not, or an errno. 0 or -ENOMEM. */
int mica_backend_answer(const struct mica_backend_question *questions, size_t count, int *results);

/** The backend of a name; NULL: none. */
const struct mica_backend *mica_backend_find(const char *name);
/** All of them, NULL-terminated. */
extern const struct mica_backend *const mica_backends[];

#endif
