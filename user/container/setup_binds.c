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
	free(bind->volume.location.path);
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

const struct mica_known_volume *mica_setup_binds_find(struct mica_setup_binds *binds,
						      struct mica_container_table *containers, uint32_t device,
						      struct mica_bytes path, struct mica_bytes *ret_rest)
{
	const struct mica_known_volume *best = NULL;

	for (size_t i = 0; binds->done && i < binds->count; i++) {
		struct mica_setup_bind *bind = &binds->binds[i];
		struct mica_known_volume *volume = &bind->volume;

		if (volume->name ||
		    mica_container_table_describe_volume(containers, NULL, bind->source, bind->target, volume))
			mica_known_volume_match(volume, device, path, &best, ret_rest);
	}
	return best;
}
