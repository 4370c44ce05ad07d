/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request of the volume plugin, as HTTP brought it: the first line is the path, the rest the body. What is accepted
 * has what its call needs.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/plugin_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t path_size = end ? (size_t)(end - data) : size, rest = end ? size - path_size - 1 : 0;
	_cleanup_plugin_request_ struct mica_plugin_request request = {};
	_cleanup_free_ char *path = strndup((const char *)data, path_size);
	const char *reason = NULL;
	unsigned status =
		mica_plugin_request_parse("POST", path, end ? (const char *)end + 1 : NULL, rest, &request, &reason);

	if (status) {
		if (!reason || (status != 400 && status != 404 && status != 413) || request.document)
			abort();
		return 0;
	}
	switch (request.call) {
	case MICA_PLUGIN_MOUNT:
	case MICA_PLUGIN_UNMOUNT:
		if (!request.id)
			abort();
		/* fall through */
	case MICA_PLUGIN_CREATE:
	case MICA_PLUGIN_GET:
	case MICA_PLUGIN_REMOVE:
	case MICA_PLUGIN_PATH:
		if (!request.name || !*request.name)
			abort();
		break;
	default:
		if (request.name)
			abort();
	}
	return 0;
}
