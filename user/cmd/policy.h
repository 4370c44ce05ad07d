/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verbs below `mica policy`: each a command of its own (cmd/cmd.h), listed in cmd/policy.c.
 */
#ifndef MICA_CMD_POLICY_H
#define MICA_CMD_POLICY_H

#include "cmd/cmd.h"
#include "policy/compile.h"
#include "policy/policy.h"

extern const struct mica_command mica_policy_command_check;
extern const struct mica_command mica_policy_command_dump;
extern const struct mica_command mica_policy_command_explain;
extern const struct mica_command mica_policy_command_load;
extern const struct mica_command mica_policy_command_show;
extern const struct mica_command mica_policy_command_test;
extern const struct mica_command mica_policy_command_unload;

/** Reads and checks files as one set, and says on stderr what is wrong. Returns the exit status, enum mica_exit. */
int mica_policy_open(const char *const *files, size_t count, struct mica_policy_set *ret);

/** Compiles a set that mica_policy_open gave, and says on stderr which limit it goes over. Returns the exit status. */
int mica_policy_open_compiled(const struct mica_policy_set *set, struct mica_policy_compiled *ret);

#endif
