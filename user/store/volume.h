/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Volumes: directories that outlive containers. A volume has a name and a backend, which decides where its files are.
 */
#ifndef MICA_STORE_VOLUME_H
#define MICA_STORE_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct mica_volume {
	const char *name;
	const char *backend;
	/** JSON object of strings. */
	const char *options;
	/** Where its files are: ROOT/volumes/NAME/_data. */
	const char *directory;
	/** It was made for one container, without a name of its own. */
	bool anonymous;
	/** Nanoseconds since 1970. */
	int64_t created;
	/** Containers that have it. */
	int64_t containers;
	/** Uses that are counted in this boot (store/volume_users.h). */
	int64_t users;
	/** Its files are in the directory itself: it needs no mount. */
	bool in_place;
	/** A server is behind it: even looking at it may hang. */
	bool remote;
};

/** KEY=VALUE. */
struct mica_volume_option {
	const char *key, *value;
};

/**
 * Makes a volume; on the disk when it returns. `name` NULL: an anonymous one, its name is in *ret_name (caller frees;
 * may be NULL). The same volume again is fine. -EEXIST: there is one of that name with another backend or options;
 * -EINVAL: no name, no such backend, or an option that it does not have.
 */
int mica_volume_create(struct mica_store *store, const char *name, const char *backend,
		       const struct mica_volume_option *options, size_t option_count, char **ret_name);

/** Removes a volume with its files; what a bind volume shows is never touched. -ENOENT; -EBUSY: a container or a user
 *  (store/volume_users.h) has it, or something is mounted in it that cannot be unmounted. */
int mica_volume_remove(struct mica_store *store, const char *name);
/** The same, but its tree goes when a store is opened next: for whoever cannot wait for many files. */
int mica_volume_strike(struct mica_store *store, const char *name);

/** Calls `take` with each volume, by name. */
int mica_volume_list(struct mica_store *store, int (*take)(const struct mica_volume *volume, void *userdata),
		     void *userdata);
/** Calls it with one. -ENOENT. */
int mica_volume_inspect(struct mica_store *store, const char *name,
			int (*take)(const struct mica_volume *volume, void *userdata), void *userdata);

/** Makes a volume's files visible at its directory, where its backend mounts something. Fine if they are. */
int mica_volume_mount(struct mica_store *store, const char *name);

#endif
