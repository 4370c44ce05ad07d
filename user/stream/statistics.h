/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Totals of a stream: per container and layer, for the summary of `mica trace`.
 */
#ifndef MICA_STREAM_STATISTICS_H
#define MICA_STREAM_STATISTICS_H

#include <stdio.h>

#include "stream/event.h"

struct mica_statistics;

int mica_statistics_new(struct mica_statistics **ret);
void mica_statistics_free(struct mica_statistics **statistics);
/** Counts one event. 0 or -ENOMEM. */
int mica_statistics_add(struct mica_statistics *statistics, const struct mica_event *event);
/** Number of events added, `lost` not included; number lost in all, MICA_LOST_DETAIL not included. */
uint64_t mica_statistics_events(const struct mica_statistics *statistics);
uint64_t mica_statistics_lost(const struct mica_statistics *statistics);
/**
 * Prints the table: a row per container and object (layer 2/5 …, upper, volume NAME …) with copy-ups, bytes copied,
 * p50 and p99 of the copy-up's duration (from log2 histograms: upper bound of the bucket), whiteouts, creates,
 * deletes, renames, bytes written (what failed is in no row); then lost events by cause and type. 0 or -EIO.
 */
int mica_statistics_print(const struct mica_statistics *statistics, FILE *out);

/** What it costs to watch, since the start. */
struct mica_statistics_cost {
	uint64_t elapsed_ns;
	/** User and system time of mica's own process, of that time. */
	uint64_t cpu_ns;
	/** Largest resident size of that. */
	uint64_t memory_bytes;
	/** The buffer between kernel and mica, and how much of it was full at most. */
	uint64_t ring_bytes;
	uint64_t ring_peak_bytes;
};

/** Two lines. 0 or -EIO. */
int mica_statistics_print_cost(const struct mica_statistics_cost *cost, FILE *out);
/** The same as JSON (mica-trace(8)): an object a row, and one of the totals, each a line. `time_ns`: wall clock. 0,
 *  -ENOMEM or -EIO. */
int mica_statistics_print_json(const struct mica_statistics *statistics, const struct mica_statistics_cost *cost,
			       uint64_t time_ns, FILE *out);

#endif
