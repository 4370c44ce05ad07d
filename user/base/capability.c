/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/capability.h"

bool mica_have_capability(cap_value_t capability)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (caps && cap_get_flag(caps, capability, CAP_EFFECTIVE, &value))
		value = CAP_CLEAR;
	if (caps)
		(void)cap_free(caps);
	return value == CAP_SET;
}

static bool set_effective(cap_value_t capability, cap_flag_value_t value)
{
	cap_t set = cap_get_proc();
	bool done = set && cap_set_flag(set, CAP_EFFECTIVE, 1, &capability, value) == 0 && cap_set_proc(set) == 0;

	(void)cap_free(set);
	return done;
}

struct mica_suspended_capability mica_capability_suspend(cap_value_t capability)
{
	return (struct mica_suspended_capability){
		.capability = capability,
		.suspended = mica_have_capability(capability) && set_effective(capability, CAP_CLEAR),
	};
}

void mica_capability_resume(const struct mica_suspended_capability *suspended)
{
	if (suspended->suspended)
		(void)set_effective(suspended->capability, CAP_SET);
}
