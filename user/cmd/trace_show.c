// SPDX-License-Identifier: BSD-2-Clause
/*
 * What `mica trace` writes to stdout: events, losses, totals.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/trace_internal.h"

#define OUTPUT_BYTES (256 << 10)

static const char *cgroup_path(uint64_t cgroup_id, void *userdata)
{
	struct trace *trace = userdata;

	return mica_identity_cgroup_path(trace->identity, cgroup_id);
}

/** To be called at once, while errno says why. */
static void fail_output(struct trace *trace)
{
	trace->output_error = errno ? errno : EIO;
	trace->done = true;
	trace->not_written += trace->memory.line_count;
}

/** Writes what is held back. */
void mica_trace_flush(struct trace *trace)
{
	if (trace->output_error)
		return;
	if (trace->options->json ? mica_sink_json_flush(stdout, &trace->memory) : fflush(stdout))
		fail_output(trace);
}

static int write_event(struct trace *trace, const struct mica_event *event)
{
	const struct mica_sink_context context = { .cgroup_path = cgroup_path,
						   .userdata = trace,
						   .memory = &trace->memory };
	int error;

	if (trace->output_error) {
		trace->not_written++;
		return 0;
	}
	error = trace->options->json ? mica_sink_json(stdout, event, &context)
				     : mica_sink_text(stdout, event, &trace->text);
	if (error != -EIO)
		return error;
	fail_output(trace);
	trace->not_written += !trace->options->json;
	return 0;
}

int mica_trace_show(struct trace *trace, const struct mica_event *event)
{
	int error = mica_statistics_add(trace->statistics, event);

	if (!error && !trace->options->statistics)
		error = write_event(trace, event);
	if (event->record.type != MICA_EVENT_LOST && ++trace->shown == trace->options->count)
		trace->done = true;
	return error;
}

/** A file outside of unions, in a namespace that turned out to be no container's. */
static bool is_others_file(const struct mica_event *event)
{
	return event->mount_namespace && event->mount_namespace->kind == MICA_NAMESPACE_OTHER && !event->container &&
	       event->object.kind >= MICA_OBJECT_VOLUME && event->record.type < MICA_EVENT_MOUNT;
}

int mica_trace_pass(const struct mica_event *event, void *userdata)
{
	struct trace *trace = userdata;

	/* What comes after the last event that was asked for is not wanted. */
	if ((trace->done && !trace->output_error) || is_others_file(event))
		return 0;
	return mica_trace_shows(&trace->selection, event) ? mica_trace_show(trace, event) : 0;
}

static int show_loss(struct trace *trace, unsigned type, unsigned cause, uint64_t count)
{
	struct mica_event event = {
		.record.type = MICA_EVENT_LOST,
		.time_ns = mica_clock_ns(CLOCK_REALTIME),
		.lost_count = count,
		.lost_cause = cause,
		.lost_of = type,
	};

	return mica_trace_show(trace, &event);
}

/** Shows what was lost since the last look. */
int mica_trace_show_losses(struct trace *trace)
{
	struct mica_losses losses;
	int error = mica_kernel_losses(trace->kernel, &losses);

	if (error)
		return error;
	losses.count[MICA_EVENT_NONE][MICA_LOST_UNREADABLE] = trace->unreadable;
	for (unsigned type = 0; type < _MICA_EVENT_MAX; type++) {
		for (unsigned cause = 0; cause < _MICA_LOST_MAX; cause++) {
			uint64_t lost = losses.count[type][cause] - trace->losses.count[type][cause];

			if (lost)
				error = show_loss(trace, type, cause, lost);
			if (error)
				return error;
		}
	}
	trace->losses = losses;
	return 0;
}

/** --stats: the totals so far. */
static int print_statistics(struct trace *trace)
{
	int error;

	if (trace->output_error)
		return 0;
	error = mica_trace_print_statistics(trace->options, trace->statistics, trace->kernel, &trace->start, stdout);
	if (error == -EIO || fflush(stdout)) {
		fail_output(trace);
		return 0;
	}
	return error;
}

/** --stats INTERVAL: the totals when it is time. */
int mica_trace_show_statistics_due(struct trace *trace, uint64_t now)
{
	int error;

	if (!trace->options->statistics_interval_ns ||
	    now - trace->statistics_ns < trace->options->statistics_interval_ns)
		return 0;
	trace->statistics_ns = now;
	error = mica_trace_show_losses(trace);
	return error ? error : print_statistics(trace);
}

int mica_trace_show_summary(struct trace *trace)
{
	/* With JSON on stdout the summary must not be in its way. */
	FILE *out = trace->options->json ? stderr : stdout;

	if (trace->options->no_summary || trace->output_error)
		return 0;
	if (trace->options->statistics)
		return print_statistics(trace);
	(void)fputc('\n', out);
	return mica_statistics_print(trace->statistics, out);
}

void mica_trace_set_up_output(struct trace *trace)
{
	const char *no_color = getenv("NO_COLOR");
	struct winsize size = {};

	trace->text.colour = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		trace->text.width = size.ws_col;
	/* One write a batch, not one a line. */
	(void)setvbuf(stdout, NULL, _IOFBF, OUTPUT_BYTES);
	if (!trace->options->json && !trace->options->statistics)
		(void)mica_sink_text_heading(stdout, &trace->text);
	(void)fflush(stdout);
}
