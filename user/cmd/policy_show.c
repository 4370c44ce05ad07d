// SPDX-License-Identifier: BSD-2-Clause
/*
 * `mica policy show`: what is pinned, and how often each rule decided.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/capability.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cmd/enforce.h"
#include "cmd/policy.h"
#include "enforce/decisions.h"

struct options {
	bool json;
	bool hits;
};

enum option_key {
	OPTION_HITS = 256,
};

static const struct argp_option options[] = {
	{ "hits", OPTION_HITS, NULL, 0, "Only what decided something", 0 },
	{ "json", 'j', NULL, 0, "One JSON object a line", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *show = state->input;

	(void)argument;
	switch (key) {
	case 'j':
		show->json = true;
		return 0;
	case OPTION_HITS:
		show->hits = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_head(const struct mica_force *force, const struct mica_enforce_header *header)
{
	uint64_t now = mica_clock_ns(CLOCK_BOOTTIME);
	char left[MICA_FORMAT_SIZE];

	(void)printf("generation %llu%s", (unsigned long long)header->generation,
		     force->audit ? ", audit: nothing is denied" : "");
	if (header->deadline_ns && header->deadline_ns <= now)
		(void)printf(", its time is over: nothing is denied any more");
	else if (header->deadline_ns)
		(void)printf(", for another %s", mica_format_duration(header->deadline_ns - now, left));
	(void)putchar('\n');
	for (size_t i = 0; i < force->sources.count; i++) {
		_cleanup_buffer_ struct mica_buffer line = {};

		(void)mica_utf8_append_escaped(&line, force->sources.items[i].name,
					       strlen(force->sources.items[i].name));
		(void)printf("  %s\n", mica_buffer_string(&line) ? line.data : "?");
	}
	(void)putchar('\n');
}

static int print_all(const struct options *show, struct mica_enforcer *enforcer, struct mica_force *force,
		     const struct mica_enforce_header *header)
{
	_cleanup_(mica_decisions_free) struct mica_decisions decisions = { .force = force };
	uint32_t count = force->image.counter_count;
	_cleanup_free_ struct mica_enforce_counter *counters = calloc(count, sizeof(*counters));
	const struct mica_totals_options totals = { .json = show->json,
						    .all = !show->hits,
						    .time_ns = mica_clock_ns(CLOCK_REALTIME) };
	int r = counters ? mica_enforcer_read_counters(enforcer, 0, count, counters) : -ENOMEM;

	if (r == 0 && !show->json)
		print_head(force, header);
	if (r == 0)
		r = mica_totals_print(stdout, &decisions, counters, &totals);
	if (r == 0 || r == -EIO) /* main says that stdout fails */
		return MICA_EXIT_OK;
	mica_log_error_errno(r, "cannot read the counters");
	return MICA_EXIT_FAILURE;
}

static int show_adopted(const struct options *show, struct mica_enforcer *enforcer)
{
	_cleanup_close_ int directory_fd = mica_keep_open(mica_cmd_keep_directory());
	_cleanup_force_ struct mica_force *force = NULL;
	struct mica_enforce_header header;
	int r = mica_enforcer_header(enforcer, &header);

	if (r == -ENOENT) {
		mica_log_error("nothing is in force");
		return MICA_EXIT_FAILURE;
	}
	if (r == 0)
		r = directory_fd < 0 ? directory_fd : mica_keep_read(directory_fd, header.digest, &force);
	if (r < 0) {
		mica_log_error_errno(r, "policies are in force, but what they say is not to be read from %s",
				     mica_cmd_keep_directory());
		return MICA_EXIT_FAILURE;
	}
	return print_all(show, enforcer, force, &header);
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "",
		.doc = "Shows the policies that are pinned, and how often each of their parts denied or would have. "
		       "Needs root.",
	};
	_cleanup_(mica_held_close) struct mica_held held = { .pins = MICA_ENFORCER_PINS, .only_looks = true };
	struct mica_problem problem = {};
	struct options show = {};
	int r;

	if (mica_cmd_parse(&argp, argc, argv, &show) != 0)
		return MICA_EXIT_USAGE;
	if (!mica_have_capability(CAP_SYS_ADMIN)) {
		mica_log_error("what is in force is told to root only: no CAP_SYS_ADMIN");
		return MICA_EXIT_UNSUPPORTED;
	}
	r = mica_held_adopt(&held, &problem);
	if (r == -ENOENT) {
		mica_log_error("nothing is in force: nothing is pinned at %s", held.pins);
		return MICA_EXIT_FAILURE;
	}
	if (r < 0)
		return mica_cmd_force_failed(r, "cannot look at what is in force", &problem);
	return show_adopted(&show, held.enforcer);
}

const struct mica_command mica_policy_command_show = {
	.name = "show",
	.summary = "show the policies that are in force, and what they decided",
	.run = run,
};
