// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/container.h"
#include "cmd/store.h"
#include "store/container.h"

struct options {
	const char *root, *container;
	struct mica_exec_options exec;
};

static error_t take_rest(struct options *options, char *argument, struct argp_state *state)
{
	options->container = argument;
	options->exec.arguments = state->argv + state->next;
	options->exec.argument_count = (size_t)(state->argc - state->next);
	state->next = state->argc;
	if (!options->exec.argument_count)
		argp_error(state, "which command?");
	return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->root;
		return 0;
	case 'e':
		return -mica_words_add(&options->exec.environment, argument);
	case 'w':
		options->exec.directory = argument;
		return 0;
	case 'u':
		options->exec.user = argument;
		return 0;
	case 'i':
		options->exec.interactive = true;
		return 0;
	case 't':
		options->exec.terminal = true;
		return 0;
	case 'd':
		options->exec.detached = true;
		return 0;
	case ARGP_KEY_ARG:
		return take_rest(options, argument, state);
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which container?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run_exec(struct mica_store *store, const struct options *options)
{
	struct mica_run_reason reason = {};
	_cleanup_free_ char *id = NULL;
	int status = MICA_EXIT_ENGINE;
	int r;

	if (options->exec.terminal && !isatty(STDIN_FILENO)) {
		mica_log_error("--tty wants a terminal, and standard input is none");
		return MICA_EXIT_ENGINE;
	}
	r = mica_container_find(store, options->container, &id);
	if (r == 0)
		r = mica_container_exec(store, id, &options->exec, &status, &reason);
	if (r < 0) {
		(void)mica_cmd_store_failed(store, r, "cannot run the command in '%s'", options->container);
		return MICA_EXIT_ENGINE;
	}
	return mica_cmd_run_told(status, &reason);
}

static int run(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{ "detach", 'd', NULL, 0, "In the background", 0 },
		{ "env", 'e', "NAME=VALUE", 0, "A variable more", 0 },
		{ "workdir", 'w', "PATH", 0, "Where it starts", 0 },
		{ "user", 'u', "USER[:GROUP]", 0, "Who runs it", 0 },
		{ "interactive", 'i', NULL, 0, "Keep its standard input open", 0 },
		{ "tty", 't', NULL, 0, "Give it a terminal", 0 },
		{ 0 },
	};
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = table,
		.parser = parse_option,
		.args_doc = "CONTAINER COMMAND [ARGUMENT...]",
		.doc = "Runs a command in a container that runs.",
		.children = children,
	};
	_cleanup_store_ struct mica_store *store = NULL;
	struct options options = {};
	int status = MICA_EXIT_ENGINE;

	if (mica_cmd_parse_to_word(&argp, argc, argv, MICA_EXIT_ENGINE, &options))
		return status;
	if (mica_cmd_store_open(options.root, &store) == MICA_EXIT_OK)
		status = run_exec(store, &options);
	mica_words_free(&options.exec.environment);
	return status;
}

const struct mica_command mica_command_exec = {
	.name = "exec",
	.summary = "run a command in a container that runs",
	.run = run,
};
