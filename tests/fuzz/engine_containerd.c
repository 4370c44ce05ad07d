/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>

#include "container/engine_containerd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mica_engine_container *container = NULL;

	if (mica_containerd_parse_config("id", "/d/id", (const char *)data, size, &container) == 0)
		mica_engine_container_free(&container);
	return 0;
}
