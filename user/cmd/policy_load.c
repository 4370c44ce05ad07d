// SPDX-License-Identifier: BSD-2-Clause
/*
 * `mica policy load` and `unload`: sets that are pinned, without a process that follows them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/capability.h"
#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "cmd/enforce.h"
#include "cmd/policy.h"

enum option_key {
	OPTION_FOR = 256,
	OPTION_AUDIT,
};

static const struct argp_option options[] = {
	{ "audit", OPTION_AUDIT, NULL, 0, "Deny nothing: count what would be denied", 0 },
	{ "for", OPTION_FOR, "DURATION", 0, "Only for this time: 30s, 10m, 2h; the kernel itself ends it", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct mica_enforce_options *load = state->input;

	switch (key) {
	case OPTION_AUDIT:
		load->audit = true;
		return 0;
	case OPTION_FOR:
		if (mica_format_parse_duration(argument, &load->duration_ns) || load->duration_ns == 0)
			argp_failure(state, MICA_EXIT_USAGE, 0, "'%s' is not a duration: 500ms, 30s, 10m, 2h",
				     argument);
		return 0;
	case ARGP_KEY_ARGS:
		load->files = state->argv + state->next;
		load->count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which policies?");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/** Opens what processes share, and locks it. Returns the exit status. */
static int open_shared(int *ret_directory_fd, int *ret_lock_fd)
{
	const char *path = mica_cmd_keep_directory();
	_cleanup_close_ int directory = -EBADF;
	int locked;

	if (!mica_have_capability(CAP_SYS_ADMIN)) {
		mica_log_error("policies are put in force by root: no CAP_SYS_ADMIN");
		return MICA_EXIT_UNSUPPORTED;
	}
	directory = mica_keep_open(path);
	locked = directory < 0 ? directory : mica_keep_lock(directory);
	if (locked < 0) {
		mica_log_error_errno(locked, "cannot use %s", path);
		return MICA_EXIT_FAILURE;
	}
	*ret_directory_fd = TAKE_FD(directory);
	*ret_lock_fd = locked;
	return MICA_EXIT_OK;
}

static int load_force(const struct mica_enforce_options *load, const struct mica_force *force, int directory_fd)
{
	_cleanup_(mica_identity_free) struct mica_identity *identity = NULL;
	_cleanup_(mica_held_close) struct mica_held held = { .pins = MICA_ENFORCER_PINS };
	_cleanup_(mica_subjects_free) struct mica_subjects subjects = { .force = force, .directory_fd = directory_fd };
	struct mica_cmd_told told = {};
	struct mica_problem problem = {};
	const char *failure = "cannot put the policies in force";
	int r = mica_identity_new(NULL, &identity);

	subjects.identity = identity;
	if (r == 0)
		r = mica_keep_write(directory_fd, force);
	if (r == 0)
		r = mica_held_adopt(&held, &problem);
	if (r == 0)
		failure = "cannot put the policies in force; those that were stay as they are";
	if (r == 0 || r == -ENOENT || held.remains) {
		problem = (struct mica_problem){};
		r = mica_held_put(&held, &subjects, mica_cmd_deadline(load->duration_ns), true, &problem);
	}
	if (r < 0)
		return mica_cmd_force_failed(r, failure, &problem);
	mica_keep_sweep(directory_fd, force->digest);
	mica_cmd_say_in_force(force, &subjects, load->duration_ns);
	mica_cmd_say_unregistered(&subjects, &told);
	return MICA_EXIT_OK;
}

static int run_load(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "POLICY...",
		.doc = "Puts policies in force in place of those that are: one atomic switch. They stay until `mica "
		       "policy unload`.\vNew containers have the policies by default, and their own when the daemon "
		       "follows them or the OCI hook is installed. Needs root.",
	};
	_cleanup_force_ struct mica_force *force = NULL;
	_cleanup_close_ int directory_fd = -EBADF;
	_cleanup_close_ int lock_fd = -EBADF;
	struct mica_enforce_options load = {};
	int status;

	if (mica_cmd_parse(&argp, argc, argv, &load) != 0)
		return MICA_EXIT_USAGE;
	status = mica_cmd_force(&load, &force);
	if (status == MICA_EXIT_OK)
		status = open_shared(&directory_fd, &lock_fd);
	return status == MICA_EXIT_OK ? load_force(&load, force, directory_fd) : status;
}

const struct mica_command mica_policy_command_load = {
	.name = "load",
	.summary = "put policies in force, in place of those that are",
	.run = run_load,
};

static int run_unload(int argc, char **argv)
{
	static const struct argp argp = {
		.args_doc = "",
		.doc = "Ends the policies that `mica policy load` or `mica enforce --pin` put in force. Needs root.",
	};
	_cleanup_(mica_held_close) struct mica_held held = { .pins = MICA_ENFORCER_PINS };
	_cleanup_close_ int directory_fd = -EBADF;
	_cleanup_close_ int lock_fd = -EBADF;
	struct mica_problem problem = {};
	int status, r;

	if (mica_cmd_parse(&argp, argc, argv, NULL) != 0)
		return MICA_EXIT_USAGE;
	status = open_shared(&directory_fd, &lock_fd);
	if (status != MICA_EXIT_OK)
		return status;
	r = mica_held_adopt(&held, &problem);
	if (r == -ENOENT) {
		mica_log_info("nothing is in force");
		return MICA_EXIT_OK;
	}
	/* Of another version, or in part: at least the pins go, and with them what they hold. */
	if (r == -EPROTO)
		r = mica_enforcer_unpin(NULL, held.pins);
	else if (r == 0)
		r = mica_held_end(&held);
	if (r < 0)
		return mica_cmd_force_failed(r, "cannot end what is in force", &problem);
	mica_keep_sweep(directory_fd, NULL);
	return MICA_EXIT_OK;
}

const struct mica_command mica_policy_command_unload = {
	.name = "unload",
	.summary = "end the policies that are in force",
	.run = run_unload,
};
