/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "container/host.h"
#include "stream/identify.h"

struct mica_held {
	struct mica_held *next;
	struct mica_event event;
	/** Before it was identified; only of an event that waits. */
	struct mica_bytes path;
	struct mica_bytes source;
	size_t size;
	char room[];
};

bool mica_hold_waits(const struct mica_hold *hold)
{
	return hold->first;
}

static size_t string_size(const char *string)
{
	return string ? strlen(string) + 1 : 0;
}

/** Moves a string into the room. */
static char *keep(char **at, const char *data, size_t size)
{
	char *kept = *at;

	if (!data)
		return NULL;
	memcpy(kept, data, size);
	*at += size;
	return kept;
}

static struct mica_held *copy(const struct mica_event *event, struct mica_bytes path, struct mica_bytes source)
{
	size_t host = string_size(event->host_path), container = string_size(event->container_path);
	size_t room = event->path.size + event->source.size + event->key.size + event->value.size + host + container +
		      path.size + source.size;
	struct mica_held *held = malloc(sizeof(*held) + room);
	char *at;

	if (!held)
		return NULL;
	*held = (struct mica_held){ .event = *event, .size = sizeof(*held) + room, .path = path, .source = source };
	at = held->room;
	held->event.path.data = keep(&at, event->path.data, event->path.size);
	held->event.source.data = keep(&at, event->source.data, event->source.size);
	held->event.key.data = keep(&at, event->key.data, event->key.size);
	held->event.value.data = keep(&at, event->value.data, event->value.size);
	held->event.host_path = keep(&at, event->host_path, host);
	held->event.container_path = keep(&at, event->container_path, container);
	held->path.data = keep(&at, path.data, path.size);
	held->source.data = keep(&at, source.data, source.size);
	/* Others may forget it while the event waits. */
	held->event.mount_namespace = NULL;
	return held;
}

/** Takes the oldest out and passes it on. */
static int pass_first(struct mica_hold *hold)
{
	_cleanup_free_ struct mica_held *held = hold->first;
	int r;

	hold->first = held->next;
	if (!hold->first)
		hold->last = NULL;
	hold->bytes -= held->size;
	r = mica_identify_again(hold->identity, &held->event, held->path, held->source);
	return r < 0 ? r : hold->pass(&held->event, hold->userdata);
}

/** The oldest event still waits at `now`. */
static bool waits_at(const struct mica_hold *hold, uint64_t now)
{
	const struct mica_event *event = &hold->first->event;

	return event->wait_until_ns > now && mica_identity_wait_until(hold->identity, &event->record, now) > now;
}

int mica_hold_add(struct mica_hold *hold, const struct mica_event *event, struct mica_bytes path,
		  struct mica_bytes source)
{
	const struct mica_bytes none = {};
	bool waits = event->wait_until_ns;
	struct mica_held *held = copy(event, waits ? path : none, waits ? source : none);

	if (!held)
		return -ENOMEM;
	if (hold->last)
		hold->last->next = held;
	else
		hold->first = held;
	hold->last = held;
	hold->bytes += held->size;
	while (hold->bytes > hold->limit) {
		int r;

		hold->hurried += waits_at(hold, mica_now_ns());
		r = pass_first(hold);
		if (r)
			return r;
	}
	return 0;
}

int mica_hold_release(struct mica_hold *hold, uint64_t now, bool all)
{
	while (hold->first) {
		int r;

		if (!all && waits_at(hold, now))
			return 0;
		r = pass_first(hold);
		if (r)
			return r;
	}
	return 0;
}

void mica_hold_free(struct mica_hold *hold)
{
	while (hold->first) {
		struct mica_held *held = hold->first;

		hold->first = held->next;
		free(held);
	}
	hold->last = NULL;
	hold->bytes = 0;
}
