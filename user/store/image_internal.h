/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_IMAGE_INTERNAL_H
#define MICA_STORE_IMAGE_INTERNAL_H

#include <stdbool.h>

#include "store/image.h"

/** True for what can name an image: [a-zA-Z0-9][a-zA-Z0-9_.:/@-]*, at most 255 bytes. Pure. */
bool mica_image_name_valid(const char *name);
/** The name with ":latest" where it has no tag and no digest; caller frees; NULL: out of memory. Pure. */
char *mica_image_name_full(const char *name);

#endif
