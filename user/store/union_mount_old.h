/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_UNION_MOUNT_OLD_H
#define MICA_STORE_UNION_MOUNT_OLD_H

#include "store/union_mount.h"

/** mica_union_mount on kernels before 6.8 (6.13 for long names): mount(2), whose options are one page. Names that do
 * not fit, or would need escapes, are given as numbers of open descriptors, relative to /proc/self/fd. */
int mica_union_mount_old(const struct mica_union_specification *specification, const char *target);

#endif
