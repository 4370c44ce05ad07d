/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From compiled policies to what the kernel decides by (include/mica/enforce.h). All matching of names is done here:
 * which policies are for a subject, and which of their rules are about a volume or a layer of a name. Pure.
 */
#ifndef MICA_POLICY_IMAGE_H
#define MICA_POLICY_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mica/enforce.h"
#include "policy/compile.h"
#include "policy/decide.h"

/** Where the counters and the mounts of a policy begin. */
struct mica_policy_image_part {
	/** Of its rules by precedence; its isolation (unions, volumes, layers); its mounts and `otherwise`; its
	 * volumes: an entry each, then "none is for the subject" by the first entry that matches the volume. */
	uint32_t rules, isolation, mounts, volumes;
	uint32_t first_mount;
};

/** What of a set is the same for every subject. Initialise with {}. */
struct mica_policy_image {
	/** Borrowed; its tables have the automata of `mounts`, too. */
	const struct mica_policy_compiled *compiled;
	struct mica_policy_image_part *parts;
	struct mica_enforce_mount *mounts;
	uint32_t mount_count;
	uint32_t counter_count;
	/** Of the header. */
	uint32_t guards;
	uint32_t operations;
};

/** 0; -E2BIG: *ret_refusal says what was too much; -ENOMEM. After a failure `compiled` is good for nothing but to be
 * freed. */
int mica_policy_image_make(struct mica_policy_compiled *compiled, struct mica_policy_image *ret,
			   struct mica_policy_refusal *ret_refusal);
void mica_policy_image_free(struct mica_policy_image *image);
#define _cleanup_policy_image_ _cleanup_(mica_policy_image_free)

/** What is counted in a counter: as an answer of mica_policy_decide has it. */
struct mica_policy_counted {
	/** NULL: a guard, or a failure (enum mica_enforce_counter_number). */
	const struct mica_policy *policy;
	enum mica_policy_voice voice;
	size_t index;
	struct mica_policy_place place;
};

/** 0; -ENOENT: there is no such counter. */
int mica_policy_image_counter(const struct mica_policy_image *image, uint32_t counter, struct mica_policy_counted *ret);

/** "guard/layers", "guard/uppers", "guard/devices", "no-path", "no-room", "broken", "self-protection"; NULL: another.
 */
const char *mica_policy_fixed_counter_name(uint32_t counter);

/** A volume or layer that user space has given a number. */
struct mica_policy_named_object {
	/** MICA_ENFORCE_VOLUME or MICA_ENFORCE_LAYER */
	enum mica_enforce_kind kind;
	uint32_t number;
	/** A volume's name, a layer's digest; NULL: not known. */
	const char *name;
	/** A layer in the subject's union, from 1 = the topmost lower; 0: not in it, or not known. */
	unsigned layer;
	/** The subject was not given the volume. */
	bool foreign;
};

struct mica_policy_view {
	enum mica_enforce_kind kind;
	uint32_t number;
	struct mica_enforce_view view;
};

/** What the kernel is told of a subject. Initialise with {}. */
struct mica_policy_views {
	/** `group` is the caller's. */
	struct mica_enforce_subject subject;
	/** The views count from the first of these. */
	struct mica_enforce_voice *voices;
	uint32_t voice_count, voice_capacity;
	/** Of the objects of which something else is to be said than of those that nobody named. */
	struct mica_policy_view *views;
	uint32_t view_count, view_capacity;
};

/**
 * What the policies say to a subject; to those that are not known yet with a `who` of which nothing is known. `given`:
 * it is known which volumes the subject was given, so that volumes which are not among the objects are foreign. 0 or
 * -ENOMEM.
 */
int mica_policy_views_make(const struct mica_policy_image *image, const struct mica_policy_who *who, bool given,
			   const struct mica_policy_named_object *objects, size_t count, struct mica_policy_views *ret);
/** Whether both say the same. */
bool mica_policy_views_equal(const struct mica_policy_views *a, const struct mica_policy_views *b);
void mica_policy_views_free(struct mica_policy_views *views);
#define _cleanup_policy_views_ _cleanup_(mica_policy_views_free)

#endif
