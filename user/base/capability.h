/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_BASE_CAPABILITY_H
#define MICA_BASE_CAPABILITY_H

#include <stdbool.h>
#include <sys/capability.h>

/** True: this process has the capability now (in its effective set). */
bool mica_have_capability(cap_value_t capability);

#endif
