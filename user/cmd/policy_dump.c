// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "cmd/policy.h"
#include "policy/dump.h"

struct options {
	/** Of argv. */
	char **files;
	size_t count;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *dump = state->input;

	(void)argument;
	switch (key) {
	case ARGP_KEY_ARGS:
		dump->files = state->argv + state->next;
		dump->count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which file?");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "FILE...",
		.doc = "Prints the tables that policies are compiled to: rules by precedence, and the automaton of "
		       "each object.",
	};
	_cleanup_policy_set_ struct mica_policy_set set = {};
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	_cleanup_buffer_ struct mica_buffer out = {};
	struct options dump = {};
	int status, r;

	if (mica_cmd_parse(&argp, argc, argv, &dump) != 0)
		return MICA_EXIT_USAGE;
	status = mica_policy_open((const char *const *)dump.files, dump.count, &set);
	if (status == MICA_EXIT_OK)
		status = mica_policy_open_compiled(&set, &compiled);
	if (status != MICA_EXIT_OK)
		return status;
	r = mica_policy_dump(&compiled, &out);
	if (r < 0) {
		mica_log_error_errno(r, "cannot print the tables");
		return MICA_EXIT_FAILURE;
	}
	(void)fwrite(out.data, 1, out.size, stdout);
	return MICA_EXIT_OK;
}

const struct mica_command mica_policy_command_dump = {
	.name = "dump",
	.summary = "print the tables that policies are compiled to",
	.run = run,
};
