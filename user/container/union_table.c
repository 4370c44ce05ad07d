/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/union_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "container/identity.h"
#include "mica/event.h"

static void free_union(void *value)
{
	struct mica_union *u = value;

	if (!u)
		return;
	mica_container_release(u->container);
	for (size_t i = 0; i < u->branch_count; i++)
		free(u->branches[i].path);
	free(u->branches);
	free(u);
}

void mica_union_table_free(struct mica_union_table *table)
{
	mica_table_free(&table->unions, free_union);
	*table = (struct mica_union_table){};
}

static int get_or_add(struct mica_union_table *table, uint64_t id, struct mica_union **ret)
{
	struct mica_union *u = mica_table_get(&table->unions, id);

	if (!u) {
		u = calloc(1, sizeof(*u));
		if (!u)
			return -ENOMEM;
		u->id = id;
		u->described_ns = mica_now_ns();
		if (mica_table_put(&table->unions, id, u) < 0) {
			free(u);
			return -ENOMEM;
		}
	}
	*ret = u;
	return 0;
}

static int make_room(struct mica_union *u, size_t count)
{
	struct mica_branch *larger;

	if (count <= u->branch_count)
		return 0;
	larger = reallocarray(u->branches, count, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	memset(larger + u->branch_count, 0, (count - u->branch_count) * sizeof(*larger));
	u->branches = larger;
	u->branch_count = count;
	return 0;
}

int mica_union_table_add_layer(struct mica_union_table *table, const struct mica_record *record, struct mica_bytes path)
{
	const struct mica_union_layer *layer = &record->union_layer;
	struct mica_branch *branch;
	struct mica_union *u;
	char *copy;
	int r;

	/* A layer of no union, or beyond the number of layers: a record that contradicts itself says nothing. */
	if (!record->union_id || layer->index > record->layers)
		return 0;
	r = get_or_add(table, record->union_id, &u);
	if (r == 0)
		r = make_room(u, (size_t)record->layers + 1);
	if (r < 0)
		return r;
	copy = strndup(path.size ? path.data : "/", path.size ? path.size : 1);
	if (!copy)
		return -ENOMEM;
	branch = &u->branches[layer->index];
	free(branch->path);
	*branch = (struct mica_branch){ .device = layer->dev, .inode = layer->inode, .path = copy };
	u->device = record->dev;
	if (layer->index == 0)
		u->engines_own = mica_container_table_owns(copy);
	u->complete = false;
	u->retry = (struct mica_retry){};
	return 0;
}

const struct mica_branch *mica_union_branch(const struct mica_union *u, unsigned index)
{
	return index < u->branch_count && u->branches[index].path ? &u->branches[index] : NULL;
}

/** Finds the directories of the branches on the host. True: all are known. */
static bool find_directories(struct mica_union_table *table, struct mica_union *u)
{
	char path[MICA_HOST_PATH_BYTES];
	bool all = true;

	for (size_t i = 0; i < u->branch_count; i++) {
		struct mica_branch *branch = &u->branches[i];

		if (!branch->path || branch->directory)
			continue;
		if (mica_mountinfo_host_path(table->mounts, branch->device,
					     (struct mica_bytes){ branch->path, strlen(branch->path) }, path,
					     sizeof(path)) == 0)
			branch->directory = mica_string_pool_add(table->strings, path);
		if (!branch->directory)
			all = false;
	}
	return all;
}

static void find_container(struct mica_union_table *table, struct mica_union *u)
{
	const struct mica_branch *upper = mica_union_branch(u, 0);

	if (upper)
		u->container = mica_container_by_upper(table->containers, upper->device, upper->path);
	if (!u->container)
		u->container = mica_container_by_root(table->containers, u->device);
	mica_container_hold(u->container);
}

static void find_digests(struct mica_union_table *table, struct mica_union *u)
{
	for (size_t i = 1; i < u->branch_count; i++) {
		struct mica_branch *branch = &u->branches[i];

		if (branch->path && !branch->digest && !branch->role)
			branch->digest = mica_container_table_digest(table->containers, branch->path);
		if (branch->path && !branch->digest && !branch->role)
			branch->role = mica_container_table_role(table->containers, branch->path);
	}
}

static void complete(struct mica_union_table *table, struct mica_union *u)
{
	bool all;

	/* Device numbers are reused: only mounts read after the union was made say where it is. */
	(void)mica_mountinfo_refresh(table->mounts);
	all = find_directories(table, u);
	if (mica_container_table_refresh(table->containers) < 0)
		return;
	if (!u->container) {
		mica_container_renew_roots(table->containers);
		find_container(table, u);
	}
	find_digests(table, u);
	u->complete = all && u->container;
}

struct mica_union *mica_union_table_find(struct mica_union_table *table, uint64_t union_id)
{
	struct mica_union *u = union_id ? mica_table_get(&table->unions, union_id) : NULL;

	if (u && !u->complete && !u->gone && mica_retry_due(&u->retry))
		complete(table, u);
	return u;
}

/** A union that came and went before its engine said for which container. Its directories are not used again so soon,
 *  other than its device number. */
static void name_late(struct mica_union_table *table, struct mica_union *u)
{
	const struct mica_branch *upper = mica_union_branch(u, 0);

	if (!upper || !u->engines_own || mica_now_ns() >= u->described_ns + 2 * MICA_NAME_WAIT_NS)
		return;
	u->container = mica_container_by_upper(table->containers, upper->device, upper->path);
	mica_container_hold(u->container);
}

void mica_union_table_settle(struct mica_union_table *table)
{
	/* Once for all of them. */
	(void)mica_mountinfo_refresh(table->mounts);
	mica_container_renew_roots(table->containers);
	for (size_t i = 0; i < table->unions.capacity; i++) {
		struct mica_union *u = table->unions.slots[i].value;

		if (!u || u->container)
			continue;
		if (u->gone) {
			name_late(table, u);
			continue;
		}
		find_container(table, u);
		if (u->container)
			u->retry = (struct mica_retry){};
	}
}

void mica_union_table_gone(struct mica_union_table *table, uint64_t union_id)
{
	struct mica_union *u = mica_table_get(&table->unions, union_id);
	uint64_t forget;

	if (!u || u->gone)
		return;
	/* A union that came and went between two reads: a last chance to learn its name. */
	(void)mica_union_table_find(table, union_id);
	u->gone = true;
	table->gone_count++;
	forget = mica_gone_push(&table->gone, union_id);
	if (forget) {
		free_union(mica_table_remove(&table->unions, forget));
		table->gone_count--;
	}
}

size_t mica_union_table_count(const struct mica_union_table *table)
{
	return table->unions.count - table->gone_count;
}
