/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_CONTAINER_ENGINE_CONTAINERD_H
#define MICA_CONTAINER_ENGINE_CONTAINERD_H

#include <stddef.h>

#include "container/engine.h"

/** Makes a container of the config.json in a task's directory. 0, -EBADMSG: not such a file, -ENOMEM. */
int mica_containerd_parse_config(const char *id, const char *directory, const char *data, size_t size,
				 struct mica_engine_container **ret);

#endif
