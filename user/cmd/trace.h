/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of `mica trace` share: options (trace.c), what they match (trace_match.c), do they name what exists
 * (trace_check.c), what the kernel is told (trace_select.c), the loop (trace_run.c), --stats (trace_stats.c).
 *
 * Options of different kinds narrow the selection, repeats of one kind widen it.
 */
#ifndef MICA_CMD_TRACE_H
#define MICA_CMD_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "container/identity.h"
#include "container/table.h"
#include "kernel/kernel.h"
#include "policy/path_set.h"
#include "stream/event.h"
#include "stream/statistics.h"

struct mica_trace_options {
	bool json;
	/** The table at the end. */
	bool no_summary;
	/** Ends after this many events; 0: no limit. */
	uint64_t count;
	/** Ends after this time, ns; 0: no limit. */
	uint64_t duration_ns;
	/** Size of the ring buffer in bytes. */
	uint64_t ring_bytes;
	/** Bit n: events of type n; 0: all. Also what the other options leave: see mica_trace_narrow_events. */
	uint64_t events;
	/** Names or ids, NULL-terminated; owned. */
	char **containers;
	/** Inode numbers of mount namespaces, 0-terminated; owned. */
	uint32_t *namespaces;
	/** As mica_image_matches takes them, NULL-terminated; owned. */
	char **images;
	/** As mica_trace_volume_matches takes them, NULL-terminated; owned. */
	char **volumes;
	/** As mica_trace_union_matches takes them, NULL-terminated; owned. */
	char **unions;
	/** Path globs that passed the check, NULL-terminated; owned. */
	char **path_globs;
	/** What they match; NULL without them. Owned. */
	struct mica_path_set *paths;
	/** 0: no limit. */
	uint64_t min_bytes;
	uint64_t min_latency_ns;
	/** No events, only totals. */
	bool statistics;
	/** The totals so far each time this has passed; 0: only at the end. */
	uint64_t statistics_interval_ns;
};

/* trace_match.c: pure. */

/** Bits of the events that --volume, --path, --union, --min-bytes and --min-latency can show. Each has `lost`. */
#define MICA_TRACE_VOLUME_EVENTS                                                                                       \
	(1ULL << MICA_EVENT_CREATE | 1ULL << MICA_EVENT_DELETE | 1ULL << MICA_EVENT_RENAME | 1ULL << MICA_EVENT_LINK | \
	 1ULL << MICA_EVENT_WRITE | 1ULL << MICA_EVENT_MOUNT | 1ULL << MICA_EVENT_UMOUNT |                             \
	 1ULL << MICA_EVENT_MOVE_MOUNT | 1ULL << MICA_EVENT_REMOUNT | 1ULL << MICA_EVENT_MOUNT_SETATTR |               \
	 1ULL << MICA_EVENT_OPEN_TREE | 1ULL << MICA_EVENT_PIVOT_ROOT | 1ULL << MICA_EVENT_DENY |                      \
	 1ULL << MICA_EVENT_AUDIT | 1ULL << MICA_EVENT_LOST)
/** The same of --path: those that can have one. `lost` has none, but is always shown. */
#define MICA_TRACE_PATH_EVENTS                                                                                  \
	(((1ULL << _MICA_EVENT_MAX) - 2) &                                                                      \
	 ~(1ULL << MICA_EVENT_UNION_UP | 1ULL << MICA_EVENT_UNION_DOWN | 1ULL << MICA_EVENT_NAMESPACE_CREATED | \
	   1ULL << MICA_EVENT_NAMESPACE_GONE | 1ULL << MICA_RECORD_UNION_LAYER | 1ULL << MICA_EVENT_FSOPEN |    \
	   1ULL << MICA_EVENT_FSCONFIG))
/** The same of --union: what happens in one, and to it. */
#define MICA_TRACE_UNION_EVENTS (MICA_TRACE_PATH_EVENTS | 1ULL << MICA_EVENT_UNION_UP | 1ULL << MICA_EVENT_UNION_DOWN)
#define MICA_TRACE_BYTES_EVENTS (1ULL << MICA_EVENT_COPY_UP | 1ULL << MICA_EVENT_WRITE | 1ULL << MICA_EVENT_LOST)
#define MICA_TRACE_LATENCY_EVENTS (1ULL << MICA_EVENT_COPY_UP | 1ULL << MICA_EVENT_LOST)

