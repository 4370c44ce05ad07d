/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what the kernel tells of its decisions to what people are told: which rule it was, and how often.
 */
#ifndef MICA_ENFORCE_DECISIONS_H
#define MICA_ENFORCE_DECISIONS_H

#include <stdio.h>

#include "enforce/force.h"
#include "enforce/objects.h"
#include "kernel/enforcer.h"
#include "stream/event.h"

/** The words for each counter of a set, made when they are asked for first. Initialise with `force`. */
struct mica_decisions {
	/** Borrowed. */
	const struct mica_force *force;
	struct mica_decision_words *words;
};

/** What is counted in a counter; but for the operation. What has no words is NULL. */
void mica_decisions_get(struct mica_decisions *decisions, uint32_t counter, struct mica_event_decision *ret);
void mica_decisions_free(struct mica_decisions *decisions);

/**
 * A denial as an event, without a container; `record` is its bytes, and lives longer than the event. -EPROTO: another
 * ABI; -EBADMSG: it contradicts itself. `decisions` NULL: its set is not known (any more). `clock_offset_ns`:
 * CLOCK_REALTIME - CLOCK_BOOTTIME. Pure but for memory.
 */
int mica_denial_event(const struct mica_denial *denial, struct mica_decisions *decisions,
		      const struct mica_numbered_objects *objects, int64_t clock_offset_ns, struct mica_event *ret);

/** How totals are shown. */
struct mica_totals_options {
	bool json;
	/** Also what was never counted. */
	bool all;
	/** Wall clock, ns since the epoch: of the JSON. */
	uint64_t time_ns;
};

/**
 * Prints the counters of a set, one for each of its counters: a table, or "totals" objects. Nothing but the heading
 * where there is nothing to tell. 0, -ENOMEM, or -EIO.
 */
int mica_totals_print(FILE *out, struct mica_decisions *decisions, const struct mica_enforce_counter *counters,
		      const struct mica_totals_options *options);

#endif
