/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_CONTAINER_JSON_H
#define MICA_CONTAINER_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "container/host.h"

static inline void mica_json_cleanup(json_t **json)
{
	json_decref(*json);
}
#define _cleanup_json_ _cleanup_(mica_json_cleanup)

/** Parses bytes that somebody else wrote. NULL: not JSON. */
json_t *mica_json_parse(const char *data, size_t size);
/** Reads and parses a state file. 0, -EBADMSG: not JSON, or a negative errno (-ENOENT: no such file). */
int mica_json_read(const struct mica_host *host, const char *path, json_t **ret);
/** String member of an object; NULL: absent, empty, or something else. */
const char *mica_json_string(const json_t *object, const char *key);

#endif
