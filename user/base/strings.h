/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list of strings that grows. Initialise with {}.
 */
#ifndef MICA_BASE_STRINGS_H
#define MICA_BASE_STRINGS_H

#include <stddef.h>

#include "base/cleanup.h"

struct mica_strings {
	/** Owned. */
	char **items;
	size_t count, capacity;
};

#define _cleanup_strings_ _cleanup_(mica_strings_free)
void mica_strings_free(struct mica_strings *strings);

/** Adds a copy. 0, or -ENOMEM, also where `string` is NULL; then nothing is added. */
int mica_strings_add(struct mica_strings *strings, const char *string);
/** Adds the string itself, which is freed where there is no room. 0, or -ENOMEM, also where it is NULL. */
int mica_strings_give(struct mica_strings *strings, char *string);

#endif
