// SPDX-License-Identifier: BSD-2-Clause
#include "store/archive_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/log.h"

/* The library's version of its binary interface; Debian has had this one since 2013. */
#define LIBRARY "libarchive.so.13"

struct mica_archive_library libarchive;

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define MICA_ARCHIVE_ROW(function) { #function, offsetof(struct mica_archive_library, function) },
	MICA_ARCHIVE_FUNCTIONS(MICA_ARCHIVE_ROW)
#undef MICA_ARCHIVE_ROW
};

static int find_functions(void *handle, struct mica_archive_library *ret)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *symbol = dlsym(handle, functions[i].name);

		if (!symbol)
			return -ELIBACC;
		/* A function's address in a data pointer: POSIX has dlsym so, C has no cast for it. */
		(void)memcpy((char *)ret + functions[i].offset, &symbol, sizeof(symbol));
	}
	return 0;
}

int mica_archive_library_load(void)
{
	static bool loaded;
	void *handle = loaded ? NULL : dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (loaded)
		return 0;
	/* Never closed again: its functions are called until the process ends. */
	if (!handle || find_functions(handle, &libarchive) < 0) {
		mica_log_debug("archives need " LIBRARY ": %s", dlerror());
		return -ELIBACC;
	}
	loaded = true;
	return 0;
}
