// SPDX-License-Identifier: BSD-2-Clause
/*
 * The sets whose denials `mica enforce` can put into words: the one in force, and those that were before it. A denial
 * names its set, and may be read when another is in force already, or before that was noticed.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/enforce_internal.h"

/** Sets that are kept in memory besides the one in force. */
#define KNOWN_SETS 8

struct mica_known_set {
	struct mica_known_set *next;
	struct mica_force *force;
	struct mica_decisions decisions;
};

static void free_set(struct mica_known_set *set)
{
	mica_decisions_free(&set->decisions);
	mica_force_free(&set->force);
	free(set);
}

/** Drops those behind the first `most`. */
static void shorten(struct mica_enforcing *enforcing, size_t most)
{
	struct mica_known_set **end = &enforcing->known;

	for (size_t i = 0; *end && i < most; i++)
		end = &(*end)->next;
	while (*end) {
		struct mica_known_set *set = *end;

		*end = set->next;
		free_set(set);
	}
}

/** Takes the force. NULL: no memory; then it is freed. */
static struct mica_known_set *remember(struct mica_enforcing *enforcing, struct mica_force *force)
{
	struct mica_known_set *set = calloc(1, sizeof(*set));

	if (!set) {
		mica_force_free(&force);
		return NULL;
	}
	shorten(enforcing, KNOWN_SETS - 1);
	*set = (struct mica_known_set){ .next = enforcing->known, .force = force, .decisions.force = force };
	enforcing->known = set;
	return set;
}

struct mica_decisions *mica_enforcing_decisions_of(struct mica_enforcing *enforcing, const struct mica_denial *denial)
{
	struct mica_known_set *set = enforcing->known;
	struct mica_force *force = NULL;
	int r;

	if (denial->digest == mica_force_digest_head(enforcing->force))
		return &enforcing->decisions;
	while (set && mica_force_digest_head(set->force) != denial->digest)
		set = set->next;
	if (set)
		return &set->decisions;
	/* Of no set (a branch's), or nobody keeps any. */
	if (!denial->digest || enforcing->directory_fd < 0)
		return NULL;
	r = mica_keep_find(enforcing->directory_fd, denial->digest, &force);
	if (r < 0) {
		mica_log_debug_errno(r, "the policies of a denial are not to be found");
		return NULL;
	}
	set = remember(enforcing, force);
	return set ? &set->decisions : NULL;
}

void mica_enforcing_change_set(struct mica_enforcing *enforcing, struct mica_force *force)
{
	struct mica_force *old = enforcing->force;

	mica_decisions_free(&enforcing->decisions);
	enforcing->force = force;
	enforcing->decisions.force = force;
	mica_subjects_set_force(&enforcing->subjects, force);
	/* What it counted before was by other rules. */
	free(enforcing->before);
	enforcing->before = NULL;
	if (mica_force_digest_head(old) == mica_force_digest_head(force))
		mica_force_free(&old);
	else
		(void)remember(enforcing, old);
}

void mica_enforcing_forget_sets(struct mica_enforcing *enforcing)
{
	shorten(enforcing, 0);
}
