/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_CONTAINER_ENGINE_CRUN_H
#define MICA_CONTAINER_ENGINE_CRUN_H

#include <stddef.h>

#include "container/engine.h"

/** Makes a container of the content of /run/crun/ID/status. 0, -EBADMSG: not such a file, -ENOMEM. */
int mica_crun_parse_status(const char *id, const char *data, size_t size, struct mica_engine_container **ret);

#endif
