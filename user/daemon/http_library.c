// SPDX-License-Identifier: BSD-2-Clause
#include "daemon/http_library.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/library.h"

struct mica_http_library libmicrohttpd;

static const struct mica_library_function functions[] = {
#define MICA_HTTP_ROW(function) { #function, offsetof(struct mica_http_library, function) },
	MICA_HTTP_FUNCTIONS(MICA_HTTP_ROW)
#undef MICA_HTTP_ROW
};

int mica_http_library_load(void)
{
	static bool loaded;

	if (!loaded && mica_library_load("libmicrohttpd.so.12", functions, sizeof(functions) / sizeof(functions[0]),
					 &libmicrohttpd) < 0)
		return -ELIBACC;
	loaded = true;
	return 0;
}
