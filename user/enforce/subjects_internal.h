/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What subjects.c (who is there) and subjects_tell.c (what the kernel is told of them) share.
 */
#ifndef MICA_ENFORCE_SUBJECTS_INTERNAL_H
#define MICA_ENFORCE_SUBJECTS_INTERNAL_H

#include "enforce/subjects.h"

/** Looks what is mounted where a subject without a container lives; once. 0 or -ENOMEM. */
int mica_subject_find_given(struct mica_subject *subject);

/** Gives numbers to the volumes and layers that there are now. 0 or a negative errno. */
int mica_subjects_number_objects(struct mica_subjects *subjects);

/** What is to be said to a subject; NULL: to those that are not known. 0 or a negative errno. */
int mica_subjects_make_views(struct mica_subjects *subjects, const struct mica_subject *subject,
			     struct mica_policy_views *ret);
/** Tells the kernel, if it is something new. */
int mica_subjects_tell(struct mica_subjects *subjects, struct mica_subject *subject);

#endif
