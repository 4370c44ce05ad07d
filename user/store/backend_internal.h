/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Backends that have a file of their own.
 */
#ifndef MICA_STORE_BACKEND_INTERNAL_H
#define MICA_STORE_BACKEND_INTERNAL_H

#include "store/backend.h"

extern const struct mica_backend mica_backend_nfs, mica_backend_glusterfs, mica_backend_mount, mica_backend_block;

#endif
