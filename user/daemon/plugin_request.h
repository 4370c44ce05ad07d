/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request of Docker's volume plugin protocol, from what HTTP brought. Pure.
 */
#ifndef MICA_DAEMON_PLUGIN_REQUEST_H
#define MICA_DAEMON_PLUGIN_REQUEST_H

#include <jansson.h>
#include <stddef.h>

#include "base/cleanup.h"

/** Longest body of a request. */
#define MICA_PLUGIN_BODY_MAX (1024u * 1024)

enum mica_plugin_call {
	MICA_PLUGIN_ACTIVATE,
	MICA_PLUGIN_CAPABILITIES,
	MICA_PLUGIN_CREATE,
	MICA_PLUGIN_GET,
	MICA_PLUGIN_LIST,
	MICA_PLUGIN_REMOVE,
	MICA_PLUGIN_PATH,
	MICA_PLUGIN_MOUNT,
	MICA_PLUGIN_UNMOUNT,
	_MICA_PLUGIN_CALL_MAX,
};

struct mica_plugin_request {
	enum mica_plugin_call call;
	/** NULL where the call has none; else not empty. */
	const char *name;
	/** Of Mount and Unmount; "" where the client sent none. */
	const char *id;
	/** Of Create: an object of strings, or NULL. */
	const json_t *options;
	/** Owns the strings. */
	json_t *document;
};
#define _cleanup_plugin_request_ _cleanup_(mica_plugin_request_free)
static inline void mica_plugin_request_free(const struct mica_plugin_request *request)
{
	json_decref(request->document);
}

/** Reads a request. 0; else an HTTP status (400, 404, 405, 413) and why, a static string. Any bytes are allowed. */
unsigned mica_plugin_request_parse(const char *method, const char *path, const char *body, size_t size,
				   struct mica_plugin_request *ret, const char **ret_reason);

#endif
