/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How volumes are, found out without ever waiting for a server for more than two seconds, for all of them together.
 */
#ifndef MICA_STORE_VOLUME_STATE_H
#define MICA_STORE_VOLUME_STATE_H

#include <stddef.h>

#include "store/store.h"

enum mica_volume_state {
	/** Its files are in its directory. */
	MICA_VOLUME_READY,
	MICA_VOLUME_MOUNTED,
	MICA_VOLUME_UNMOUNTED,
	/** It is mounted, and its server does not answer. */
	MICA_VOLUME_UNREACHABLE,
	_MICA_VOLUME_STATE_MAX,
};

/** A volume of a list. */
struct mica_volume_standing {
	char *name, *backend, *directory;
	/** JSON object of strings. */
	char *options;
	int64_t containers, users;
	bool anonymous, in_place, remote;
	enum mica_volume_state state;
};

struct mica_volume_standings {
	struct mica_volume_standing *items;
	size_t count;
};
#define _cleanup_volume_standings_ _cleanup_(mica_volume_standings_free)
void mica_volume_standings_free(struct mica_volume_standings *standings);

/** All volumes, by name. `ask`: servers are asked; else what is mounted counts as MICA_VOLUME_MOUNTED. `ret` is the
 *  caller's to free, also on failure. */
int mica_volume_standings_read(struct mica_store *store, bool ask, struct mica_volume_standings *ret);

/** "ready", "mounted", "unmounted", "unreachable". A static string. */
const char *mica_volume_state_name(enum mica_volume_state state);

#endif
