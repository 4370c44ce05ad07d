/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One copy of each string that events point to. They live as long as the pool, since statistics hold them after a
 * union is gone; so the pool has a limit: a container that mounts unions over ever new directories must not eat the
 * host's memory.
 */
#ifndef MICA_CONTAINER_STRING_POOL_H
#define MICA_CONTAINER_STRING_POOL_H

#include <stddef.h>

#include "container/table.h"

struct mica_string_pool {
	struct mica_table strings;
	size_t bytes;
	/** 0: no limit. */
	size_t limit;
	/** Strings refused because of the limit. */
	size_t refused;
};

/** The pool's copy of `string`; NULL: no memory, over the limit, or `string` is NULL. */
const char *mica_string_pool_add(struct mica_string_pool *pool, const char *string);
void mica_string_pool_free(struct mica_string_pool *pool);

#endif
