// SPDX-License-Identifier: BSD-2-Clause
#include "store/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/cmd.h"
#include "cmd/store.h"

struct options {
	const char *root;
	bool repair, quiet;
};

static const struct argp_option options[] = {
	{ "repair", 'r', NULL, 0, "Put right what can be; no file of a user is deleted", 0 },
	{ "quiet", 'q', NULL, 0, "Say nothing if all is well", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *check = state->input;

	(void)argument;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &check->root;
		return 0;
	case 'r':
		check->repair = true;
		return 0;
	case 'q':
		check->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "too many arguments");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print(const char *sentence, bool repaired, void *userdata)
{
	(void)userdata;
	(void)printf("%s%s\n", repaired ? "repaired: " : "", sentence);
}

static int run(int argc, char **argv)
{
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "",
		.doc = "Looks through the store: is what the database says there, and is nothing else?\vExit status: 0 "
		       "when "
		       "nothing is wrong any more, 1 when something is.",
		.children = children,
	};
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_check_result result;
	struct options check = {};
	int status, r;

	if (mica_cmd_parse(&argp, argc, argv, &check))
		return MICA_EXIT_USAGE;
	status = mica_cmd_store_open(check.root, &store);
	if (status != MICA_EXIT_OK)
		return status;
	r = mica_store_check(store, check.repair, print, NULL, &result);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot look through %s", mica_store_root(store));
	if (!result.problems && !check.quiet)
		(void)printf("%s: nothing wrong\n", mica_store_root(store));
	return result.problems == result.repaired ? MICA_EXIT_OK : MICA_EXIT_FAILURE;
}

const struct mica_command mica_command_check = {
	.name = "check",
	.summary = "look through the store, and repair it",
	.run = run,
};
