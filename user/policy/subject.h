/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom the subjects of a policy choose. Pure.
 */
#ifndef MICA_POLICY_SUBJECT_H
#define MICA_POLICY_SUBJECT_H

#include "policy/decide.h"

/** One entry: all of its keys match. Not for is_default, which is 0. 1, 0, or -ENOMEM. */
int mica_subject_matches(const struct mica_policy_subject *subject, const struct mica_policy_who *who);

/** Any entry of a list. 1, 0, or -ENOMEM. */
int mica_subjects_match(const struct mica_policy_subjects *subjects, const struct mica_policy_who *who);

/**
 * The entry of `volumes` that decides for a volume and a subject; NULL: none of those that match the volume is for the
 * subject, *ret_other is the first of them; NULL: none matches. 0 or -ENOMEM.
 */
int mica_policy_find_volume(const struct mica_policy *policy, const char *volume, const struct mica_policy_who *who,
			    const struct mica_policy_volume **ret_best, const struct mica_policy_volume **ret_other);

#endif
