/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event after decoding: what every consumer (text, JSON, statistics) gets, live or recorded.
 */
#ifndef MICA_STREAM_EVENT_H
#define MICA_STREAM_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "container/container.h"
#include "mica/event.h"

/** What decided, of deny and audit; strings of who fills it in, NULL: not known. */
struct mica_event_decision {
	/** "write". */
	const char *operation;
	const char *policy;
	/** The rule's name; "isolation/unions", "mounts/otherwise", "volumes/ro" of the other sections. */
	const char *rule;
	/** "web.yaml:9": where that is written. */
	const char *where;
	/** Others by the same rule that were not reported since the one before. */
	uint32_t suppressed;
};

struct mica_event {
	/** The head of the record, copied and aligned. */
	struct mica_record record;
	/** Wall clock, ns since the epoch: record.time_ns plus the offset between both clocks. */
	uint64_t time_ns;
	/** Absolute path in the object ("/etc/passwd"; the object itself is "/"); for mount events in the namespace.
	 *  Empty where the event has none. Points into the decoder's buffer: valid until the next record. */
	struct mica_bytes path;
	/** Old name (rename, link: absolute as `path`), or source of a mount: as the caller wrote it when
	 *  !source_is_path. Empty: none. */
	struct mica_bytes source;
	/** fsconfig: the parameter. They stand in the buffers of `path` and `source`, which are empty then. */
	struct mica_bytes key, value;

	/* Filled by identify; all owned by the identity tables, valid as long as those. */

	/** Container of the task, else the container whose union the object lies in, else NULL. */
	const struct mica_container *container;
	/** Namespace of the task; NULL: not known (yet). */
	const struct mica_namespace *mount_namespace;
	/** Where the data lives. kind == MICA_OBJECT_NONE: the event has no object. */
	struct mica_object object;
	/** Absolute host path of the object; NULL: not visible on the host. Valid until the next event. */
	const char *host_path;
	/** Path as the container sees it, where that is known and differs from `path`; else NULL. */
	const char *container_path;
	/** Of the union that the object lies in, NULL: in none, or not known. Its container, whoever did it. */
	const struct mica_container *union_container;
	/** The same: the directory of its upper on the host. */
	const char *union_upper;

	/** CLOCK_MONOTONIC, ns: until then the container's name may yet become known; 0: no use in waiting. */
	uint64_t wait_until_ns;

	/* deny and audit only */
	struct mica_event_decision decision;

	/* lost events only (record.type == MICA_EVENT_LOST) */
	uint64_t lost_count;
	enum mica_lost_cause lost_cause;
	/** enum mica_event_type that was lost; MICA_EVENT_NONE: of several types. */
	enum mica_event_type lost_of;
};

/** Names as in the JSON ("copy-up"); NULL for an unknown number. */
const char *mica_event_type_name(enum mica_event_type type);
const char *mica_reason_name(enum mica_reason reason);
/** "ring-full", "no-scratch", "no-state", "skipped", "unreadable". */
const char *mica_lost_cause_name(enum mica_lost_cause cause);
/** Type of a name; MICA_EVENT_NONE: no such event. */
enum mica_event_type mica_event_type_from_name(const char *name);

#endif
