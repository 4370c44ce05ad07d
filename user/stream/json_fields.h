/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fields that events and totals have in common: the names are the contract of DESIGN.md, section 5, and of
 * mica-events(5).
 */
#ifndef MICA_STREAM_JSON_FIELDS_H
#define MICA_STREAM_JSON_FIELDS_H

#include "container/container.h"
#include "stream/json_writer.h"

/** "2026-11-24T20:00:00.": a time up to its nanoseconds. */
#define MICA_JSON_SECOND_BYTES 20

/** Writes a second since the epoch, RFC 3339 in UTC, up to the point behind it; no NUL. */
void mica_json_put_second(char text[static MICA_JSON_SECOND_BYTES], uint64_t second);
/** "time": RFC 3339 in UTC, always with nine digits, so that times of one length also sort as text. */
void mica_json_time(struct mica_json_writer *writer, uint64_t time_ns);
/** "container"; nothing for NULL. */
void mica_json_container(struct mica_json_writer *writer, const struct mica_container *container);
/** "object"; nothing for none. */
void mica_json_object(struct mica_json_writer *writer, const struct mica_object *object);

#endif
