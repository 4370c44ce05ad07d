/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/json_fields.h"

#include <string.h>
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

void mica_json_put_second(char text[static MICA_JSON_SECOND_BYTES], uint64_t second)
{
	static const char form[MICA_JSON_SECOND_BYTES] = "0000-00-00T00:00:00."; /* without a NUL */
	time_t seconds = (time_t)second;
	struct tm tm;

	(void)gmtime_r(&seconds, &tm); /* 64 bits of nanoseconds end in the year 2554 */
	memcpy(text, form, sizeof(form));
	put_digits(text, 4, (unsigned)tm.tm_year + 1900);
	put_digits(text + 5, 2, (unsigned)tm.tm_mon + 1);
	put_digits(text + 8, 2, (unsigned)tm.tm_mday);
	put_digits(text + 11, 2, (unsigned)tm.tm_hour);
	put_digits(text + 14, 2, (unsigned)tm.tm_min);
	put_digits(text + 17, 2, (unsigned)tm.tm_sec);
}

void mica_json_time(struct mica_json_writer *writer, uint64_t time_ns)
{
	char text[] = "\"0000-00-00T00:00:00.000000000Z\"";

	mica_json_put_second(text + 1, time_ns / NS_PER_S);
	put_digits(text + 1 + MICA_JSON_SECOND_BYTES, 9, (unsigned)(time_ns % NS_PER_S));
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
