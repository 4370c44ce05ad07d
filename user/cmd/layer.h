/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verbs below `mica layer`: each a command of its own (cmd/cmd.h), listed in cmd/layer.c.
 */
#ifndef MICA_CMD_LAYER_H
#define MICA_CMD_LAYER_H

#include "cmd/cmd.h"
#include "store/layer.h"

/** Prints a change as `docker diff` does: "A PATH", "C PATH", "D PATH". 0 or -ENOMEM. */
int mica_cmd_print_change(enum mica_change_kind kind, const char *path, void *userdata);

extern const struct mica_command mica_layer_command_create;
extern const struct mica_command mica_layer_command_remove;
extern const struct mica_command mica_layer_command_get;
extern const struct mica_command mica_layer_command_put;
extern const struct mica_command mica_layer_command_exists;
extern const struct mica_command mica_layer_command_ls;
extern const struct mica_command mica_layer_command_status;
extern const struct mica_command mica_layer_command_cleanup;
extern const struct mica_command mica_layer_command_changes;
extern const struct mica_command mica_layer_command_diff_size;
extern const struct mica_command mica_layer_command_import;
extern const struct mica_command mica_layer_command_export;
extern const struct mica_command mica_layer_command_diff;
extern const struct mica_command mica_layer_command_apply;

#endif
