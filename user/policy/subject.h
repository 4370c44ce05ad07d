/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom the subjects of a policy choose. Pure. All give 1, 0, or -ENOMEM.
 */
#ifndef MICA_POLICY_SUBJECT_H
#define MICA_POLICY_SUBJECT_H

#include "policy/decide.h"

/** One entry: all of its keys match. Not for is_default, which is 0. */
int mica_subject_matches(const struct mica_policy_subject *subject, const struct mica_policy_who *who);

/** Any entry of a list. */
int mica_subjects_match(const struct mica_policy_subjects *subjects, const struct mica_policy_who *who);

#endif
