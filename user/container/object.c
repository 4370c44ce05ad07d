/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/container.h"

#include <stddef.h>

const char *mica_object_kind_name(enum mica_object_kind kind)
{
	switch (kind) {
	case MICA_OBJECT_LAYER:
		return "layer";
	case MICA_OBJECT_UPPER:
		return "upper";
	case MICA_OBJECT_VOLUME:
		return "volume";
	case MICA_OBJECT_TMPFS:
		return "tmpfs";
	case MICA_OBJECT_HOST:
		return "host";
	case MICA_OBJECT_UNION:
		return "union";
	case MICA_OBJECT_NONE:
		break;
	}
	return NULL;
}
