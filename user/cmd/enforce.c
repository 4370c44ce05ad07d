// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/enforce.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "cmd/cmd.h"

enum option_key {
	OPTION_FOR = 256,
	OPTION_AUDIT,
	OPTION_PIN,
	OPTION_TRUST,
};

static const struct argp_option options[] = {
	{ "audit", OPTION_AUDIT, NULL, 0, "Deny nothing: report what would be denied", 0 },
	{ "for", OPTION_FOR, "DURATION", 0, "Only for this time: 30s, 10m, 2h; the kernel itself ends it", 0 },
	{ "pin", OPTION_PIN, NULL, 0, "Stays in force when mica ends or dies (`mica policy unload` ends it)", 0 },
	{ "trust", OPTION_TRUST, "PID", 0,
	  "This process, and what it starts, is an engine: rules on layers in use do not bind it; repeat for more", 0 },
	{ "json", 'j', NULL, 0, "One JSON object a line", 0 },
	{ 0 },
};

const char *mica_cmd_keep_directory(void)
{
	const char *directory = getenv("MICA_ENFORCE_STATE");

	return directory && *directory ? directory : MICA_KEEP_DIRECTORY;
}

int mica_cmd_force(const struct mica_enforce_options *wanted, struct mica_force **ret)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	_cleanup_policy_sources_ struct mica_policy_sources sources = {};
	const char *text;
	int r = mica_policy_sources_read((const char *const *)wanted->files, wanted->count, &sources, &messages);

	if (r == 0)
		r = mica_force_make(&sources, wanted->audit, ret, &messages);
	if (r == 0)
		return MICA_EXIT_OK;
	text = mica_policy_messages_text(&messages);
	if (r != -EINVAL || !text) {
		mica_log_error_errno(r == -EINVAL ? -ENOMEM : r, "cannot compile the policies");
		return MICA_EXIT_FAILURE;
	}
	(void)fputs(text, stderr);
	return MICA_EXIT_USAGE;
}

int mica_cmd_force_failed(int error, const char *what, const struct mica_problem *problem)
{
	mica_log_error("%s: %s%s%s", what, *problem->what ? problem->what : strerror(-error),
		       *problem->remedy ? "; " : "", problem->remedy);
	return error == -EPERM || error == -EOPNOTSUPP ? MICA_EXIT_UNSUPPORTED : MICA_EXIT_FAILURE;
}

uint64_t mica_cmd_deadline(uint64_t duration_ns)
{
	uint64_t now = mica_clock_ns(CLOCK_BOOTTIME);

	if (!duration_ns)
		return 0;
	return duration_ns > UINT64_MAX - now ? UINT64_MAX : now + duration_ns;
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

void mica_cmd_say_unregistered(const struct mica_subjects *subjects, struct mica_cmd_told *told)
{
	size_t unregistered = subjects->unregistered, unlinked = subjects->unlinked;

	if (unregistered > told->unregistered)
		mica_log_warning(
			"%zu volume%s or layer%s could not be opened, and policies do not know them; it is tried again "
			"(MICA_DEBUG=1 names them)",
			unregistered, plural(unregistered), plural(unregistered));
	if (unlinked > told->unlinked)
		mica_log_warning(
			"the files of %zu volume%s or layer%s were not looked through for hard links elsewhere, "
			"which policies do not know (MICA_DEBUG=1 says why)",
			unlinked, plural(unlinked), plural(unlinked));
	*told = (struct mica_cmd_told){ .unregistered = unregistered, .unlinked = unlinked };
}

void mica_cmd_say_in_force(const struct mica_force *force, const struct mica_subjects *subjects, uint64_t duration_ns)
{
	char duration[MICA_FORMAT_SIZE];
	size_t all, named;

	mica_subjects_count(subjects, &all, &named);
	mica_log_info("in force%s: %zu polic%s with %zu rule%s; %zu container%s running (%zu with a name)%s%s",
		      force->audit ? " (audit: nothing is denied)" : "", force->set.count,
		      force->set.count == 1 ? "y" : "ies", force->set.rule_count, plural(force->set.rule_count), all,
		      plural(all), named, duration_ns ? "; ends by itself in " : "",
		      duration_ns ? mica_format_duration(duration_ns, duration) : "");
}

static int add_trusted(struct mica_enforce_options *enforce, const char *text, struct argp_state *state)
{
	char *end;
	long pid;

	errno = 0;
	pid = strtol(text, &end, 10);
	if (errno || end == text || *end || pid <= 1 || pid > INT_MAX)
		argp_failure(state, MICA_EXIT_USAGE, 0,
			     "--trust '%s' is not the number of a process that can be an engine", text);
	if (enforce->trusted_count == MICA_ENFORCE_TRUSTED_MAX)
		argp_failure(state, MICA_EXIT_USAGE, 0, "more than %d times --trust", MICA_ENFORCE_TRUSTED_MAX);
	enforce->trusted[enforce->trusted_count++] = (int)pid;
	return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct mica_enforce_options *enforce = state->input;

	switch (key) {
	case OPTION_AUDIT:
		enforce->audit = true;
		return 0;
	case OPTION_FOR:
		if (mica_format_parse_duration(argument, &enforce->duration_ns) || enforce->duration_ns == 0)
			argp_failure(state, MICA_EXIT_USAGE, 0, "'%s' is not a duration: 500ms, 30s, 10m, 2h",
				     argument);
		return 0;
	case OPTION_PIN:
		enforce->pin = true;
		return 0;
	case OPTION_TRUST:
		return add_trusted(enforce, argument, state);
	case 'j':
		enforce->json = true;
		return 0;
	case ARGP_KEY_ARGS:
		enforce->files = state->argv + state->next;
		enforce->count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which policies?");
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
		.args_doc = "POLICY...",
		.doc = "Puts policies in force, and shows what they deny.\vAll that they need is attached, or nothing "
		       "is: "
		       "exit status 3 says what this kernel lacks. Ctrl-C ends it, but for --pin. Needs root.",
	};
	struct mica_enforce_options enforce = {};

	if (mica_cmd_parse(&argp, argc, argv, &enforce) != 0)
		return MICA_EXIT_USAGE;
	return mica_enforce_run(&enforce);
}

const struct mica_command mica_command_enforce = {
	.name = "enforce",
	.summary = "put policies in force, and show what they deny",
	.run = run,
};
