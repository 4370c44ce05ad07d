/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_BASE_CAPABILITY_H
#define MICA_BASE_CAPABILITY_H

#include <stdbool.h>
#include <sys/capability.h>

/** True: this process has the capability now (in its effective set). */
bool mica_have_capability(cap_value_t capability);

/** A capability that this thread does without for a while: declare it with _cleanup_(mica_capability_resume). */
struct mica_suspended_capability {
	cap_value_t capability;
	bool suspended;
};
/** Takes a capability out of the effective set; one that is not in it stays out. */
struct mica_suspended_capability mica_capability_suspend(cap_value_t capability);
void mica_capability_resume(const struct mica_suspended_capability *suspended);

#endif
