/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container/overlay_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mica_overlay_directories list = {};
	char *text = strndup((const char *)data, size);

	if (text && mica_overlay_options_parse(text, &list) == 0) {
		/* No directory is empty, and none is longer than all. */
		for (size_t i = 0; i < list.count; i++)
			if (!list.items[i].path[0] || strlen(list.items[i].path) > size)
				abort();
		mica_overlay_directories_free(&list);
	}
	free(text);
	return 0;
}
