/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration of an image (OCI image-spec, config.md), which others wrote.
 */
#ifndef MICA_RUNTIME_IMAGE_CONFIG_H
#define MICA_RUNTIME_IMAGE_CONFIG_H

#include <jansson.h>

#include "container/json.h"

/** Its member "config", or an empty object; borrowed from `image`, or new in `empty`. Never NULL unless out of memory.
 */
static inline const json_t *mica_image_settings(const json_t *image, const json_t *empty)
{
	const json_t *config = json_object_get(image, "config");

	return json_is_object(config) ? config : empty;
}

/** A copy of an array's strings, everything else left out; an empty array where it is none. NULL: out of memory. */
json_t *mica_json_strings(const json_t *array);
/** Sets K=V in an array of environment strings, in the place of a K that is there. 0 or -ENOMEM. */
int mica_environment_set(json_t *environment, const char *assignment);

#endif
