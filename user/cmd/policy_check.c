// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/policy.h"

struct options {
	bool quiet;
	/** Of argv. */
	char **files;
	size_t count;
};

static const struct argp_option options[] = {
	{ "quiet", 'q', NULL, 0, "Say nothing if all is well", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *check = state->input;

	(void)argument;
	switch (key) {
	case 'q':
		check->quiet = true;
		return 0;
	case ARGP_KEY_ARGS:
		check->files = state->argv + state->next;
		check->count = (size_t)(state->argc - state->next);
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
		.options = options,
		.parser = parse_option,
		.args_doc = "FILE...",
		.doc = "Checks policy files, together as one set. What is wrong is told as FILE:LINE:COLUMN.",
	};
	_cleanup_policy_set_ struct mica_policy_set set = {};
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	struct options check = {};
	int status;

	if (mica_cmd_parse(&argp, argc, argv, &check) != 0)
		return MICA_EXIT_USAGE;
	status = mica_policy_open((const char *const *)check.files, check.count, &set);
	/* Limits of the tables show only here. */
	if (status == MICA_EXIT_OK)
		status = mica_policy_open_compiled(&set, &compiled);
	if (status == MICA_EXIT_OK && !check.quiet)
		(void)printf("%zu %s with %zu %s: nothing wrong\n", set.count, set.count == 1 ? "policy" : "policies",
			     set.rule_count, set.rule_count == 1 ? "rule" : "rules");
	return status;
}

const struct mica_command mica_policy_command_check = {
	.name = "check",
	.summary = "say what is wrong with policy files",
	.run = run,
};
