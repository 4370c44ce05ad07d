/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/setup_binds.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "mica/event.h"

#define BINDS_LIMIT 64

static void free_bind(struct mica_setup_bind *bind)
{
	free(bind->source);
	free(bind->target);
	free(bind->location.path);
}

void mica_setup_binds_free(struct mica_setup_binds *binds)
{
	for (size_t i = 0; i < binds->count; i++)
		free_bind(&binds->binds[i]);
	free(binds->binds);
	*binds = (struct mica_setup_binds){};
}

/* mount(2) has its source as it was written: an absolute path, but not one that means another file to each reader. */
static bool is_bind(const struct mica_record *record, struct mica_bytes source)
{
	const unsigned half = MICA_RECORD_PATH_TRUNCATED | MICA_RECORD_SOURCE_TRUNCATED | MICA_RECORD_DETACHED;

	return record->type == MICA_EVENT_MOUNT && record->mount.flags_kind == MICA_MOUNT_FLAGS_MS &&
	       record->mount.flags & MS_BIND && !(record->flags & half) && source.size && source.data[0] == '/' &&
	       !mica_path_below(source, "/proc").data;
}

static void add(struct mica_setup_binds *binds, struct mica_bytes target, struct mica_bytes source)
{
	struct mica_setup_bind *larger, bind;

	if (binds->count == BINDS_LIMIT || target.size == 0)
		return;
	larger = reallocarray(binds->binds, binds->count + 1, sizeof(*larger));
	if (!larger)
		return;
	binds->binds = larger;
	bind = (struct mica_setup_bind){
		.source = strndup(source.data, source.size),
		.target = strndup(target.data, target.size),
	};
	if (bind.source && bind.target)
		binds->binds[binds->count++] = bind;
	else
		free_bind(&bind);
}

/** Keeps what lies below the new root, by its path there. */
static void change_root(struct mica_setup_binds *binds, struct mica_bytes root)
{
	_cleanup_free_ char *directory = strndup(root.data, root.size);
	size_t kept = 0;

	for (size_t i = 0; i < binds->count; i++) {
		struct mica_setup_bind *bind = &binds->binds[i];
		size_t length = strlen(bind->target);
		struct mica_bytes rest = {};

		if (directory)
			rest = mica_path_below((struct mica_bytes){ .data = bind->target, .size = length }, directory);
		/* The root itself is no volume. */
		if (rest.size == 0) {
			free_bind(bind);
			continue;
		}
		memmove(bind->target, rest.data, rest.size + 1);
		binds->binds[kept++] = *bind;
	}
	binds->count = kept;
	binds->done = true;
}

void mica_setup_binds_note(struct mica_setup_binds *binds, const struct mica_record *record, struct mica_bytes path,
			   struct mica_bytes source)
{
	if (binds->done || record->error || record->flags & MICA_RECORD_HOST)
		return;
	if (record->type == MICA_EVENT_PIVOT_ROOT)
		change_root(binds, source);
	else if (is_bind(record, source))
		add(binds, path, source);
}

static bool locate(struct mica_setup_bind *bind, const struct mica_container_table *containers)
{
	_cleanup_free_ char *real = NULL;

	if (bind->location.device)
		return true;
	return mica_host_resolve(containers->host, bind->source, &real) == 0 &&
	       mica_mountinfo_locate(containers->mounts, real, &bind->location.device, &bind->location.path) == 0;
}

static bool describe(const struct mica_setup_bind *bind, struct mica_container_table *containers,
		     struct mica_known_volume *ret)
{
	const char *name, *directory;

	if (!mica_container_table_volume_of_path(containers, bind->source, &name, &directory) ||
	    strcmp(directory, bind->source) != 0)
		name = bind->source;
	*ret = (struct mica_known_volume){
		.name = mica_string_pool_add(containers->strings, name),
		.source = mica_string_pool_add(containers->strings, bind->source),
		.destination = mica_string_pool_add(containers->strings, bind->target),
		.location = bind->location,
	};
	return ret->name && ret->source && ret->destination;
}

bool mica_setup_binds_find(struct mica_setup_binds *binds, struct mica_container_table *containers, uint32_t device,
			   struct mica_bytes path, struct mica_known_volume *ret_volume, struct mica_bytes *ret_rest)
{
	const struct mica_setup_bind *best = NULL;
	struct mica_bytes best_rest = {};

	for (size_t i = 0; binds->done && i < binds->count; i++) {
		struct mica_setup_bind *bind = &binds->binds[i];
		struct mica_bytes rest;

		if (!locate(bind, containers) || bind->location.device != device)
			continue;
		rest = mica_path_below(path, bind->location.path);
		if (!rest.data || (best && rest.size >= best_rest.size))
			continue;
		best = bind;
		best_rest = rest;
	}
	if (!best || !describe(best, containers, ret_volume))
		return false;
	*ret_rest = best_rest;
	return true;
}
