// SPDX-License-Identifier: BSD-2-Clause
/*
 * The loop of `mica trace`: ring → decode → identify → select → sink.
 */
#include <errno.h>
#include <poll.h>
#include <stdio_ext.h>
#include <sys/statfs.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/signals.h"
#include "cmd/trace_internal.h"
#include "stream/identify.h"

/** Records are announced in batches; a live trace looks at least this often. */
#define READ_INTERVAL_MS 100
/** The engines are asked for news at most this often, and records of mounts looked for at least this often. */
#define SETTLE_INTERVAL_MS 5
#define SETTLE_INTERVAL_NS (SETTLE_INTERVAL_MS * 1000000ULL)
/** Unions described at a time while mica starts: a fraction of the smallest ring buffer. */
#define SCAN_BATCH 16
/** For events that wait for their container's name. */
#define HOLD_BYTES ((size_t)16 << 20)

/** CLOCK_REALTIME - CLOCK_BOOTTIME, from the try in which both were read closest together. */
static int64_t clock_offset(void)
{
	uint64_t best = UINT64_MAX;
	int64_t offset = 0;

	for (int try = 0; try < 5; try++) {
		uint64_t before = mica_clock_ns(CLOCK_BOOTTIME);
		uint64_t wall = mica_clock_ns(CLOCK_REALTIME);
		uint64_t span = mica_clock_ns(CLOCK_BOOTTIME) - before;

		if (span >= best)
			continue;
		best = span;
		offset = (int64_t)(wall - before - span / 2);
	}
	return offset;
}

/** Shows an event, or holds it back: for its container's name, or behind one that waits. */
static int show_or_hold(struct trace *trace, const struct mica_event *event, struct mica_bytes path,
			struct mica_bytes source)
{
	bool shown = mica_trace_select(&trace->selection, event);

	if (trace->options->events && !(trace->options->events >> event->record.type & 1))
		return 0;
	if (!event->wait_until_ns && !mica_hold_waits(&trace->hold))
		return shown ? mica_trace_show(trace, event) : 0;
	if (!event->wait_until_ns && !shown)
		return 0;
	/* Its cgroup may be gone when it is shown. */
	(void)mica_identity_cgroup_path(trace->identity, event->record.cgroup_id);
	return mica_hold_add(&trace->hold, event, path, source);
}

/** One record from the ring. What comes after the last event that was asked for stays there. */
static int take(const void *record, size_t size, void *userdata)
{
	struct trace *trace = userdata;
	struct mica_bytes path, source;
	struct mica_event event;
	int error;

	if (trace->done && trace->shown == trace->options->count && trace->options->count)
		return 0;
	if (mica_decode(&trace->decoder, record, size, &event)) {
		trace->unreadable++;
		return 0;
	}
	path = event.path;
	source = event.source;
	event.time_ns = event.record.time_ns + trace->clock_offset_ns;
	error = mica_identify(trace->identity, &event);
	if (error)
		return error > 0 ? 0 : error;
	if (event.record.union_id && !mica_identity_knows_union(trace->identity, event.record.union_id))
		trace->scan_again = true;
	error = show_or_hold(trace, &event, path, source);
	mica_trace_select_done(&trace->selection, &event);
	mica_identify_done(trace->identity, &event);
	return error;
}

/** Reads all records that are there, and passes them on at once; with `all` also those that are held back. */
static int drain(struct trace *trace, bool all)
{
	int error, count = mica_kernel_read(trace->kernel);

	error = mica_hold_release(&trace->hold, mica_clock_ns(CLOCK_MONOTONIC), all);
	mica_trace_flush(trace);
	return count < 0 ? count : error;
}

static int visit_union(const char *path, void *userdata)
{
	struct trace *trace = userdata;
	struct statfs unused;

	/* The answer comes through the ring, from the program on ovl_statfs. A union that is gone by now said so
	 * itself. */
	(void)statfs(path, &unused);
	return ++trace->scanned % SCAN_BATCH ? 0 : drain(trace, false);
}

static int visit_namespace(const struct mica_found_namespace *found, void *userdata)
{
	(void)found;
	(void)userdata;
	return 0;
}

/** What is looked at once a second. */
static int look_around(struct trace *trace)
{
	trace->clock_offset_ns = clock_offset();
	if (trace->scan_again) {
		trace->scan_again = false;
		(void)mica_identity_scan(trace->identity, visit_namespace, visit_union, trace);
	}
	int error = mica_kernel_report_writes(trace->kernel);

	if (!error)
		error = drain(trace, false);
	return error ? error : mica_trace_show_losses(trace);
}

/** Takes in what the engines have made known since, before the events that came after it. `told`: there are news. */
static int settle(struct trace *trace, bool told)
{
	uint64_t now = mica_clock_ns(CLOCK_MONOTONIC);

	trace->news |= told;
	if (now - trace->settled_ns < SETTLE_INTERVAL_NS)
		return 0;
	trace->news = false;
	trace->settled_ns = now;
	return mica_trace_select_settled(&trace->selection, trace->identity);
}

static int read_interval_ms(const struct trace *trace)
{
	uint64_t now = mica_clock_ns(CLOCK_MONOTONIC);

	return trace->news || now - mica_kernel_woken_ns(trace->kernel) < SETTLE_INTERVAL_NS ? SETTLE_INTERVAL_MS
											     : READ_INTERVAL_MS;
}

