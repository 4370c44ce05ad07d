/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of engines: takes all containers of an engine in a tree of fixtures.
 */
#ifndef MICA_TESTS_CONTAINER_TAKEN_H
#define MICA_TESTS_CONTAINER_TAKEN_H

#include <criterion/criterion.h>
#include <string.h>

#include "container/engine.h"

struct taken {
	struct mica_engine_container *containers[8];
	size_t count;
};

static inline int taken_take(struct mica_engine_container *container, void *userdata)
{
	struct taken *taken = userdata;

	cr_assert_lt(taken->count, 8);
	taken->containers[taken->count++] = container;
	return 0;
}

static inline const struct mica_engine_container *taken_find(const struct taken *taken, const char *id)
{
	for (size_t i = 0; i < taken->count; i++)
		if (strcmp(taken->containers[i]->id, id) == 0)
			return taken->containers[i];
	cr_assert_fail("no container %s", id);
	return NULL;
}

static inline void taken_free(struct taken *taken)
{
	for (size_t i = 0; i < taken->count; i++)
		mica_engine_container_free(&taken->containers[i]);
	taken->count = 0;
}

#endif
