// SPDX-License-Identifier: BSD-2-Clause
/*
 * What `mica trace --stats` prints.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "cmd/trace_internal.h"

static uint64_t nanoseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * SECOND_NS + (uint64_t)time->tv_usec * 1000;
}

static uint64_t cpu_ns(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		return 0;
	return nanoseconds(&usage.ru_utime) + nanoseconds(&usage.ru_stime);
}

struct mica_trace_start mica_trace_start_now(void)
{
	return (struct mica_trace_start){ .time_ns = mica_clock_ns(CLOCK_MONOTONIC), .cpu_ns = cpu_ns() };
}

static struct mica_statistics_cost cost_since(const struct mica_trace_start *start,
					      const struct mica_trace_options *options,
					      const struct mica_kernel *kernel)
{
	struct mica_trace_start now = mica_trace_start_now();
	struct mica_statistics_cost cost = {
		.elapsed_ns = now.time_ns - start->time_ns,
		.cpu_ns = now.cpu_ns - start->cpu_ns,
		.ring_bytes = options->ring_bytes,
		.ring_peak_bytes = mica_kernel_ring_peak(kernel),
	};
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) == 0)
		cost.memory_bytes = (uint64_t)usage.ru_maxrss * 1024; /* getrusage(2): in KiB */
	return cost;
}

static void print_time(uint64_t time_ns, FILE *out)
{
	time_t seconds = (time_t)(time_ns / SECOND_NS);
	char text[sizeof("2026-11-24 20:00:00")];
	struct tm tm;

	if (localtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%F %T", &tm))
		(void)fprintf(out, "%s\n", text);
}

int mica_trace_print_statistics(const struct mica_trace_options *options, const struct mica_statistics *statistics,
				const struct mica_kernel *kernel, const struct mica_trace_start *start, FILE *out)
{
	const struct mica_statistics_cost cost = cost_since(start, options, kernel);
	uint64_t time_ns = mica_clock_ns(CLOCK_REALTIME);
	int error;

	if (options->json)
		return mica_statistics_print_json(statistics, &cost, time_ns, out);
	if (options->statistics_interval_ns)
		print_time(time_ns, out);
	error = mica_statistics_print(statistics, out);
	if (!error)
		error = mica_statistics_print_cost(&cost, out);
	if (!error && options->statistics_interval_ns)
		(void)fputc('\n', out);
	return error ? error : ferror(out) ? -EIO : 0;
}
