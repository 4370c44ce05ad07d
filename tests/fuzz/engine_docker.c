/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Docker's state files. The first byte chooses the parser.
 */
#include <stdint.h>
#include <stdlib.h>

#include "container/engine_docker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_container(const char *text, size_t size)
{
	/* The id that the corpus and its descendants have. */
	static const char id[] = "53ebcc591f3d54673792b1023c37caa831d7d22454d1970c6776213b66c65bbd";
	struct mica_engine_container *container = NULL, *copy;

	if (mica_docker_parse_container(id, "/d", text, size, &container) < 0)
		return;
	copy = mica_engine_container_copy(container);
	mica_engine_container_free(&copy);
	mica_engine_container_free(&container);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mica_docker_images images = {};
	const char *text = (const char *)data + 1;
	char *id = NULL;

	if (size == 0)
		return 0;
	size--;
	switch (data[0] % 3) {
	case 0:
		fuzz_container(text, size);
		break;
	case 1:
		(void)mica_docker_parse_repositories(text, size, &images);
		(void)mica_docker_image_name(&images, "sha256:a");
		mica_docker_images_free(&images);
		break;
	case 2:
		if (mica_docker_parse_id(text, size, &id) == 0)
			free(id);
		break;
	}
	return 0;
}
