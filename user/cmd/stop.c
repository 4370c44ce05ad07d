// SPDX-License-Identifier: BSD-2-Clause
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "cmd/cmd.h"
#include "cmd/container.h"
#include "cmd/store.h"

static error_t take(int key, char *argument, struct argp_state *state, void *userdata)
{
	unsigned *seconds = userdata;
	char *end;

	if (key != 't')
		return ARGP_ERR_UNKNOWN;
	*seconds = (unsigned)strtoul(argument, &end, 10);
	if (*end || end == argument)
		argp_error(state, "--time wants seconds, and not '%s'", argument);
	return 0;
}

static int stop(struct mica_store *store, const char *id, void *userdata)
{
	const unsigned *seconds = userdata;

	return mica_container_stop(store, id, *seconds);
}

static int run(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "time", 't', "SECONDS", 0, "How long to wait before it is killed (10)", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	unsigned seconds = 10;
	struct mica_cmd_words words = {
		.least = 1, .most = SIZE_MAX, .question = "which container?", .take = take, .userdata = &seconds
	};
	int status = mica_cmd_words_parse(
		options, "CONTAINER...",
		"Asks containers to end, by the signal that their image wants, kills those that do not, and waits.",
		argc, argv, &words, &store);

	return status == MICA_EXIT_OK ? mica_cmd_each_container(store, &words, stop, &seconds) : status;
}

const struct mica_command mica_command_stop = {
	.name = "stop",
	.summary = "stop containers",
	.run = run,
};
