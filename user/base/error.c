/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/error.h"

#include <limits.h>
#include <string.h>

const char *mica_errno_name(int error)
{
	/* strerrorname_np(0) is "0", which is no name. */
	if (error == 0 || error == INT_MIN)
		return NULL;
	return strerrorname_np(error < 0 ? -error : error);
}
