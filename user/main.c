/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/suggest.h"
#include "cmd/cmd.h"
#include "mica/version.h"

static int unknown_option(const char *option)
{
	static const char *const options[] = { "--verbose", "--version", "--help", NULL };
	const char *suggestion = mica_suggest(option, options);

	if (suggestion)
		mica_log_error("no option '%s'; did you mean '%s'?", option, suggestion);
	else
		mica_log_error("no option '%s' before the command; 'mica help' shows what there is", option);
	return MICA_EXIT_USAGE;
}

static int run_command(const struct mica_command *command, int argc, char **argv)
{
	_cleanup_buffer_ struct mica_buffer title = {};

	(void)mica_buffer_appendf(&title, "mica %s", command->name);
	if (!mica_buffer_string(&title)) {
		mica_log_error("out of memory");
		return MICA_EXIT_FAILURE;
	}
	argv[0] = title.data;
	return command->run(argc, argv);
}

static int run(int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		const char *option = argv[i];
		if (strcmp(option, "--verbose") == 0 || strcmp(option, "-v") == 0)
			mica_log_set_level(MICA_LOG_DEBUG);
		else if (strcmp(option, "--version") == 0 || strcmp(option, "-V") == 0)
			return run_command(&mica_command_version, 1, argv);
		else if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0 || strcmp(option, "-?") == 0)
			return run_command(&mica_command_help, 1, argv);
		else
			return unknown_option(option);
	}
	if (i == argc) {
		mica_cmd_print_list(mica_commands, stderr);
		return MICA_EXIT_USAGE;
	}
	const struct mica_command *command = mica_cmd_find(mica_commands, argv[i]);
	return command ? run_command(command, argc - i, argv + i) : mica_cmd_unknown(mica_commands, argv[i]);
}

int main(int argc, char **argv)
{
	argp_program_version = "mica " MICA_VERSION;
	mica_log_set_level_from_environment();
	int status = run(argc, argv);

	/* A full disk shows only here. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		mica_log_error_errno(errno ? errno : EIO, "cannot write the output");
		if (status == MICA_EXIT_OK)
			status = MICA_EXIT_FAILURE;
	}
	return status;
}
