/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A union whose mount is gone from its place, but whose file system lives elsewhere: in another mount namespace, or at
 * another mount point. A second overlay on its upper would damage it, so the living one is brought back.
 */
#ifndef MICA_STORE_REATTACH_H
#define MICA_STORE_REATTACH_H

#include <stdint.h>

#include "base/cleanup.h"

struct mica_live_union {
	/** In its mount namespace; NULL: it lives, and no mount of it can be reached. */
	char *mount_point;
	/** Of the namespace; negative: it is ours. */
	int namespace_fd;
	/** Number of the namespace; a process that lives in it or holds the union, 0: none. */
	uint32_t mnt_ns;
	int pid;
	/** major << 20 | minor. */
	uint32_t device;
};
#define MICA_LIVE_UNION_NONE ((struct mica_live_union){ .namespace_fd = -EBADF })
#define _cleanup_live_union_ _cleanup_(mica_live_union_free)
void mica_live_union_free(const struct mica_live_union *live);

/** Looks through all mount namespaces and open files for a union with this upper. 1: found; 0: none lives; or an errno.
 */
int mica_live_union_find(const char *upper, struct mica_live_union *ret);

/** Mounts the living union at `target` too, with these MOUNT_ATTR_*. 0, -ENODEV: it is not there any more, or an errno.
 */
int mica_live_union_attach(const struct mica_live_union *live, const char *target, unsigned attributes);

#endif
