/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is counted (statistics.c) and printed (statistics_text.c, statistics_json.c).
 */
#ifndef MICA_STREAM_STATISTICS_INTERNAL_H
#define MICA_STREAM_STATISTICS_INTERNAL_H

#include <search.h>

#include "stream/statistics.h"

/* Bucket i counts durations below 2^i ns that are in no lower bucket. */
#define BUCKETS 65

/* Whose a row is, in the order of the table. */
enum mica_rank {
	MICA_RANK_CONTAINER,
	MICA_RANK_HOST,
	/** Another mount namespace. */
	MICA_RANK_OTHER,
};

/* What a row is about. Strings are the event's in a key to search with, copies in a row. */
struct row_key {
	enum mica_rank rank;
	/** Of another namespace. */
	uint32_t mnt_ns;
	const char *id;
	const char *name;
	/* What its label is made of, and no more; the role follows from the rest. */
	struct mica_object object;
};

struct row {
	struct row_key key;
	char *container_label;
	char *object_label;
	/** As at the first event of the row. */
	const char *image, *engine;
	uint64_t copy_ups, bytes, whiteouts, creates, deletes, renames;
	/** Calls; bytes as the kernel returned, and asked for where it does not. */
	uint64_t writes, bytes_written, bytes_requested;
	uint64_t durations[BUCKETS];
};

/* A power of two. */
#define RECENT_ROWS 16

struct mica_statistics {
	/** Root of the tree of struct row. */
	void *rows;
	/** Rows of the last events: mostly also those of the next. */
	struct row *recent[RECENT_ROWS];
	uint64_t events;
	uint64_t lost;
	/** MICA_EVENT_NONE: of several types. */
	uint64_t lost_by[_MICA_LOST_MAX][_MICA_EVENT_MAX];
};

/**
 * A percentile of a row's copy-ups: the upper bound of the smallest bucket with at least that share at or below it, ns.
 * False: none was timed.
 */
bool mica_statistics_percentile(const struct row *row, unsigned percent, uint64_t *ret_ns);

/** The row of a node as twalk_r(3) visits it; NULL at other visits than the one in the order of the table. */
const struct row *mica_statistics_row(const void *node, VISIT visit);

#endif
