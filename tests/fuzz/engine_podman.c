/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Podman's state files and OCI specifications. The first byte chooses the parser.
 */
#include <stdint.h>

#include "container/engine_podman.h"
#include "container/oci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mica_podman_state state = {};
	struct mica_volume_list volumes = {};
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	size--;
	switch (data[0] & 3) {
	case 0:
		(void)mica_podman_parse_layers(&state, text, size);
		(void)mica_podman_parse_layers(&state, text, size);
		break;
	case 1:
		(void)mica_podman_parse_images(&state, text, size);
		break;
	case 2:
		(void)mica_podman_parse_images(&state, text, size);
		(void)mica_podman_parse_containers(&state, text, size);
		(void)mica_podman_parse_containers(&state, text, size);
		break;
	case 3:
		(void)mica_oci_parse_volumes(text, size, "/bundle", mica_engine_podman.volume_of_path, &volumes);
		mica_volume_list_free(&volumes);
		break;
	}
	mica_podman_reset(&state);
	return 0;
}
