/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/container_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "container/watch.h"

/** How long the details of a container that is gone are kept for records still under way. */
#define GONE_KEEP_NS 10000000000ULL

static size_t engine_count(void)
{
	size_t count = 0;

	while (mica_engines[count])
		count++;
	return count;
}

int mica_container_table_init(struct mica_container_table *table, const struct mica_host *host,
			      struct mica_mountinfo *mounts, struct mica_string_pool *strings)
{
	*table = (struct mica_container_table){ .host = host, .mounts = mounts, .strings = strings };
	table->engine_states = calloc(engine_count(), sizeof(void *));
	if (!table->engine_states)
		return -ENOMEM;
	for (size_t i = 0; mica_engines[i]; i++) {
		int r = mica_engines[i]->open(host, &table->engine_states[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static void drop_volumes(struct mica_known_container *known)
{
	for (size_t i = 0; i < known->volume_count; i++)
		free(known->volumes[i].location.path);
	free(known->volumes);
	known->volumes = NULL;
	known->volume_count = 0;
	known->volumes_known = false;
}

static void drop_locations(struct mica_known_container *known)
{
	free(known->upper.path);
	free(known->init.path);
	free(known->root.path);
	known->upper = known->init = known->root = (struct mica_location){};
}

static void drop_details(struct mica_known_container *known)
{
	drop_volumes(known);
	drop_locations(known);
	mica_engine_container_free(&known->details);
	known->detailed = false;
}

static void free_known(void *value)
{
	struct mica_known_container *next;

	for (struct mica_known_container *known = value; known; known = next) {
		next = known->next_of_hash;
		drop_details(known);
		free(known);
	}
}

void mica_container_table_free(struct mica_container_table *table)
{
	mica_table_free(&table->by_id, free_known);
	free(table->live);
	for (size_t i = 0; table->engine_states && mica_engines[i]; i++)
		mica_engines[i]->close(table->engine_states[i]);
	free(table->engine_states);
	mica_string_pool_free(&table->names);
	*table = (struct mica_container_table){};
}

static struct mica_known_container *find_id(const struct mica_container_table *table, const char *id)
{
	struct mica_known_container *known = mica_table_get(&table->by_id, mica_hash_bytes(id, strlen(id)));

	while (known && strcmp(known->container.id, id) != 0)
		known = known->next_of_hash;
	return known;
}

static int add_known(struct mica_container_table *table, const char *id, struct mica_known_container **ret)
{
	_cleanup_free_ struct mica_known_container *known = calloc(1, sizeof(*known));
	uint64_t key = mica_hash_bytes(id, strlen(id));

	if (!known)
		return -ENOMEM;
	known->container.id = mica_string_pool_add(&table->names, id);
	if (!known->container.id)
		return -ENOMEM;
	known->known_ns = mica_now_ns();
	known->next_of_hash = mica_table_get(&table->by_id, key);
	if (mica_table_put(&table->by_id, key, known) < 0)
		return -ENOMEM;
	table->count++;
	*ret = TAKE_PTR(known);
	return 0;
}

static int make_live(struct mica_container_table *table, struct mica_known_container *known)
{
	struct mica_known_container **larger;

	if (known->detailed)
		return 0;
	/* Grows in steps of 64: reallocarray of the same size is free. */
	larger = reallocarray(table->live, (table->live_count / 64 + 1) * 64, sizeof(struct mica_known_container *));
	if (!larger)
		return -ENOMEM;
	table->live = larger;
	table->live[table->live_count++] = known;
	known->detailed = true;
	return 0;
}

struct take_context {
	struct mica_container_table *table;
	size_t engine;
};

static size_t precedence(const struct mica_engine_ops *engine)
{
	size_t i = 0;

	while (mica_engines[i] && mica_engines[i] != engine)
		i++;
	return i;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_directories(const struct mica_engine_container *a, const struct mica_engine_container *b)
{
	return a && same(a->upper_directory, b->upper_directory) && same(a->init_directory, b->init_directory) &&
	       same(a->root_directory, b->root_directory);
}

static int take_container(struct mica_engine_container *taken, void *userdata)
{
	struct take_context *context = userdata;
	struct mica_container_table *table = context->table;
	_cleanup_(mica_engine_container_free) struct mica_engine_container *container = taken;
	struct mica_known_container *known = find_id(table, container->id);
	const char *name, *image, *image_id;
	int r;

	/* Also when the better engine forgot it just now: names do not change at the end. */
	if (known && precedence(known->engine) < context->engine)
		return 0;
	if (!known) {
		r = add_known(table, container->id, &known);
		if (r < 0)
			return r;
	}
	name = mica_string_pool_add(&table->names, container->name);
	image = mica_string_pool_add(&table->names, container->image);
	image_id = mica_string_pool_add(&table->names, container->image_id);
	if ((container->name && !name) || (container->image && !image) || (container->image_id && !image_id))
		return -ENOMEM;
	r = make_live(table, known);
	if (r < 0)
		return r;
	known->container.name = name;
	known->container.image = image;
	known->container.image_id = image_id;
	known->container.engine = mica_engines[context->engine]->name;
	known->engine = mica_engines[context->engine];
	known->engine_state = table->engine_states[context->engine];
	known->present = true;
	known->round = table->round;
	if (!same_directories(known->details, container))
		drop_locations(known);
	/* Only now is it told where its volumes stand. */
	if (known->details && known->details->unfinished && !container->unfinished)
		mica_container_renew_volumes(known);
	mica_engine_container_free(&known->details);
	known->details = TAKE_PTR(container);
	return 0;
}

/** Marks what an engine no longer knows. */
static void mark_gone(struct mica_container_table *table, const struct mica_engine_ops *engine)
{
	uint64_t now = mica_now_ns();

	for (size_t i = 0; i < table->live_count; i++) {
		struct mica_known_container *known = table->live[i];

		if (known->engine != engine || known->round == table->round || !known->present)
			continue;
		known->present = false;
		known->gone_ns = now;
		known->details->pid = 0;
	}
}

static void sweep(struct mica_container_table *table)
{
	uint64_t now = mica_now_ns();
	size_t kept = 0;

	for (size_t i = 0; i < table->live_count; i++) {
		struct mica_known_container *known = table->live[i];

		if (known->present || known->users || now - known->gone_ns < GONE_KEEP_NS)
			table->live[kept++] = known;
		else
			drop_details(known);
	}
	table->live_count = kept;
}

int mica_container_table_refresh(struct mica_container_table *table)
{
	if (table->host->watch)
		(void)mica_watch_read(table->host->watch);
	table->round++;
	for (size_t i = 0; mica_engines[i]; i++) {
		struct take_context context = { .table = table, .engine = i };
		int r = mica_engines[i]->refresh(table->engine_states[i]);

		if (r == 0)
			continue;
		table->changes++;
		if (r > 0)
			r = mica_engines[i]->each_container(table->engine_states[i], take_container, &context);
		if (r < 0)
			return r;
		mark_gone(table, mica_engines[i]);
	}
	sweep(table);
	return 0;
}

int mica_container_table_each(const struct mica_container_table *table,
			      int (*visit)(const struct mica_container *container, void *userdata), void *userdata)
{
	for (size_t i = 0; i < table->by_id.capacity; i++) {
		const struct mica_known_container *known = table->by_id.slots[i].value;

		for (; known; known = known->next_of_hash) {
			int r = visit(&known->container, userdata);
			if (r)
				return r;
		}
	}
	return 0;
}

/** Looks up where a host path lies, once; symlinks in it are followed. */
static void locate(const struct mica_container_table *table, const char *path, struct mica_location *location)
{
	_cleanup_free_ char *real = NULL;

	if (location->device || !path || mica_host_resolve(table->host, path, &real) < 0)
		return;
	(void)mica_mountinfo_locate(table->mounts, real, &location->device, &location->path);
}

static bool lies_at(const struct mica_location *location, uint32_t device, const char *path)
{
	return location->device == device && location->path && strcmp(location->path, path) == 0;
}

struct mica_known_container *mica_container_by_upper(struct mica_container_table *table, uint32_t device,
						     const char *path)
{
	for (size_t i = 0; i < table->live_count; i++) {
		struct mica_known_container *known = table->live[i];

		locate(table, known->details->upper_directory, &known->upper);
		locate(table, known->details->init_directory, &known->init);
		if (lies_at(&known->upper, device, path) || lies_at(&known->init, device, path))
			return known;
	}
	return NULL;
}

struct mica_known_container *mica_container_by_root(struct mica_container_table *table, uint32_t union_device)
{
	for (size_t i = 0; i < table->live_count; i++) {
		struct mica_known_container *known = table->live[i];

		if (!known->present || known->details->upper_directory || !known->details->root_directory)
			continue;
		if (known->root_round != table->roots) {
			free(known->root.path);
			known->root = (struct mica_location){};
			known->root_round = table->roots;
		}
		locate(table, known->details->root_directory, &known->root);
		if (known->root.device == union_device)
			return known;
	}
	return NULL;
}

void mica_container_renew_roots(struct mica_container_table *table)
{
	table->roots++;
}

void mica_container_hold(struct mica_known_container *container)
{
	if (container)
		container->users++;
}

void mica_container_release(struct mica_known_container *container)
{
	if (container)
		container->users--;
}

const char *mica_container_table_digest(struct mica_container_table *table, const char *directory)
{
	for (size_t i = 0; mica_engines[i]; i++) {
		const char *digest = mica_engines[i]->layer_digest
					     ? mica_engines[i]->layer_digest(table->engine_states[i], directory)
					     : NULL;
		if (digest)
			return mica_string_pool_add(table->strings, digest);
	}
	return NULL;
}

const char *mica_container_table_role(struct mica_container_table *table, const char *directory)
{
	const char *role = NULL;

	for (size_t i = 0; !role && mica_engines[i]; i++)
		if (mica_engines[i]->layer_role)
			role = mica_engines[i]->layer_role(table->engine_states[i], directory);
	return role;
}

bool mica_container_table_owns(const char *directory)
{
	for (size_t i = 0; mica_engines[i]; i++)
		if (mica_engines[i]->owns && mica_engines[i]->owns(directory))
			return true;
	return false;
}

bool mica_container_table_volume_of_path(struct mica_container_table *table, const char *path, const char **ret_name,
					 const char **ret_directory)
{
	for (size_t i = 0; mica_engines[i]; i++) {
		_cleanup_free_ char *name = NULL, *directory = NULL;
		size_t length;

		if (!mica_engines[i]->volume_of_path || mica_engines[i]->volume_of_path(path, &name, &length) < 0)
			continue;
		directory = strndup(path, length);
		*ret_name = mica_string_pool_add(table->strings, name);
		*ret_directory = mica_string_pool_add(table->strings, directory);
		return *ret_name && *ret_directory;
	}
	return false;
}

size_t mica_container_table_errors(const struct mica_container_table *table)
{
	size_t errors = table->errors;

	for (size_t i = 0; mica_engines[i]; i++)
		errors += mica_engines[i]->errors(table->engine_states[i]);
	return errors;
}
