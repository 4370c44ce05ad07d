/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_CONTAINER_IDENTITY_INTERNAL_H
#define MICA_CONTAINER_IDENTITY_INTERNAL_H

#include "container/cgroup.h"
#include "container/classify.h"
#include "container/container_table.h"
#include "container/identity.h"
#include "container/mountinfo.h"
#include "container/namespace_table.h"
#include "container/string_pool.h"
#include "container/union_table.h"
#include "container/watch.h"

struct mica_identity {
	struct mica_host host;
	struct mica_watch watch;
	struct mica_mountinfo *mounts;
	struct mica_string_pool strings;
	struct mica_cgroups cgroups;
	struct mica_container_table containers;
	struct mica_union_table unions;
	struct mica_namespace_table namespaces;
	struct mica_classifier classifier;
	/** `changes` of the containers when mica_identity_settle last looked. */
	unsigned settled;
};

#endif
