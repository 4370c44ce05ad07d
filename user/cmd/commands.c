// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/cmd.h"

/* The order of `mica help`. */
const struct mica_command *const mica_commands[] = {
	&mica_command_trace,  &mica_command_holders,   &mica_command_doctor,
	&mica_command_policy, &mica_command_layer,     &mica_command_image,
	&mica_command_check,  &mica_command_union,     &mica_command_volume,
	&mica_command_run,    &mica_command_create,    &mica_command_start,
	&mica_command_stop,   &mica_command_rm,        &mica_command_ps,
	&mica_command_exec,   &mica_command_cp,        &mica_command_commit,
	&mica_command_export, &mica_command_layers,    &mica_command_diff,
	&mica_command_blame,  &mica_command_reconcile, &mica_command_daemon,
	&mica_command_help,   &mica_command_version,   NULL,
};
