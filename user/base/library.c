// SPDX-License-Identifier: BSD-2-Clause
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"

int mica_library_load(const char *file, const struct mica_library_function *functions, size_t count, void *table)
{
	void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; handle && i < count; i++) {
		void *symbol = dlsym(handle, functions[i].name);

		if (!symbol)
			handle = NULL;
		else
			/* A function's address in a data pointer: POSIX has dlsym so, C has no cast for it. */
			(void)memcpy((char *)table + functions[i].offset, &symbol, sizeof(symbol));
	}
	if (handle)
		return 0;
	mica_log_debug("cannot load %s: %s", file, dlerror());
	return -ELIBACC;
}
