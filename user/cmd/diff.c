// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/layer.h"
#include "cmd/stack.h"
#include "cmd/store.h"
#include "store/changes.h"

struct options {
	const char *root, *container;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->root;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "one container at a time");
		options->container = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which container?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run(int argc, char **argv)
{
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "CONTAINER",
		.doc = "Shows what a container added (A), changed (C) and deleted (D) of its image: mica's own, "
		       "Docker's, "
		       "Podman's.",
		.children = children,
	};
	_cleanup_stack_ struct mica_stack stack = {};
	struct options options = {};
	int status, r;
	int *fds;

	if (mica_cmd_parse(&argp, argc, argv, &options))
		return MICA_EXIT_USAGE;
	status = mica_cmd_stack_find(options.root, options.container, &stack);
	if (status != MICA_EXIT_OK)
		return status;
	if (!stack.has_upper) {
		mica_log_error("'%s' has no writable layer", options.container);
		return MICA_EXIT_FAILURE;
	}
	fds = mica_cmd_stack_open(&stack);
	if (!fds)
		return MICA_EXIT_FAILURE;
	r = mica_layers_compare(fds, stack.count, mica_cmd_print_change, NULL);
	mica_cmd_stack_close(fds, stack.count);
	if (r < 0)
		mica_log_error_errno(r, "cannot compare the layers of '%s'", options.container);
	return r < 0 ? MICA_EXIT_FAILURE : MICA_EXIT_OK;
}

const struct mica_command mica_command_diff = {
	.name = "diff",
	.summary = "show what a container changed",
	.run = run,
};
