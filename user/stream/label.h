/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Short names for people of what an event is about. All are escaped for a terminal. Errors are the buffer's, sticky.
 */
#ifndef MICA_STREAM_LABEL_H
#define MICA_STREAM_LABEL_H

#include "base/buffer.h"
#include "stream/event.h"

/** "web"; the short id where there is no name; "host"; "ns:4026532281"; "-". */
void mica_label_container(struct mica_buffer *out, const struct mica_event *event);

/** The event was caused by the host itself: not in a container, in the host's mount namespace. */
bool mica_label_is_host(const struct mica_event *event);

/** "layer 2/5", "init layer 1/5", "upper", "volume db-data" (12 digits of an anonymous one), "tmpfs", "host"; "-" for
 *  none. */
void mica_label_object(struct mica_buffer *out, const struct mica_object *object);

/** "write: EROFS by web/binaries, web.yaml:9"; an audit would get it. Of deny and audit. */
void mica_label_decision(struct mica_buffer *out, const struct mica_event *event);

/** "ENOSPC"; "E512" for the kernel's own, which have no name in the C library. `error` is not 0. */
void mica_label_errno(struct mica_buffer *out, int error);

#endif
