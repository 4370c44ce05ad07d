// SPDX-License-Identifier: BSD-2-Clause
#include "daemon/plugin_request.h"

#include <stdbool.h>
#include <string.h>

static const struct {
	const char *path;
	bool named;
} calls[_MICA_PLUGIN_CALL_MAX] = {
	[MICA_PLUGIN_ACTIVATE] = { "/Plugin.Activate", false },
	[MICA_PLUGIN_CAPABILITIES] = { "/VolumeDriver.Capabilities", false },
	[MICA_PLUGIN_CREATE] = { "/VolumeDriver.Create", true },
	[MICA_PLUGIN_GET] = { "/VolumeDriver.Get", true },
	[MICA_PLUGIN_LIST] = { "/VolumeDriver.List", false },
	[MICA_PLUGIN_REMOVE] = { "/VolumeDriver.Remove", true },
	[MICA_PLUGIN_PATH] = { "/VolumeDriver.Path", true },
	[MICA_PLUGIN_MOUNT] = { "/VolumeDriver.Mount", true },
	[MICA_PLUGIN_UNMOUNT] = { "/VolumeDriver.Unmount", true },
};

/* A string without a NUL in it; NULL: it is none. */
static const char *string(const json_t *value)
{
	return json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value)
		       ? json_string_value(value)
		       : NULL;
}

static unsigned fail(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return 400;
}

static bool options_valid(const json_t *options)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)options, key, value) if (!string(value)) return false;
	return true;
}

static unsigned read_members(struct mica_plugin_request *request, const char **ret_reason)
{
	const json_t *id = json_object_get(request->document, "ID");
	const json_t *options = json_object_get(request->document, "Opts");

	request->name = string(json_object_get(request->document, "Name"));
	if (!request->name || !*request->name)
		return fail("the request has no Name, or it is no string", ret_reason);
	request->id = "";
	if (id && !json_is_null(id)) {
		request->id = string(id);
		if (!request->id || strlen(request->id) > 1024)
			return fail("its ID is no string, or is over 1,024 bytes", ret_reason);
	}
	if (options && !json_is_null(options)) {
		if (!json_is_object(options) || !options_valid(options))
			return fail("its Opts are no object of strings", ret_reason);
		request->options = options;
	}
	return 0;
}

static unsigned read_body(const char *body, size_t size, struct mica_plugin_request *request, const char **ret_reason)
{
	bool named = calls[request->call].named;
	json_error_t error;

	if (!size && !named)
		return 0;
	/* Members of one name: the last counts, as in Go. A NUL in a string is JSON, and no name; but only as \u0000:
	 * jansson passes over one behind a number. */
	if (!size || !memchr(body, 0, size))
		request->document = json_loadb(body, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	if (!request->document)
		return fail("the body is no JSON", ret_reason);
	if (!json_is_object(request->document))
		return fail("the body is no JSON object", ret_reason);
	return named ? read_members(request, ret_reason) : 0;
}

unsigned mica_plugin_request_parse(const char *method, const char *path, const char *body, size_t size,
				   struct mica_plugin_request *ret, const char **ret_reason)
{
	struct mica_plugin_request request = {};
	unsigned status;

	while (request.call < _MICA_PLUGIN_CALL_MAX && strcmp(calls[request.call].path, path) != 0)
		request.call++;
	if (request.call == _MICA_PLUGIN_CALL_MAX) {
		*ret_reason = "there is no such call";
		return 404;
	}
	if (strcmp(method, "POST") != 0) {
		*ret_reason = "calls are made by POST";
		return 405;
	}
	if (size > MICA_PLUGIN_BODY_MAX) {
		*ret_reason = "the body is over 1 MiB";
		return 413;
	}
	status = read_body(body, size, &request, ret_reason);
	if (status) {
		json_decref(request.document);
		return status;
	}
	*ret = request;
	return 0;
}
