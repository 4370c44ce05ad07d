/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "cmd/cmd.h"

static int help_command(const struct mica_command *command)
{
	_cleanup_buffer_ struct mica_buffer title = {};
	char option[] = "--help";

	(void)mica_buffer_appendf(&title, "mica %s", command->name);
	if (!mica_buffer_string(&title)) {
		mica_log_error("out of memory");
		return MICA_EXIT_FAILURE;
	}
	char *argv[] = { title.data, option, NULL };
	return command->run(2, argv);
}

static error_t parse_argument(int key, char *argument, struct argp_state *state)
{
	const char **name = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (state->arg_num > 0)
		argp_error(state, "one command at a time");
	*name = argument;
	return 0;
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_argument,
		.args_doc = "[COMMAND]",
		.doc = "Lists the commands, or shows the options of one.",
	};
	const char *name = NULL;

	if (mica_cmd_parse(&argp, argc, argv, &name))
		return MICA_EXIT_FAILURE;
	if (!name) {
		mica_cmd_print_list(mica_commands, stdout);
		return MICA_EXIT_OK;
	}
	const struct mica_command *command = mica_cmd_find(mica_commands, name);
	return command ? help_command(command) : mica_cmd_unknown(mica_commands, name);
}

const struct mica_command mica_command_help = {
	.name = "help",
	.summary = "list the commands, or show the options of one",
	.run = run,
};
