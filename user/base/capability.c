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
