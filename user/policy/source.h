/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The texts of a set of policies, from the files or as they were kept when the set was put in force.
 */
#ifndef MICA_POLICY_SOURCE_H
#define MICA_POLICY_SOURCE_H

#include <stddef.h>

#include "policy/message.h"
#include "policy/policy.h"

struct mica_policy_source {
	/** The file, as it was given. */
	char *name;
	/** `size` bytes. */
	char *text;
	size_t size;
};

/** Initialise with {}. */
struct mica_policy_sources {
	struct mica_policy_source *items;
	size_t count;
};

/** Reads files that are to be put in force: one that others than root and the caller can change (base/owned_file.h) is
 * refused. 0 and *ret, which the caller frees; -EINVAL: messages were added; -ENOMEM. */
int mica_policy_sources_read(const char *const *files, size_t count, struct mica_policy_sources *ret,
			     struct mica_policy_messages *messages);

/** Parses and checks the texts as one set: all or nothing. 0 and *ret, which the caller frees, and which does not need
 * the texts; -EINVAL: messages were added; -ENOMEM. */
int mica_policy_sources_load(const struct mica_policy_sources *sources, struct mica_policy_set *ret,
			     struct mica_policy_messages *messages);

/** Appends a copy of a text. 0 or -ENOMEM. */
int mica_policy_sources_add(struct mica_policy_sources *sources, const char *name, const char *text, size_t size);

void mica_policy_sources_free(struct mica_policy_sources *sources);

#define _cleanup_policy_sources_ _cleanup_(mica_policy_sources_free)

#endif
