/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unions that live, their layers and their containers.
 */
#ifndef MICA_CONTAINER_UNION_TABLE_H
#define MICA_CONTAINER_UNION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "container/container_table.h"
#include "container/gone.h"
#include "container/mountinfo.h"
#include "container/string_pool.h"
#include "container/table.h"

struct mica_record;

/** One branch of a union. */
struct mica_branch {
	uint32_t device;
	uint64_t inode;
	/** Path in its file system; NULL: the kernel did not describe it. */
	char *path;
	/** Its directory on the host, in the pool; NULL: not known (yet). */
	const char *directory;
	/** In the pool; NULL: none known. */
	const char *digest;
	/** "init" for Docker's init layer, a static string; else NULL. */
	const char *role;
};

struct mica_union {
	uint64_t id;
	/** The union's own device. */
	uint32_t device;
	/** [0] is the upper, [1] the topmost lower. */
	struct mica_branch *branches;
	size_t branch_count;
	struct mica_known_container *container;
	struct mica_retry retry;
	/** When its first layer was described, CLOCK_MONOTONIC. */
	uint64_t described_ns;
	/** An engine made it, which may tell only later for which container. */
	bool engines_own;
	/** All is known that there is to know. */
	bool complete;
	bool gone;
};

struct mica_union_table {
	struct mica_table unions;
	struct mica_gone gone;
	/** Of those in `unions`, how many are gone. */
	size_t gone_count;
	struct mica_container_table *containers;
	struct mica_mountinfo *mounts;
	struct mica_string_pool *strings;
};

void mica_union_table_free(struct mica_union_table *table);

/** Takes in a layer (mica_identity_add_layer). 0 or -ENOMEM. */
int mica_union_table_add_layer(struct mica_union_table *table, const struct mica_record *record,
			       struct mica_bytes path);
/** The union, with what can be known of it now (engines and mounts are looked at when something is missing and it is
 *  time for a try); NULL: no layer of it was ever described. */
struct mica_union *mica_union_table_find(struct mica_union_table *table, uint64_t union_id);
/** Looks for the containers of the unions that have none: the engines have news. */
void mica_union_table_settle(struct mica_union_table *table);
void mica_union_table_gone(struct mica_union_table *table, uint64_t union_id);
size_t mica_union_table_count(const struct mica_union_table *table);

/** Branch by its number (0: upper); NULL: not described. */
const struct mica_branch *mica_union_branch(const struct mica_union *u, unsigned index);

#endif
