/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_CONTAINER_ENGINE_RUNC_H
#define MICA_CONTAINER_ENGINE_RUNC_H

#include <stddef.h>

#include "container/engine.h"

/** Makes a container of the content of /run/runc/ID/state.json. 0, -EBADMSG: not such a file, -ENOMEM. */
int mica_runc_parse_state(const char *id, const char *directory, const char *data, size_t size,
			  struct mica_engine_container **ret);

#endif
