/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directories that a container's or a union's file system is made of.
 */
#ifndef MICA_CONTAINER_STACK_H
#define MICA_CONTAINER_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct mica_stack_layer {
	/** On the host. */
	char *directory;
	/** Digest (diff_id) or role ("init"), where it is known; NULL. */
	char *digest, *role;
};

struct mica_stack {
	/** Topmost first. */
	struct mica_stack_layer *layers;
	size_t count;
	/** layers[0] is the writable one. */
	bool has_upper;
};
#define _cleanup_stack_ _cleanup_(mica_stack_free)
void mica_stack_free(struct mica_stack *stack);
/** Adds a layer below the others. `digest` and `role` may be NULL; all are copied. 0 or -ENOMEM. */
int mica_stack_add(struct mica_stack *stack, const char *directory, const char *digest, const char *role);

/** Finds a container that an engine knows, running or not, by its name or the start of its id. -ENOENT; -ENOTUNIQ;
 *  -ENODATA: its layers cannot be told. */
int mica_stack_of_container(const char *name, struct mica_stack *ret);

/** Finds the union that an absolute path lies in, in this mount namespace; *ret_path (caller frees) is the path in it,
 *  without a leading slash. -ENOENT: it lies in none; -ENODATA. */
int mica_stack_of_path(const char *path, struct mica_stack *ret, char **ret_path);

#endif
