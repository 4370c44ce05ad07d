/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * container_table.h: the look-ups by cgroup and namespace, and volumes.
 */
#include "container/container_table.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/** Shorter ids count only as a whole name: a plain crun container may be called "web". */
#define ID_PART_BYTES 12

static bool component_is(const char *component, size_t size, const char *before, const char *id, const char *after)
{
	size_t before_size = strlen(before), id_size = strlen(id), after_size = strlen(after);

	return size == before_size + id_size + after_size && memcmp(component, before, before_size) == 0 &&
	       memcmp(component + before_size, id, id_size) == 0 &&
	       memcmp(component + before_size + id_size, after, after_size) == 0;
}

static bool names_container(const char *component, size_t size, const char *id)
{
	size_t id_size = strlen(id);

	if (id_size >= ID_PART_BYTES)
		return memmem(component, size, id, id_size);
	return component_is(component, size, "", id, "") || component_is(component, size, "crun-", id, ".scope") ||
	       component_is(component, size, "runc-", id, ".scope") ||
	       component_is(component, size, "libpod-", id, ".scope");
}

struct mica_known_container *mica_container_by_cgroup(const struct mica_container_table *table, const char *path)
{
	while (*path) {
		size_t size = strcspn(path, "/");

		for (size_t i = 0; size && i < table->live_count; i++)
			if (names_container(path, size, table->live[i]->container.id))
				return table->live[i];
		path += size;
		path += *path == '/';
	}
	return NULL;
}

int mica_container_pid(const struct mica_known_container *container)
{
	if (!container->present)
		return 0;
	return container->engine->pid ? container->engine->pid(container->engine_state, container->container.id)
				      : container->details->pid;
}

struct mica_known_container *mica_container_by_namespace(const struct mica_container_table *table, uint32_t inode)
{
	for (size_t i = 0; inode && i < table->live_count; i++) {
		struct mica_known_container *known = table->live[i];
		int pid = mica_container_pid(known);

		if (pid && mica_host_mount_namespace(table->host, pid) == inode)
			return known;
	}
	return NULL;
}

/** What the engine itself calls the volume at a path of the container; NULL: nothing. */
static const char *engine_name(const struct mica_engine_container *details, const char *destination)
{
	for (size_t i = 0; i < details->volume_count; i++)
		if (strcmp(details->volumes[i].destination, destination) == 0)
			return details->volumes[i].name;
	return NULL;
}

/** Another engine's name of a volume whose directory is mounted as it is (crun has podman's volumes); NULL: none. */
static const char *name_of_directory(struct mica_container_table *table, const char *source)
{
	const char *name, *directory;

	if (!mica_container_table_volume_of_path(table, source, &name, &directory))
		return NULL;
	return strcmp(directory, source) == 0 ? name : NULL;
}

bool mica_container_table_describe_volume(struct mica_container_table *table, const char *name, const char *source,
					  const char *destination, struct mica_known_volume *ret)
{
	_cleanup_free_ char *real = NULL;
	struct mica_known_volume volume;

	if (!name)
		name = name_of_directory(table, source);
	volume = (struct mica_known_volume){
		.name = mica_string_pool_add(table->strings, name ? name : source),
		.source = mica_string_pool_add(table->strings, source),
		.destination = mica_string_pool_add(table->strings, destination),
	};
	if (!volume.name || !volume.source || !volume.destination ||
	    mica_host_resolve(table->host, source, &real) < 0 ||
	    mica_mountinfo_locate(table->mounts, real, &volume.location.device, &volume.location.path) < 0)
		return false;
	*ret = volume;
	return true;
}

static void add_volume(struct mica_container_table *table, struct mica_known_container *known,
		       const struct mica_engine_volume *from)
{
	struct mica_known_volume *volume = &known->volumes[known->volume_count];
	const char *name = engine_name(known->details, from->destination);

	if (from->source && mica_container_table_describe_volume(table, name ? name : from->name, from->source,
								 from->destination, volume))
		known->volume_count++;
}

static void set_volumes(struct mica_container_table *table, struct mica_known_container *known,
			const struct mica_engine_volume *from, size_t count)
{
	struct mica_known_volume *volumes = calloc(count + 1, sizeof(*volumes));

	if (!volumes)
		return;
	for (size_t i = 0; i < known->volume_count; i++)
		free(known->volumes[i].location.path);
	free(known->volumes);
	known->volumes = volumes;
	known->volume_count = 0;
	(void)mica_mountinfo_refresh(table->mounts);
	for (size_t i = 0; i < count; i++)
		add_volume(table, known, &from[i]);
}

/** Directory with the config.json (caller frees); NULL: none. */
static char *bundle_directory(const struct mica_known_container *known)
{
	if (known->engine->bundle_directory)
		return known->engine->bundle_directory(known->engine_state, known->container.id);
	return known->details->bundle_directory ? strdup(known->details->bundle_directory) : NULL;
}

