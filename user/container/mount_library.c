// SPDX-License-Identifier: BSD-2-Clause
#include "container/mount_library.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/library.h"

struct mica_mount_library libmount;

static const struct mica_library_function functions[] = {
#define MICA_MOUNT_ROW(function) { #function, offsetof(struct mica_mount_library, function) },
	MICA_MOUNT_FUNCTIONS(MICA_MOUNT_ROW)
#undef MICA_MOUNT_ROW
};

int mica_mount_library_load(void)
{
	static bool loaded;

	if (!loaded &&
	    mica_library_load("libmount.so.1", functions, sizeof(functions) / sizeof(functions[0]), &libmount) < 0)
		return -ELIBACC;
	loaded = true;
	return 0;
}
