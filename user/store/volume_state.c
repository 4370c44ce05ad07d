// SPDX-License-Identifier: BSD-2-Clause
#include "store/volume_state.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container/json.h"
#include "store/backend.h"
#include "store/drift.h"
#include "store/volume.h"

void mica_volume_standings_free(struct mica_volume_standings *standings)
{
	for (size_t i = 0; i < standings->count; i++) {
		free(standings->items[i].name);
		free(standings->items[i].backend);
		free(standings->items[i].directory);
		free(standings->items[i].options);
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
		.options = strdup(volume->options),
		.containers = volume->containers,
		.users = volume->users,
		.anonymous = volume->anonymous,
		.in_place = volume->in_place,
		.remote = volume->remote,
		.state = volume->in_place ? MICA_VOLUME_READY : MICA_VOLUME_UNMOUNTED,
	};
	return item->name && item->backend && item->directory && item->options ? 0 : -ENOMEM;
}

struct questions {
	/** Their options are this list's. */
	struct mica_backend_question *items;
	/** Of whom, in the list of all. */
	size_t *indexes;
	int *results;
	size_t count;
};

static void free_questions(const struct questions *questions)
{
	for (size_t i = 0; i < questions->count; i++)
		json_decref((json_t *)questions->items[i].options);
	free(questions->items);
	free(questions->indexes);
	free(questions->results);
}

static int make_questions(size_t most, struct questions *ret)
{
	ret->items = calloc(most + 1, sizeof(*ret->items));
	ret->indexes = calloc(most + 1, sizeof(*ret->indexes));
	ret->results = calloc(most + 1, sizeof(*ret->results));
	return ret->items && ret->indexes && ret->results ? 0 : -ENOMEM;
}

/* Asks those of remote volumes that are mounted. */
static int ask_servers(const struct mica_volume_standings *standings)
{
	_cleanup_(free_questions) struct questions asked = {};
	int r = make_questions(standings->count, &asked);

	for (size_t i = 0; r == 0 && i < standings->count; i++) {
		const struct mica_volume_standing *item = &standings->items[i];

		if (!item->remote || item->state != MICA_VOLUME_MOUNTED)
			continue;
		asked.items[asked.count] = (struct mica_backend_question){
			mica_backend_find(item->backend),
			mica_json_parse(item->options, strlen(item->options)),
			item->directory,
		};
		asked.indexes[asked.count++] = i;
	}
	if (r == 0)
		r = mica_backend_answer(asked.items, asked.count, asked.results);
	for (size_t i = 0; r == 0 && i < asked.count; i++)
		if (asked.results[i] < 0)
			standings->items[asked.indexes[i]].state = MICA_VOLUME_UNREACHABLE;
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
