/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>

#include "container/engine_mica.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mica_engine_container *container = NULL;

	if (mica_own_parse_state("id", (const char *)data, size, &container) == 0)
		mica_engine_container_free(&container);
	return 0;
}
