/* SPDX-License-Identifier: BSD-2-Clause */
/* What must hold for every event that a sink prints; abort() where it does not. */
#ifndef MICA_TESTS_FUZZ_SINKS_H
#define MICA_TESTS_FUZZ_SINKS_H

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "stream/sink.h"

static inline void fuzz_check_json(const struct mica_event *event)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	if (!out || mica_sink_json(out, event, NULL) != 0 || fclose(out) != 0)
		abort();
	if (memchr(line, '\n', size) != line + size - 1)
		abort();
	/* As reals: no real event has a number over 2^63 - 1, which jansson cannot read as an integer. */
	json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
	if (!object)
		abort();
	const char *path = json_string_value(json_object_get(object, "path"));
	if ((path != NULL) != (event->path.size > 0))
		abort();
	/* What is no UTF-8 is beside it; what is, reads back as it was. */
	bool valid = mica_utf8_valid(event->path.data, event->path.size);
	if (valid == (json_object_get(object, "path_bytes") != NULL))
		abort();
	if (path && valid &&
	    (strlen(path) != event->path.size || memcmp(path, event->path.data, event->path.size) != 0))
		abort();
	json_decref(object);
}

static inline void fuzz_check_text(const struct mica_event *event, unsigned width)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);
	struct mica_text_options options = { .width = width };

	if (!out || mica_sink_text(out, event, &options) != 0 || fclose(out) != 0)
		abort();
	if (size == 0 || line[size - 1] != '\n')
		abort();
	for (size_t i = 0; i < size - 1;) {
		uint32_t character = 0;
		size_t length = mica_utf8_decode(line + i, size - 1 - i, &character);
		if (length == 0 || mica_utf8_is_unsafe(character))
			abort();
		i += length;
	}
}

static inline void fuzz_sinks(const struct mica_event *event)
{
	fuzz_check_json(event);
	fuzz_check_text(event, (unsigned)event->path.size);
}

#endif
