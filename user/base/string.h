/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_BASE_STRING_H
#define MICA_BASE_STRING_H

#include <errno.h>
#include <string.h>

/** strdup(3) for what may be NULL, which is copied as NULL. Caller frees. 0 or -ENOMEM. */
static inline int mica_string_copy(const char *string, char **ret)
{
	*ret = string ? strdup(string) : NULL;
	return string && !*ret ? -ENOMEM : 0;
}

#endif
