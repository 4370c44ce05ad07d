/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layers of containers: mica's own and the engines', for the verbs layers, diff and blame.
 */
#ifndef MICA_CMD_STACK_H
#define MICA_CMD_STACK_H

#include "container/stack.h"

/** Finds a container of mica's store (`root` as for --root), else of an engine. Says what is in the way. Returns the
 * exit status. */
int mica_cmd_stack_find(const char *root, const char *name, struct mica_stack *ret);

/** Opens the directories. Caller closes each and frees the array; NULL: said why. */
int *mica_cmd_stack_open(const struct mica_stack *stack);
void mica_cmd_stack_close(int *fds, size_t count);

/** What the trace calls a layer: "upper", "2/5". */
void mica_cmd_stack_name(const struct mica_stack *stack, size_t index, char text[static 32]);

#endif
