/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verbs below `mica policy`: each a command of its own (cmd/cmd.h), listed in cmd/policy.c.
 */
#ifndef MICA_CMD_POLICY_H
#define MICA_CMD_POLICY_H

#include "cmd/cmd.h"
#include "policy/policy.h"

extern const struct mica_command mica_policy_command_check;
extern const struct mica_command mica_policy_command_explain;

/** Reads and checks files as one set, and says on stderr what is wrong. Returns the exit status, enum mica_exit. */
int mica_policy_open(const char *const *files, size_t count, struct mica_policy_set *ret);

#endif
