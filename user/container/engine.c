/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/engine.h"

#include <stdlib.h>

const struct mica_engine_ops *const mica_engines[] = {
	&mica_engine_podman,
	&mica_engine_crun,
	NULL,
};

void mica_engine_container_free(struct mica_engine_container **container)
{
	struct mica_engine_container *c = *container;

	if (!c)
		return;
	free(c->id);
	free(c->name);
	free(c->image);
	free(c->upper_directory);
	free(c->root_directory);
	free(c->bundle_directory);
	free(c);
	*container = NULL;
}
