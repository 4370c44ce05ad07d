/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mount namespaces that events named, and whose they are.
 */
#ifndef MICA_CONTAINER_NAMESPACE_TABLE_H
#define MICA_CONTAINER_NAMESPACE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "container/cgroup.h"
#include "container/container_table.h"
#include "container/gone.h"
#include "container/mountinfo.h"
#include "container/setup_binds.h"
#include "container/union_table.h"

struct mica_record;

struct mica_known_namespace {
	struct mica_namespace public;
	/** Union of the root directory of the task seen last that had one. */
	uint64_t root_union;
	struct mica_known_container *container;
	/** When it was made, CLOCK_MONOTONIC; 0: before it was first heard of. */
	uint64_t created_ns;
	/** When something was first done in it after it was made; 0: nothing yet. */
	uint64_t heard_ns;
	/** Of the task seen last. */
	uint64_t cgroup_id;
	struct mica_retry retry;
	bool gone;
	/** Its mounts as last read, for the paths of its tmpfs; NULL: not read. They are read once, never watched: an
	 *  open mountinfo would keep the namespace alive. */
	struct mica_mountinfo *mounts;
	bool mounts_stale;
	/** What a runtime mounted there before it changed the root. */
	struct mica_setup_binds setup_binds;
	/** When the reads so far would be over if each had its time. */
	uint64_t mounts_paid_ns;
};

struct mica_namespace_table {
	struct mica_table namespaces;
	struct mica_gone gone;
	size_t gone_count;
	const struct mica_host *host;
	struct mica_union_table *unions;
	struct mica_container_table *containers;
	struct mica_cgroups *cgroups;
};

void mica_namespace_table_free(struct mica_namespace_table *table);

/** The namespace that a record names, with what can be known of it now. Sets NULL when it names none. 0 or -ENOMEM. */
int mica_namespace_table_find(struct mica_namespace_table *table, const struct mica_record *record,
			      struct mica_known_namespace **ret);
/** The mounts of a container's namespace, read now if they are not known or changed and the last time was 10 ms ago.
 *  NULL: not known. */
struct mica_mountinfo *mica_namespace_mounts(struct mica_namespace_table *table, struct mica_known_namespace *namespace,
					     const struct mica_record *record);
/** See mica_identity_settle. */
int mica_namespace_table_settle(struct mica_namespace_table *table,
				int (*visit)(const struct mica_namespace *namespace, void *userdata), void *userdata);
void mica_namespace_table_gone(struct mica_namespace_table *table, uint64_t id);
size_t mica_namespace_table_count(const struct mica_namespace_table *table);

/** Container of a living process by all its cgroups (/proc/PID/cgroup, version 1 too); NULL: none. */
struct mica_known_container *mica_container_of_pid(const struct mica_host *host,
						   const struct mica_container_table *containers, int pid);

#endif
