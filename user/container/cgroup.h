/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a cgroup v2 id to its path: as the kernel told it when the cgroup was made, or looked up while it is there.
 */
#ifndef MICA_CONTAINER_CGROUP_H
#define MICA_CONTAINER_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "container/host.h"
#include "container/mountinfo.h"
#include "container/table.h"

/** Paths kept. When there are more, one goes that nobody has asked for in a while; of a cgroup that is still there it
 * is learnt again, at two system calls. */
#define MICA_CGROUPS_LIMIT 4096

struct mica_cgroups {
	/** Directory of the cgroup2 mount; negative: none here. */
	int mount_fd;
	/** Its path as the kernel shows it, to be cut off. */
	char *mount_path;
	/** The mount is of a part of the hierarchy: that of a cgroup namespace. */
	bool partial;
	/** struct cgroup_path * by id. */
	struct mica_table paths;
	/** The ids of `paths`, and the one that is the next to be looked at when there is no room. */
	uint64_t ids[MICA_CGROUPS_LIMIT];
	size_t next;
};

/** Finds the cgroup2 mount. A host without one is no error: then the only paths are those that were told. 0 or -ENOMEM.
 */
int mica_cgroups_init(struct mica_cgroups *cgroups, const struct mica_host *host, struct mica_mountinfo *mounts);
void mica_cgroups_free(struct mica_cgroups *cgroups);

/** Takes in that a cgroup was made. `path`: from the root of the hierarchy; what is not below the cgroup2 mount, or is
 * no absolute path, is ignored. 0 or -ENOMEM. */
int mica_cgroups_add(struct mica_cgroups *cgroups, uint64_t id, uint64_t parent, struct mica_bytes path);

/** Path below the cgroup2 root ("/" for the root itself), valid until the next call; NULL: not known, or gone before it
 *  was. */
const char *mica_cgroups_path(struct mica_cgroups *cgroups, uint64_t id);

#endif
