/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set of policies that is, or is to be, in force: from its texts to what the kernel decides by.
 */
#ifndef MICA_ENFORCE_FORCE_H
#define MICA_ENFORCE_FORCE_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/image.h"
#include "policy/source.h"

#define MICA_FORCE_DIGEST_BYTES 32

struct mica_force {
	struct mica_policy_sources sources;
	/** What would be denied is reported only, whatever the policies say. */
	bool audit;
	struct mica_policy_set set;
	struct mica_policy_compiled compiled;
	struct mica_policy_image image;
	/** SHA-256 of all that the tables depend on: texts, names of files, `audit`, mica's version. */
	uint8_t digest[MICA_FORCE_DIGEST_BYTES];
	/** Whether any of the policies speaks about volumes, or about layers: whether they need numbers. */
	bool needs_volumes, needs_layers;
};

/** Takes the sources (also when it fails) and compiles them. 0; -EINVAL: messages were added; -ENOMEM. */
int mica_force_make(struct mica_policy_sources *sources, bool audit, struct mica_force **ret,
		    struct mica_policy_messages *messages);
/** The first bytes of the digest, as a denial has them. */
uint64_t mica_force_digest_head(const struct mica_force *force);
void mica_force_free(struct mica_force **force);
#define _cleanup_force_ _cleanup_(mica_force_free)

#endif
