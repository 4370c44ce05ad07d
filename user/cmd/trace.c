// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "policy/glob.h"

enum option_key {
	OPTION_FOR = 256,
	OPTION_NO_SUMMARY,
	OPTION_RING_SIZE,
	OPTION_IMAGE,
	OPTION_VOLUME,
	OPTION_UNION,
	OPTION_PATH,
	OPTION_MIN_BYTES,
	OPTION_MIN_LATENCY,
	OPTION_STATS,
};

/** The loop looks at the clock at least that often. */
#define SHORTEST_INTERVAL_NS 100000000ULL

static const struct argp_option options[] = {
	{ .doc = "What to show (different options narrow it, repeats of one widen it)" },
	{ "container", 'c', "NAME", 0,
	  "Only this container, by name, id, or the first 12 digits of its id; repeat for more", 0 },
	{ "image", OPTION_IMAGE, "IMAGE", 0,
	  "Only containers of this image, by its name, its name and tag, a glob of them, or its id; repeat for more",
	  0 },
	{ "namespace", 'n', "INODE", 0, "Only this mount namespace, by the number in /proc/PID/ns/mnt; repeat for more",
	  0 },
	{ "event", 'e', "EVENT[,EVENT…]", 0, "Only these events (see mica-events(5)); repeat for more", 0 },
	{ "volume", OPTION_VOLUME, "VOLUME", 0,
	  "Only what happens in this volume, by its name, a glob of it, its id, or its host directory; repeat for more",
	  0 },
	{ "union", OPTION_UNION, "UNION", 0,
	  "Only what happens in this union, whoever does it, by its container's name, a glob of it, its id, or the "
	  "host directory of its mount or its upper; repeat for more",
	  0 },
	{ "path", OPTION_PATH, "GLOB", 0,
	  "Only what has such a path in its union or volume: globs as in policies, /etc/**, /**/*.so; repeat for more",
	  0 },
	{ "min-bytes", OPTION_MIN_BYTES, "SIZE", 0,
	  "Only copy-ups and writes of at least this size: 4096, 4k, 1M, 1GiB", 0 },
	{ "min-latency", OPTION_MIN_LATENCY, "DURATION", 0,
	  "Only copy-ups that took at least this long: 500us, 1ms, 2s", 0 },
	{ .doc = "How to show it" },
	{ "stats", OPTION_STATS, "INTERVAL", OPTION_ARG_OPTIONAL,
	  "No events, only totals; with an interval (1s, 1m) also the totals so far each time it has passed", 0 },
	{ "json", 'j', NULL, 0, "One JSON object a line", 0 },
	{ "no-summary", OPTION_NO_SUMMARY, NULL, 0, "No table at the end", 0 },
	{ .doc = "When to stop" },
	{ "count", 'N', "NUMBER", 0, "After this many events", 0 },
	{ "for", OPTION_FOR, "DURATION", 0, "After this time: 500ms, 30s, 10m, 2h", 0 },
	{ .doc = "Tuning" },
	{ "ring-size", OPTION_RING_SIZE, "MIB", 0, "Size of the buffer between kernel and mica (default 8)", 0 },
	{ 0 },
};

