// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/layer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"

static const struct mica_command *const verbs[] = {
	&mica_layer_command_create,    &mica_layer_command_remove,  &mica_layer_command_get,
	&mica_layer_command_put,       &mica_layer_command_exists,  &mica_layer_command_ls,
	&mica_layer_command_status,    &mica_layer_command_cleanup, &mica_layer_command_changes,
	&mica_layer_command_diff_size, &mica_layer_command_diff,    &mica_layer_command_apply,
	&mica_layer_command_import,    &mica_layer_command_export,  NULL,
};

int mica_cmd_print_change(enum mica_change_kind kind, const char *path, void *userdata)
{
	_cleanup_buffer_ struct mica_buffer text = {};

	(void)userdata;
	if (mica_utf8_append_escaped(&text, path, strlen(path)) < 0 || !mica_buffer_string(&text))
		return -ENOMEM;
	(void)printf("%c %s\n", "ACD"[kind], text.data);
	return 0;
}

static int run(int argc, char **argv)
{
	static const struct mica_command_group group = {
		.name = "mica layer",
		.summary = "Keeps the layers of unions.",
		.more = "`mica layer VERB --help` and mica-layer(8) tell more.",
		.verbs = verbs,
	};

	return mica_cmd_run_group(&group, argc, argv);
}

const struct mica_command mica_command_layer = {
	.name = "layer",
	.summary = "keep, mount, import and export layers",
	.run = run,
};
