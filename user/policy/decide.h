/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What compiled policies say to a question: verdict, errno, and whose word it is. Pure; paths go through the same code
 * as in the kernel.
 */
#ifndef MICA_POLICY_DECIDE_H
#define MICA_POLICY_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/compile.h"

/** Who asks. NULL: not known, which no glob matches. */
struct mica_policy_who {
	const char *container;
	const char *id;
	const char *image;
	const char *cgroup;
	const char *namespace;
	const char *engine;
};

struct mica_policy_question {
	struct mica_policy_who who;
	enum mica_operation operation;
	enum mica_policy_object object;
	/** The object is not the subject's own. Concerns isolation only. */
	bool foreign;
	/** Name of a volume, digest of a layer; NULL: not known, or a union. */
	const char *object_name;
	/** Number of a layer, from 1 = the topmost lower; 0: not known. */
	unsigned layer;
	/** In the object; begins with '/', at most MICA_POLICY_PATH_BYTES. NULL is "/". Of a mount: where it goes. */
	const char *path;
	/**
	 * Of the operations of group `mounts`. Which of them an operation knows is fixed: mount all (type not with
	 * MS_BIND in flags), move-mount the source, remount the flags; the path as `at` (if the object is a union) all
	 * that are no capability operation.
	 */
	const char *mount_type;
	const char *mount_source;
	uint64_t mount_flags;
};

enum mica_policy_voice {
	/** Nothing in the policies has an opinion: allowed. */
	MICA_POLICY_VOICE_NONE,
	MICA_POLICY_VOICE_RULE,
	MICA_POLICY_VOICE_ISOLATION,
	MICA_POLICY_VOICE_MOUNTS,
	MICA_POLICY_VOICE_VOLUMES,
	_MICA_POLICY_VOICE_MAX,
};

/** Index of the answer of `otherwise` in a mounts section, and of "no entry is for the subject" in a volumes section.
 */
#define MICA_POLICY_OTHERWISE SIZE_MAX

struct mica_policy_answer {
	enum mica_verdict verdict;
	/** Positive: of a denial, what it gives; of an audit, what a denial would give. 0: allow. */
	int error;
	enum mica_policy_voice voice;
	/** NULL: no voice. */
	const struct mica_policy *policy;
	/** Which rule, entry of mounts or entry of volumes of the policy; of isolation 0 unions, 1 volumes, 2 layers.
	 */
	size_t index;
	/** Line of what decided, in policy->file. */
	struct mica_policy_place place;
};

/**
 * Answers. The greatest verdict wins; of equal ones the first, by the order of the policies in the set and within a
 * policy rules, isolation, mounts, volumes. 0; -EINVAL: the path does not begin with '/'; -ENAMETOOLONG; -ENOMEM.
 */
int mica_policy_decide(const struct mica_policy_compiled *compiled, const struct mica_policy_question *question,
		       struct mica_policy_answer *ret);

/** Whether the subjects of policy `index` of the set choose `who` (is_default is asked of the set as a whole): 1, 0, or
 * -ENOMEM. */
int mica_policy_applies(const struct mica_policy_set *set, size_t index, const struct mica_policy_who *who);

/** What of a policy a voice's answer is: the name of a rule, "unions", "volumes", "layers"; "allow", "deny",
 * "otherwise"; "ro", "rw", "who". NULL: no voice, or the policy has no such part. `index` as in the answer. */
const char *mica_policy_voice_part(const struct mica_policy *policy, enum mica_policy_voice voice, size_t index);
/** Where that is written. All 0: there is no such part. */
struct mica_policy_place mica_policy_voice_place(const struct mica_policy *policy, enum mica_policy_voice voice,
						 size_t index);

/** "none", "rule", "isolation", "mounts", "volumes". */
const char *mica_policy_voice_name(enum mica_policy_voice voice);

#endif