enum mica_trace_match {
	MICA_TRACE_NO,
	MICA_TRACE_YES,
	/** Not known yet, or not to be known. */
	MICA_TRACE_PERHAPS,
};

/** Takes from `events` what the other options never show. 0, or -ENOENT: nothing is left. */
int mica_trace_narrow_events(struct mica_trace_options *options);

/** Is this a container by the name or id that a user typed? */
bool mica_trace_container_matches(const char *name, const struct mica_container *container);
/**
 * Is this the volume that a user typed: a named one by its name or a glob of it, an anonymous one by its id or the
 * first 12 or more digits of it, any by its directory on the host (absolute)? `name`, `directory`: as in struct
 * mica_object; `directory` may be NULL.
 */
bool mica_trace_volume_matches(const char *pattern, const char *name, const char *directory);

/**
 * Is the union that an event's object lies in the one that a user typed: by its container's name or a glob of it, by
 * the container's id or the first 12 or more digits of it, or by a directory on the host (absolute), where it is
 * mounted or its upper?
 */
bool mica_trace_union_matches(const char *pattern, const struct mica_event *event);

/** Does a container pass --container and --image? NULL: PERHAPS, unless neither is given. */
enum mica_trace_match mica_trace_match_container(const struct mica_trace_options *options,
						 const struct mica_container *container);
/** Does an event pass --union or --volume, --path, --min-bytes and --min-latency? What an event does not tell for sure
 *  passes; `lost` always does. */
bool mica_trace_match_event(const struct mica_trace_options *options, const struct mica_event *event);

/** What was found out about namespaces and unions, and told to the kernel. */
struct mica_trace_selection {
	const struct mica_trace_options *options;
	struct mica_kernel *kernel;
	/** Namespace id or union id -> enum mica_selection + 1 as a pointer. */
	struct mica_table namespaces;
	struct mica_table unions;
};

/** Are --container, --image or --namespace given? */
bool mica_trace_selects(const struct mica_trace_options *options);

/**
 * Tells the kernel what is now known of the event's namespace and union. True: the event is to be shown. What is not
 * known yet passes.
 */
bool mica_trace_select(struct mica_trace_selection *selection, const struct mica_event *event);
/** The same without telling the kernel: for an event that was held back, whose namespace may be gone. */
bool mica_trace_shows(const struct mica_trace_selection *selection, const struct mica_event *event);
/** Tells the kernel of namespaces whose container has become known only now. 0 or -ENOMEM. */
int mica_trace_select_settled(struct mica_trace_selection *selection, struct mica_identity *identity);
/** Forgets the namespace or union whose end the event reports. */
void mica_trace_select_done(struct mica_trace_selection *selection, const struct mica_event *event);
void mica_trace_selection_free(struct mica_trace_selection *selection);

/**
 * Checks that the containers, namespaces, unions and volumes asked for exist; says which does not, with the nearest
 * name. Images and host directories may come to be used: it only says that nobody does. 0 or -ENOENT.
 */
int mica_trace_check_names(const struct mica_trace_options *options, struct mica_identity *identity);

/* trace_stats.c */

/** What was so when the trace began. */
struct mica_trace_start {
	/** CLOCK_MONOTONIC. */
	uint64_t time_ns;
	/** What mica had used to get ready. */
	uint64_t cpu_ns;
};
struct mica_trace_start mica_trace_start_now(void);

/**
 * Prints the totals since `start` (options->json: as JSON) and what it costs to watch; with an interval below the time.
 * 0, -ENOMEM, or -EIO when `out` fails.
 */
int mica_trace_print_statistics(const struct mica_trace_options *options, const struct mica_statistics *statistics,
				const struct mica_kernel *kernel, const struct mica_trace_start *start, FILE *out);

/** Runs the trace until its end, a signal, or an error. Exit status. */
int mica_trace_run(const struct mica_trace_options *options);

#endif