/** Until the end that was asked for, or a signal. */
static int loop(struct trace *trace, int signals)
{
	struct pollfd fds[] = { { .fd = mica_kernel_fd(trace->kernel), .events = POLLIN },
				{ .fd = signals, .events = POLLIN },
				{ .fd = mica_identity_fd(trace->identity), .events = POLLIN } };
	uint64_t start = mica_clock_ns(CLOCK_MONOTONIC), looked = start, now;
	int error;

	trace->statistics_ns = start;

	while (!trace->done) {
		/* News that must wait are not asked for again. */
		if (poll(fds, trace->news ? 2 : 3, read_interval_ms(trace)) < 0 && errno != EINTR)
			return -errno;
		error = settle(trace, fds[2].revents);
		fds[2].revents = 0;
		if (!error)
			error = drain(trace, false);
		if (error)
			return error;
		if (fds[1].revents)
			return 0;
		now = mica_clock_ns(CLOCK_MONOTONIC);
		if (now - looked >= SECOND_NS) {
			looked = now;
			error = look_around(trace);
			if (error)
				return error;
		}
		error = mica_trace_show_statistics_due(trace, now);
		if (error)
			return error;
		if (trace->options->duration_ns && now - start >= trace->options->duration_ns)
			return 0;
	}
	return 0;
}

static int finish(struct trace *trace)
{
	int error;

	mica_kernel_detach(trace->kernel);
	trace->settled_ns = 0;
	error = settle(trace, true);
	if (!error)
		error = mica_kernel_report_writes(trace->kernel);
	if (!error)
		error = drain(trace, true);
	if (trace->hold.hurried)
		mica_log_warning(
			"%llu events were shown before the name of their container was known: too many at once",
			(unsigned long long)trace->hold.hurried);
	if (!error)
		error = mica_trace_show_losses(trace);
	return error;
}

/** Types that are needed to know who is who, shown or not. */
static uint64_t wanted_events(const struct mica_trace_options *options)
{
	const uint64_t always = 1ULL << MICA_EVENT_UNION_UP | 1ULL << MICA_EVENT_UNION_DOWN |
				1ULL << MICA_EVENT_NAMESPACE_CREATED | 1ULL << MICA_EVENT_NAMESPACE_GONE;

	return options->events ? options->events | always : UINT64_MAX;
}

static int trace_events(struct trace *trace, int signals)
{
	int error;

	trace->start = mica_trace_start_now();
	trace->clock_offset_ns = clock_offset();
	mica_trace_set_up_output(trace);
	error = mica_identity_scan(trace->identity, visit_namespace, visit_union, trace);
	if (!error)
		error = drain(trace, false);
	if (!error)
		mica_log_info("tracing; Ctrl-C ends");
	if (!error)
		error = loop(trace, signals);
	if (!error)
		error = finish(trace);
	mica_trace_flush(trace);
	if (!error)
		error = mica_trace_show_summary(trace);
	if (error)
		return mica_log_error_errno(error, "cannot read the kernel's events"), MICA_EXIT_FAILURE;
	if (!trace->output_error)
		return MICA_EXIT_OK;
	/* It is said here, so it must not be found again when stdout is closed. */
	__fpurge(stdout);
	clearerr(stdout);
	/* Whoever closes a pipe has seen enough. */
	if (trace->output_error == EPIPE)
		return MICA_EXIT_OK;
	mica_log_error_errno(trace->output_error, "cannot write the events; %llu were not written",
			     (unsigned long long)trace->not_written);
	return MICA_EXIT_FAILURE;
}

static void free_trace(struct trace *trace)
{
	mica_kernel_close(&trace->kernel);
	mica_json_memory_free(&trace->memory);
	mica_hold_free(&trace->hold);
	mica_trace_selection_free(&trace->selection);
	mica_statistics_free(&trace->statistics);
	mica_identity_free(&trace->identity);
}

int mica_trace_run(const struct mica_trace_options *options)
{
	_cleanup_(free_trace) struct trace trace = { .options = options, .selection.options = options };
	const struct mica_kernel_options kernel_options = {
		.events = wanted_events(options),
		.ring_bytes = options->ring_bytes,
		.min_copy_up_bytes = options->min_bytes,
		.min_copy_up_ns = options->min_latency_ns,
		.no_union_files = options->volumes && !options->unions,
		.take = take,
		.userdata = &trace,
	};
	struct mica_problem problem;
	_cleanup_close_ int signals = -EBADF;
	int error;

	error = mica_identity_new(NULL, &trace.identity);
	if (!error)
		error = mica_statistics_new(&trace.statistics);
	if (error) {
		mica_log_error_errno(error, "cannot start: the host's mounts cannot be read");
		return MICA_EXIT_FAILURE;
	}
	if (mica_trace_check_names(options, trace.identity))
		return MICA_EXIT_USAGE;
	signals = mica_signals_open();
	if (signals < 0) {
		mica_log_error_errno(signals, "cannot start");
		return MICA_EXIT_FAILURE;
	}
	error = mica_kernel_open(&kernel_options, &trace.kernel, &problem);
	if (error) {
		mica_log_error("cannot trace: %s%s%s", problem.what, *problem.remedy ? "; " : "", problem.remedy);
		return error == -ENOMEM ? MICA_EXIT_FAILURE : MICA_EXIT_UNSUPPORTED;
	}
	trace.selection.kernel = trace.kernel;
	trace.hold = (struct mica_hold){
		.limit = HOLD_BYTES, .pass = mica_trace_pass, .userdata = &trace, .identity = trace.identity
	};
	return trace_events(&trace, signals);
}
