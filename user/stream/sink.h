/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where events go. Each sink writes to a FILE; a write error is sticky there (ferror) and the caller's to report.
 */
#ifndef MICA_STREAM_SINK_H
#define MICA_STREAM_SINK_H

#include <stdbool.h>
#include <stdio.h>

#include "stream/event.h"

struct mica_json_memory;

struct mica_sink_context {
	/** Path of a cgroup id, or NULL; may be NULL itself. */
	const char *(*cgroup_path)(uint64_t cgroup_id, void *userdata);
	void *userdata;
	/** What mica_sink_json keeps from event to event, lines that are not written yet included (json_memory.h).
	 * NULL: nothing; each line is written at once. */
	struct mica_json_memory *memory;
};

/**
 * One JSON object and a newline (DESIGN.md section 5; mica-events(5)). With a memory lines are held back until there
 * are 64 KiB of them: call mica_sink_json_flush at the end of a batch. 0; -ENOMEM: this event has no line; -EIO: `out`
 * fails, errno says why, and `line_count` of the memory how many lines it may not have.
 */
int mica_sink_json(FILE *out, const struct mica_event *event, const struct mica_sink_context *context);
/** Writes the lines that are held back, and what `out` holds back. 0 or -EIO as above. */
int mica_sink_json_flush(FILE *out, struct mica_json_memory *memory);

struct mica_text_options {
	bool colour;
	/** Columns of the terminal; 0: no limit. Lines are never cut: only padding depends on it. */
	unsigned width;
};

/** One aligned line; control bytes and invalid UTF-8 are escaped (\n, \xff), so a name cannot forge a line. */
int mica_sink_text(FILE *out, const struct mica_event *event, const struct mica_text_options *options);
/** The heading line for the columns of mica_sink_text. */
int mica_sink_text_heading(FILE *out, const struct mica_text_options *options);

#endif
