/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/json_fields.h"

#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

/* Writes `count` decimal digits of the lowest ones of `value`. */
static void put_digits(char *text, unsigned count, unsigned value)
{
	while (count--) {
		text[count] = (char)('0' + value % 10);
		value /= 10;
	}
}

void mica_json_time(struct mica_json_writer *writer, uint64_t time_ns)
{
	char text[] = "\"0000-00-00T00:00:00.000000000Z\"";
	time_t seconds = (time_t)(time_ns / NS_PER_S);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm)) /* 64 bits of nanoseconds end in the year 2554 */
		return;
	put_digits(text + 1, 4, (unsigned)tm.tm_year + 1900);
	put_digits(text + 6, 2, (unsigned)tm.tm_mon + 1);
	put_digits(text + 9, 2, (unsigned)tm.tm_mday);
	put_digits(text + 12, 2, (unsigned)tm.tm_hour);
	put_digits(text + 15, 2, (unsigned)tm.tm_min);
	put_digits(text + 18, 2, (unsigned)tm.tm_sec);
	put_digits(text + 21, 9, (unsigned)(time_ns % NS_PER_S));
	mica_json_key(writer, "time");
	(void)mica_buffer_append(writer->out, text, sizeof(text) - 1);
}

void mica_json_container(struct mica_json_writer *writer, const struct mica_container *container)
{
	if (!container)
		return;
	mica_json_key(writer, "container");
	mica_json_begin(writer, '{');
	mica_json_string(writer, "id", container->id);
	mica_json_string(writer, "name", container->name);
	mica_json_string(writer, "image", container->image);
	mica_json_string(writer, "engine", container->engine);
	mica_json_end(writer, '}');
}

void mica_json_object(struct mica_json_writer *writer, const struct mica_object *object)
{
	const char *kind = mica_object_kind_name(object->kind);
	bool in_union = object->kind == MICA_OBJECT_LAYER || object->kind == MICA_OBJECT_UPPER;

	if (!kind)
		return;
	mica_json_key(writer, "object");
	mica_json_begin(writer, '{');
	mica_json_string(writer, "kind", kind);
	if (object->kind == MICA_OBJECT_LAYER && object->layer)
		mica_json_number(writer, "layer", object->layer);
	if (in_union && object->layers)
		mica_json_number(writer, "layers", object->layers);
	mica_json_string(writer, "digest", object->digest);
	mica_json_string(writer, "role", object->role);
	mica_json_string(writer, "directory", object->directory);
	mica_json_string(writer, "volume", object->volume);
	mica_json_end(writer, '}');
}
