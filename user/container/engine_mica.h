/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_CONTAINER_ENGINE_MICA_H
#define MICA_CONTAINER_ENGINE_MICA_H

#include <stddef.h>

#include "container/engine.h"

/** Makes a container of the content of /run/mica/containers/ID/state.json. 0, -EBADMSG: not such a file, -ENOMEM. */
int mica_own_parse_state(const char *id, const char *data, size_t size, struct mica_engine_container **ret);

#endif
