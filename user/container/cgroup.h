/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a cgroup v2 id to its path.
 */
#ifndef MICA_CONTAINER_CGROUP_H
#define MICA_CONTAINER_CGROUP_H

#include <stddef.h>
#include <stdint.h>

#include "container/host.h"
#include "container/mountinfo.h"
#include "container/table.h"

struct mica_cgroups {
	/** Directory of the cgroup2 mount; negative: none here. */
	int mount_fd;
	/** Its path as the kernel shows it, to be cut off. */
	char *mount_path;
	/** char * by id. */
	struct mica_table paths;
};

/** Finds the cgroup2 mount. A host without one is no error: then no path is known. 0 or -ENOMEM. */
int mica_cgroups_init(struct mica_cgroups *cgroups, const struct mica_host *host, struct mica_mountinfo *mounts);
void mica_cgroups_free(struct mica_cgroups *cgroups);

/** Path below the cgroup2 root ("/" for the root itself), valid until the next call; NULL: not known, or gone. */
const char *mica_cgroups_path(struct mica_cgroups *cgroups, uint64_t id);

#endif
