/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The step between decoding and the sinks: who and where.
 */
#ifndef MICA_STREAM_IDENTIFY_H
#define MICA_STREAM_IDENTIFY_H

#include "container/identity.h"
#include "stream/event.h"

/**
 * Fills the identify fields of a decoded event and replaces its paths by those in the object. Also takes in what the
 * record teaches the tables: layers of unions. 0; 1: this is no event, drop it (a layer's description, or a moved
 * whiteout that hides nothing); -ENOMEM. The event is untouched unless 0.
 *
 * namespace-gone and union-down are the caller's to pass on, after the sinks have the event
 * (mica_identity_namespace_gone, mica_identity_union_gone): see mica_identify_done.
 */
int mica_identify(struct mica_identity *identity, struct mica_event *event);

/**
 * Identifies an event again that waited for its container's name; `path` and `source` are those from before the first
 * time, empty for an event that did not wait (it only gets its mount_namespace again). 0 or -ENOMEM. The event is valid
 * until the next that is identified.
 */
int mica_identify_again(struct mica_identity *identity, struct mica_event *event, struct mica_bytes path,
			struct mica_bytes source);
/** To be called after the sinks: forgets the namespace or union whose end the event reports. */
void mica_identify_done(struct mica_identity *identity, const struct mica_event *event);

#endif
