/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue between identify and the sinks. An event whose container may yet become known (a runtime is still setting it
 * up) waits for its name, for a moment; what comes after it waits with it, so that the order stays. The queue is
 * bounded in bytes: what is too much goes on as it is, and is counted.
 */
#ifndef MICA_STREAM_HOLD_H
#define MICA_STREAM_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "container/identity.h"
#include "stream/event.h"

struct mica_hold {
	/** May be used for the events that wait. */
	size_t limit;
	/** Gets each event when it goes on. Non-zero: mica_hold_release ends with it. */
	int (*pass)(const struct mica_event *event, void *userdata);
	void *userdata;
	struct mica_identity *identity;

	struct mica_held *first;
	struct mica_held *last;
	size_t bytes;
	/** Events that went on nameless before their time was up. */
	uint64_t hurried;
};

/** True: an event that comes now must not go on before others. */
bool mica_hold_waits(const struct mica_hold *hold);

/**
 * Queues a copy of an identified event. `path` and `source` are those from before it was identified: one without a name
 * is identified again when it goes on. 0, -ENOMEM, or what `pass` returned.
 */
int mica_hold_add(struct mica_hold *hold, const struct mica_event *event, struct mica_bytes path,
		  struct mica_bytes source);

/** Passes on the events, oldest first, up to one that still waits at `now` (CLOCK_MONOTONIC, ns); with `all`, each. 0,
 *  -ENOMEM, or what `pass` returned. */
int mica_hold_release(struct mica_hold *hold, uint64_t now, bool all);
void mica_hold_free(struct mica_hold *hold);

#endif
