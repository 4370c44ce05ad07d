/* SPDX-License-Identifier: BSD-2-Clause */
#include "mica/version.h"
#include "base/error.h"
#include "cmd/cmd.h"

static int run(int argc, char **argv)
{
	static const struct argp argp = { .doc = "Prints the version of mica." };

	if (mica_cmd_parse(&argp, argc, argv, NULL))
		return MICA_EXIT_FAILURE;
	(void)puts("mica " MICA_VERSION);
	return MICA_EXIT_OK;
}

const struct mica_command mica_command_version = {
	.name = "version",
	.summary = "print the version",
	.run = run,
};
