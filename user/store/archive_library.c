// SPDX-License-Identifier: BSD-2-Clause
#include "store/archive_library.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/library.h"

struct mica_archive_library libarchive;

static const struct mica_library_function functions[] = {
#define MICA_ARCHIVE_ROW(function) { #function, offsetof(struct mica_archive_library, function) },
	MICA_ARCHIVE_FUNCTIONS(MICA_ARCHIVE_ROW)
#undef MICA_ARCHIVE_ROW
};

int mica_archive_library_load(void)
{
	static bool loaded;

	/* Debian has had this version of its interface since 2013. */
	if (!loaded &&
	    mica_library_load("libarchive.so.13", functions, sizeof(functions) / sizeof(functions[0]), &libarchive) < 0)
		return -ELIBACC;
	loaded = true;
	return 0;
}