static void load_volumes(struct mica_container_table *table, struct mica_known_container *known)
{
	_cleanup_free_ char *bundle = bundle_directory(known), *path = NULL, *text = NULL;
	_cleanup_(mica_volume_list_free) struct mica_volume_list list = {};
	size_t size;
	int r = -ENOENT;

	if (bundle && asprintf(&path, "%s/config.json", bundle) < 0)
		path = NULL;
	if (path && !mica_host_stamp(table->host, path, &known->bundle_stamp) && known->volumes) {
		known->volumes_known = true;
		return;
	}
	if (path)
		r = mica_host_read(table->host, path, MICA_STATE_FILE_BYTES, &text, &size);
	if (r == 0)
		r = mica_oci_parse_volumes(text, size, bundle, known->engine->volume_of_path, &list);
	if (r == 0) {
		set_volumes(table, known, list.volumes, list.count);
		known->volumes_known = true;
		return;
	}
	/* config.json may come yet: it is looked for again. */
	if (r == -ENOENT && known->details->volumes)
		set_volumes(table, known, known->details->volumes, known->details->volume_count);
	else if (path)
		table->errors++;
}

/** Reads the volumes when that was not done yet. */
static void need_volumes(struct mica_container_table *table, struct mica_known_container *container)
{
	if (!container->volumes_known && mica_retry_due(&container->volumes_retry))
		load_volumes(table, container);
}

void mica_known_volume_match(const struct mica_known_volume *volume, uint32_t device, struct mica_bytes path,
			     const struct mica_known_volume **best, struct mica_bytes *best_rest)
{
	struct mica_bytes rest;

	if (volume->location.device != device)
		return;
	rest = mica_path_below(path, volume->location.path);
	if (!rest.data || (*best && rest.size >= best_rest->size))
		return;
	*best = volume;
	*best_rest = rest;
}

const struct mica_known_volume *mica_container_volume(struct mica_container_table *table,
						      struct mica_known_container *container, uint32_t device,
						      struct mica_bytes path, struct mica_bytes *ret_rest)
{
	const struct mica_known_volume *best = NULL;

	if (!container->detailed)
		return NULL;
	need_volumes(table, container);
	for (size_t i = 0; i < container->volume_count; i++)
		mica_known_volume_match(&container->volumes[i], device, path, &best, ret_rest);
	return best;
}

const struct mica_known_volume *mica_container_volume_at(struct mica_container_table *table,
							 struct mica_known_container *container, struct mica_bytes path)
{
	if (!container->detailed)
		return NULL;
	need_volumes(table, container);
	for (size_t i = 0; i < container->volume_count; i++) {
		const struct mica_known_volume *volume = &container->volumes[i];

		if (strlen(volume->destination) == path.size && memcmp(volume->destination, path.data, path.size) == 0)
			return volume;
	}
	return NULL;
}

void mica_container_renew_volumes(struct mica_known_container *container)
{
	container->volumes_known = false;
	container->volumes_retry = (struct mica_retry){};
}

/** The volumes that an engine has on disk. */
static int each_on_disk(const struct mica_container_table *table, const struct mica_engine_ops *engine,
			int (*visit)(const char *name, const char *directory, void *userdata), void *userdata)
{
	_cleanup_free_ char *pattern = mica_host_path(table->host, engine->volume_directories);
	_cleanup_(globfree) glob_t found = {};
	int r = 0;

	if (!pattern)
		return -ENOMEM;
	/* None, or a directory that cannot be read: then there is nothing to tell. */
	if (glob(pattern, GLOB_NOSORT, NULL, &found) == GLOB_NOSPACE)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i] + strlen(table->host->prefix);
		_cleanup_free_ char *name = NULL;
		size_t length;

		if (engine->volume_of_path(path, &name, &length) == 0)
			r = visit(name, path, userdata);
	}
	return r;
}

static int each_of(struct mica_container_table *table, struct mica_known_container *container,
		   int (*visit)(const char *name, const char *directory, void *userdata), void *userdata)
{
	int r = 0;

	need_volumes(table, container);
	for (size_t i = 0; r == 0 && i < container->volume_count; i++)
		r = visit(container->volumes[i].name, container->volumes[i].source, userdata);
	return r;
}

int mica_container_table_each_volume_of(struct mica_container_table *table, const struct mica_container *container,
					int (*visit)(const char *name, const char *directory, void *userdata),
					void *userdata)
{
	for (size_t i = 0; i < table->live_count; i++) {
		if (&table->live[i]->container != container)
			continue;
		mica_container_renew_volumes(table->live[i]);
		return each_of(table, table->live[i], visit, userdata);
	}
	return 0;
}

int mica_container_table_each_volume(struct mica_container_table *table,
				     int (*visit)(const char *name, const char *directory, void *userdata),
				     void *userdata)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < table->live_count; i++)
		r = each_of(table, table->live[i], visit, userdata);
	for (size_t i = 0; r == 0 && mica_engines[i]; i++)
		if (mica_engines[i]->volume_directories)
			r = each_on_disk(table, mica_engines[i], visit, userdata);
	return r;
}
