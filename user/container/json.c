/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/json.h"

#include <errno.h>

json_t *mica_json_parse(const char *data, size_t size)
{
	return json_loadb(data, size, JSON_DECODE_ANY, NULL);
}

int mica_json_read(const struct mica_host *host, const char *path, json_t **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	json_t *json;
	int r = mica_host_read(host, path, MICA_STATE_FILE_BYTES, &text, &size);

	if (r < 0)
		return r;
	json = mica_json_parse(text, size);
	if (!json)
		return -EBADMSG;
	*ret = json;
	return 0;
}

const char *mica_json_string(const json_t *object, const char *key)
{
	const char *string = json_string_value(json_object_get(object, key));

	return string && *string ? string : NULL;
}