static int add_name(char ***names, const char *name)
{
	size_t count = 0;

	while (*names && (*names)[count])
		count++;
	char **grown = reallocarray(*names, count + 2, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*names = grown;
	grown[count] = strdup(name);
	grown[count + 1] = NULL;
	return grown[count] ? 0 : -ENOMEM;
}

static int add_namespace(struct mica_trace_options *trace, uint32_t inode)
{
	size_t count = 0;

	while (trace->namespaces && trace->namespaces[count])
		count++;
	uint32_t *grown = reallocarray(trace->namespaces, count + 2, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	trace->namespaces = grown;
	grown[count] = inode;
	grown[count + 1] = 0;
	return 0;
}

/** Whole decimal number in [1, maximum]. */
static int parse_number(const char *text, uint64_t maximum, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || value == 0 || value > maximum)
		return -EINVAL;
	*ret = value;
	return 0;
}

static void unknown_event(struct argp_state *state, const char *name)
{
	const char *names[_MICA_EVENT_MAX + 1];
	const char *near;
	size_t count = 0;

	for (enum mica_event_type type = 1; type <= MICA_EVENT_LOST; type++)
		names[count++] = mica_event_type_name(type);
	names[count] = NULL;
	near = mica_suggest(name, names);
	if (near)
		argp_failure(state, MICA_EXIT_USAGE, 0, "no event '%s'; did you mean '%s'?", name, near);
	else
		argp_failure(state, MICA_EXIT_USAGE, 0, "no event '%s'; mica-events(5) has the list", name);
}

static int add_events(struct argp_state *state, struct mica_trace_options *trace, const char *list)
{
	_cleanup_free_ char *copy = strdup(list);
	char *rest = copy, *name;

	if (!copy)
		return -ENOMEM;
	/* An empty name is wrong too: else `--event "$UNSET"` would show everything. */
	while ((name = strsep(&rest, ","))) {
		enum mica_event_type type = mica_event_type_from_name(name);

		if (type == MICA_EVENT_NONE)
			unknown_event(state, name);
		trace->events |= 1ULL << type;
	}
	return 0;
}

static int set_min_bytes(struct argp_state *state, struct mica_trace_options *trace, const char *size)
{
	if (mica_format_parse_bytes(size, &trace->min_bytes) || trace->min_bytes == 0)
		argp_failure(state, MICA_EXIT_USAGE, 0, "--min-bytes '%s' is not a size: 4096, 4k, 1M, 1GiB", size);
	return 0;
}

static int set_min_latency(struct argp_state *state, struct mica_trace_options *trace, const char *duration)
{
	if (mica_format_parse_duration(duration, &trace->min_latency_ns) || trace->min_latency_ns == 0)
		argp_failure(state, MICA_EXIT_USAGE, 0, "--min-latency '%s' is not a duration: 500us, 1ms, 2s",
			     duration);
	return 0;
}

static int add_path(struct argp_state *state, struct mica_trace_options *trace, const char *glob)
{
	const char *why;
	size_t offset;
	int error = mica_glob_check(glob, MICA_GLOB_PATH, &offset, &why);

	if (error == -EINVAL)
		argp_failure(state, MICA_EXIT_USAGE, 0, "--path '%s', column %zu: %s", glob,
			     mica_utf8_length(glob, offset) + 1, why);
	return error ? error : add_name(&trace->path_globs, glob);
}

static int compile_paths(struct argp_state *state, struct mica_trace_options *trace)
{
	struct mica_automaton_limit limit;
	size_t count = 0;
	int error;

	while (trace->path_globs && trace->path_globs[count])
		count++;
	if (!count)
		return 0;
	error = mica_path_set_new((const char *const *)trace->path_globs, count, &trace->paths, &limit);
	if (error == -E2BIG)
		argp_failure(state, MICA_EXIT_USAGE, 0, "--path: more than %llu %s", (unsigned long long)limit.most,
			     limit.what);
	return error;
}

/** `interval`: NULL when none is given. */
static int set_statistics(struct argp_state *state, struct mica_trace_options *trace, const char *interval)
{
	trace->statistics = true;
	if (interval && (mica_format_parse_duration(interval, &trace->statistics_interval_ns) ||
			 trace->statistics_interval_ns < SHORTEST_INTERVAL_NS))
		argp_failure(state, MICA_EXIT_USAGE, 0,
			     "--stats '%s' is not an interval of 100ms or more: 500ms, 1s, 1m", interval);
	return 0;
}

static int no_event_left(struct argp_state *state, const struct mica_trace_options *trace)
{
	const char *given[] = {
		trace->events ? "--event" : NULL,        trace->volumes ? "--volume" : NULL,
		trace->unions ? "--union" : NULL,        trace->path_globs ? "--path" : NULL,
		trace->min_bytes ? "--min-bytes" : NULL, trace->min_latency_ns ? "--min-latency" : NULL,
	};
	_cleanup_buffer_ struct mica_buffer names = {};
	const char *text;

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (given[i])
			(void)mica_buffer_appendf(&names, "%s%s", names.size ? " and " : "", given[i]);
	text = mica_buffer_string(&names);
	argp_failure(state, MICA_EXIT_USAGE, 0, "no event passes %s", text ? text : "all options");
	return 0;
}

/** What is wrong with options that are right by themselves. */
static int check_together(struct argp_state *state, struct mica_trace_options *trace)
{
	if (trace->statistics && trace->no_summary)
		argp_failure(state, MICA_EXIT_USAGE, 0, "--no-summary leaves nothing of --stats");
	if (mica_trace_narrow_events(trace))
		return no_event_left(state, trace);
	return compile_paths(state, trace);
}

/** The options that say what is shown. */
static error_t parse_selection(int key, char *argument, struct argp_state *state)
{
	struct mica_trace_options *trace = state->input;
	uint64_t number = 0;

	switch (key) {
	case 'c':
		return -add_name(&trace->containers, argument);
	case OPTION_IMAGE:
		if (!*argument)
			argp_failure(state, MICA_EXIT_USAGE, 0, "--image '' names no image");
		return -add_name(&trace->images, argument);
	case OPTION_VOLUME:
		return -add_name(&trace->volumes, argument);
	case OPTION_UNION:
		return -add_name(&trace->unions, argument);
	case OPTION_PATH:
		return -add_path(state, trace, argument);
	case OPTION_MIN_BYTES:
		return -set_min_bytes(state, trace, argument);
	case OPTION_MIN_LATENCY:
		return -set_min_latency(state, trace, argument);
	case 'n':
		if (parse_number(argument, UINT32_MAX, &number))
			argp_failure(state, MICA_EXIT_USAGE, 0, "'%s' is not the number of a namespace", argument);
		return -add_namespace(trace, number);
	case 'e':
		return -add_events(state, trace, argument);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct mica_trace_options *trace = state->input;
	uint64_t number = 0;

	switch (key) {
	case OPTION_STATS:
		return -set_statistics(state, trace, argument);
	case 'j':
		trace->json = true;
		return 0;
	case OPTION_NO_SUMMARY:
		trace->no_summary = true;
		return 0;
	case 'N':
		if (parse_number(argument, UINT64_MAX, &trace->count))
			argp_failure(state, MICA_EXIT_USAGE, 0, "'%s' is not a number of events", argument);
		return 0;
	case OPTION_FOR:
		if (mica_format_parse_duration(argument, &trace->duration_ns) || trace->duration_ns == 0)
			argp_failure(state, MICA_EXIT_USAGE, 0, "'%s' is not a duration: 500ms, 30s, 10m, 2h",
				     argument);
		return 0;
	case OPTION_RING_SIZE:
		if (parse_number(argument, 1024, &number) || (number & (number - 1)))
			argp_failure(state, MICA_EXIT_USAGE, 0, "'%s' is not a size: 1, 2, 4 … 1024 MiB", argument);
		trace->ring_bytes = number << 20;
		return 0;
	case ARGP_KEY_END:
		return -check_together(state, trace);
	default:
		return parse_selection(key, argument, state);
	}
}

static void free_names(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

static void free_options(struct mica_trace_options *trace)
{
	free_names(trace->containers);
	free_names(trace->images);
	free_names(trace->volumes);
	free_names(trace->unions);
	free_names(trace->path_globs);
	mica_path_set_free(&trace->paths);
	free(trace->namespaces);
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.doc = "Shows live what containers do to their file systems: copy-ups, whiteouts, files that come, go "
		       "and move, "
		       "mounts.\vWithout options: everything that happens in a container or on a union. Needs root.",
	};
	_cleanup_(free_options) struct mica_trace_options trace = { .ring_bytes = 8 << 20 };
	int error = mica_cmd_parse(&argp, argc, argv, &trace);

	if (error) {
		mica_log_error_errno(error, "cannot read the command line");
		return MICA_EXIT_FAILURE;
	}
	return mica_trace_run(&trace);
}

const struct mica_command mica_command_trace = {
	.name = "trace",
	.summary = "show live what containers do to their file systems",
	.run = run,
};
