/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace under way: what its loop (trace_run.c) and its output (trace_show.c) share.
 */
#ifndef MICA_CMD_TRACE_INTERNAL_H
#define MICA_CMD_TRACE_INTERNAL_H

#include <time.h>

#include "cmd/trace.h"
#include "stream/decode.h"
#include "stream/hold.h"
#include "stream/json_memory.h"
#include "stream/sink.h"
#include "stream/statistics.h"

#define SECOND_NS 1000000000ULL

struct trace {
	const struct mica_trace_options *options;
	struct mica_kernel *kernel;
	struct mica_identity *identity;
	struct mica_statistics *statistics;
	struct mica_trace_selection selection;
	struct mica_decoder decoder;
	struct mica_json_memory memory;
	struct mica_hold hold;
	struct mica_text_options text;
	struct mica_losses losses;
	uint64_t unreadable;
	uint64_t shown;
	/** CLOCK_REALTIME - CLOCK_BOOTTIME, ns. */
	int64_t clock_offset_ns;
	unsigned scanned;
	struct mica_trace_start start;
	/** When --stats was last shown. */
	uint64_t statistics_ns;
	/** When the engines were last asked for news. */
	uint64_t settled_ns;
	/** They have news, sooner than that. */
	bool news;
	/** A union was met that the kernel did not describe. */
	bool scan_again;
	/** Why stdout failed, or 0. What comes after that is counted, not written. */
	int output_error;
	uint64_t not_written;
	bool done;
};

/** Buffers stdout, and writes the heading. */
void mica_trace_set_up_output(struct trace *trace);
/** Counts the event, and writes it unless --stats is given. 0 or -ENOMEM; what stdout refuses is counted. */
int mica_trace_show(struct trace *trace, const struct mica_event *event);
/** For the hold: shows an event that waited, if it is still wanted. */
int mica_trace_pass(const struct mica_event *event, void *userdata);
/** Shows what was lost since the last look. 0 or a negative errno. */
int mica_trace_show_losses(struct trace *trace);
/** --stats INTERVAL: the totals when it is time. */
int mica_trace_show_statistics_due(struct trace *trace, uint64_t now);
/** The table at the end. */
int mica_trace_show_summary(struct trace *trace);
/** Writes what is held back. */
void mica_trace_flush(struct trace *trace);

#endif
