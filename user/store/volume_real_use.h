/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a volume is really in use, whatever was counted: an engine that was killed never says that its containers are
 * gone. A container uses a volume by a bind mount of its directory in the container's mount namespace.
 */
#ifndef MICA_STORE_VOLUME_REAL_USE_H
#define MICA_STORE_VOLUME_REAL_USE_H

#include <stdbool.h>

#include "store/store.h"

/** The mounts of all namespaces that processes live in, at one moment. */
struct mica_real_use;

int mica_real_use_new(struct mica_real_use **ret);
void mica_real_use_free(struct mica_real_use **use);
#define _cleanup_real_use_ _cleanup_(mica_real_use_free)

/** 1: the volume, or a part of it, is mounted somewhere else than at its own directory; 0: it is not; or an errno. */
int mica_real_use_of(const struct mica_real_use *use, const struct mica_store *store, const char *name);

#endif
