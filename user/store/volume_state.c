// SPDX-License-Identifier: BSD-2-Clause
#include "store/volume_state.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/backend.h"
#include "store/drift.h"
#include "store/volume.h"

void mica_volume_standings_free(struct mica_volume_standings *standings)
{
	for (size_t i = 0; i < standings->count; i++) {
		free(standings->items[i].name);
		free(standings->items[i].backend);
		free(standings->items[i].directory);
	}
	free(standings->items);
	*standings = (struct mica_volume_standings){};
}

static int take(const struct mica_volume *volume, void *userdata)
{
	struct mica_volume_standings *standings = userdata;
	struct mica_volume_standing *items = standings->items, *item;

	if (!(standings->count & (standings->count - 1))) /* 0, or a power of two: it is full */
		items = reallocarray(items, standings->count ? 2 * standings->count : 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	standings->items = items;
	item = &items[standings->count++];
	*item = (struct mica_volume_standing){
		.name = strdup(volume->name),
		.backend = strdup(volume->backend),
		.directory = strdup(volume->directory),
		.containers = volume->containers,
		.users = volume->users,
		.anonymous = volume->anonymous,
		.in_place = volume->in_place,
		.remote = volume->remote,
		.state = volume->in_place ? MICA_VOLUME_READY : MICA_VOLUME_UNMOUNTED,
	};
	return item->name && item->backend && item->directory ? 0 : -ENOMEM;
}

/* Asks those of remote volumes that are mounted. */
static int ask_servers(const struct mica_volume_standings *standings)
{
	_cleanup_free_ const char **directories = calloc(standings->count + 1, sizeof(char *));
	_cleanup_free_ size_t *indexes = calloc(standings->count + 1, sizeof(*indexes));
	_cleanup_free_ int *results = calloc(standings->count + 1, sizeof(*results));
	size_t count = 0;
	int r;

	if (!directories || !indexes || !results)
		return -ENOMEM;
	for (size_t i = 0; i < standings->count; i++)
		if (standings->items[i].remote && standings->items[i].state == MICA_VOLUME_MOUNTED) {
			indexes[count] = i;
			directories[count++] = standings->items[i].directory;
		}
	r = mica_backend_answer(directories, count, results);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (results[i] < 0)
			standings->items[indexes[i]].state = MICA_VOLUME_UNREACHABLE;
	return r;
}

int mica_volume_standings_read(struct mica_store *store, bool ask, struct mica_volume_standings *ret)
{
	_cleanup_mounts_ struct mica_mounts *mounts = NULL;
	char root[PATH_MAX], path[PATH_MAX + 300];
	bool all_in_place = true;
	int r = mica_volume_list(store, take, ret);

	for (size_t i = 0; r == 0 && i < ret->count; i++)
		all_in_place &= ret->items[i].in_place;
	if (r < 0 || all_in_place)
		return r;
	/* As the kernel names it. */
	if (!realpath(mica_store_root(store), root))
		return -errno;
	r = mica_mounts_new("/proc/self/mountinfo", &mounts);
	for (size_t i = 0; r == 0 && i < ret->count; i++) {
		(void)snprintf(path, sizeof(path), "%s/volumes/%s/_data", root, ret->items[i].name);
		if (!ret->items[i].in_place && mica_mounts_has(mounts, path))
			ret->items[i].state = MICA_VOLUME_MOUNTED;
	}
	return r == 0 && ask ? ask_servers(ret) : r;
}

const char *mica_volume_state_name(enum mica_volume_state state)
{
	static const char *const names[] = {
		[MICA_VOLUME_READY] = "ready",
		[MICA_VOLUME_MOUNTED] = "mounted",
		[MICA_VOLUME_UNMOUNTED] = "unmounted",
		[MICA_VOLUME_UNREACHABLE] = "unreachable",
	};

	return state < _MICA_VOLUME_STATE_MAX ? names[state] : "?";
}
