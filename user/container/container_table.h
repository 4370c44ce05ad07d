/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The containers that engines know or knew, found by what the kernel tells of them: the upper directory of their union,
 * their cgroup, the mount namespace of their init.
 */
#ifndef MICA_CONTAINER_CONTAINER_TABLE_H
#define MICA_CONTAINER_CONTAINER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "container/container.h"
#include "container/engine.h"
#include "container/mountinfo.h"
#include "container/oci.h"
#include "container/string_pool.h"
#include "container/table.h"

/** A directory as records name it: device and path in its file system. */
struct mica_location {
	/** 0: not known. */
	uint32_t device;
	char *path;
};

/** A volume, its strings those of the pool. */
struct mica_known_volume {
	/** Its name; for a bind mount its source. */
	const char *name;
	const char *source;
	const char *destination;
	struct mica_location location;
};

struct mica_known_container {
	/** What others see, and all that is left in the end. */
	struct mica_container container;
	const struct mica_engine_ops *engine;
	void *engine_state;
	/** Another container whose id has the same hash. */
	struct mica_known_container *next_of_hash;

	/** What follows is dropped when the container is gone and nothing refers to it. */
	bool detailed;
	struct mica_engine_container *details;
	struct mica_location upper;
	/** Upper of the union in which an engine makes the container's init layer. */
	struct mica_location init;
	struct mica_location root;
	/** `roots` of the table when the root was located. */
	unsigned root_round;
	struct mica_known_volume *volumes;
	size_t volume_count;
	struct mica_stamp bundle_stamp;
	struct mica_retry volumes_retry;
	bool volumes_known;

	/** The engine still knew it in its last round. */
	bool present;
	unsigned round;
	uint64_t known_ns;
	uint64_t gone_ns;
	/** Unions and namespaces that refer to it. */
	unsigned users;
};

struct mica_container_table {
	const struct mica_host *host;
	struct mica_mountinfo *mounts;
	/** For object strings (limited) and for the containers' names (as many as containers). */
	struct mica_string_pool *strings;
	struct mica_string_pool names;
	/** All that were ever seen, by the hash of their id. */
	struct mica_table by_id;
	size_t count;
	/** Those with details. */
	struct mica_known_container **live;
	size_t live_count;
	void **engine_states;
	unsigned round;
	/** Counts the times that the containers' roots were to be located anew. */
	unsigned roots;
	/** Rounds in which an engine had news. */
	unsigned changes;
	/** Bundles whose config.json could not be read or made no sense. */
	size_t errors;
};

int mica_container_table_init(struct mica_container_table *table, const struct mica_host *host,
			      struct mica_mountinfo *mounts, struct mica_string_pool *strings);
void mica_container_table_free(struct mica_container_table *table);

/** Reads the engines' state where it changed. 0 or -ENOMEM. */
int mica_container_table_refresh(struct mica_container_table *table);

/** Calls `visit` for each container ever seen, until it returns non-zero, which is returned. */
int mica_container_table_each(const struct mica_container_table *table,
			      int (*visit)(const struct mica_container *container, void *userdata), void *userdata);

/** Each returns NULL when there is none. */
struct mica_known_container *mica_container_by_upper(struct mica_container_table *table, uint32_t device,
						     const char *path);
/** By the union that its root directory lies in: for engines that know no upper directory. Where the roots lie is kept
 *  until mica_container_renew_roots: a union may be mounted there after a container was made known. */
struct mica_known_container *mica_container_by_root(struct mica_container_table *table, uint32_t union_device);
void mica_container_renew_roots(struct mica_container_table *table);
/** By a cgroup's path: the topmost component that names one (below its own cgroup a container may choose names). */
struct mica_known_container *mica_container_by_cgroup(const struct mica_container_table *table, const char *path);
struct mica_known_container *mica_container_by_namespace(const struct mica_container_table *table, uint32_t inode);
/** Its init process, read now; 0: not running or not known. */
int mica_container_pid(const struct mica_known_container *container);

/** Notes that a union or namespace refers to a container, or no longer does. NULL is allowed. */
void mica_container_hold(struct mica_known_container *container);
void mica_container_release(struct mica_known_container *container);

/**
 * The volume of a container that a path of a file system lies in, and the rest of the path below it. NULL: none. Reads
 * the container's config.json when that was not done yet.
 */
const struct mica_known_volume *mica_container_volume(struct mica_container_table *table,
						      struct mica_known_container *container, uint32_t device,
						      struct mica_bytes path, struct mica_bytes *ret_rest);
/** The volume that a container has at exactly this path of its own; NULL: none. */
const struct mica_known_volume *mica_container_volume_at(struct mica_container_table *table,
							 struct mica_known_container *container,
							 struct mica_bytes path);
/** Has the volumes read again at the next need, if the config.json changed (the container may have been restarted). */
void mica_container_renew_volumes(struct mica_known_container *container);

/** Digest of a layer directory, in the pool; NULL: not known. */
const char *mica_container_table_digest(struct mica_container_table *table, const char *directory);
/** True: a directory that an engine made for the union of a container, perhaps one that is not known yet. */
bool mica_container_table_owns(const char *directory);
/** Role of a layer directory ("init"), a static string; NULL: none. */
const char *mica_container_table_role(struct mica_container_table *table, const char *directory);
/** Name of the engine volume that a host path lies in, and the volume's directory, both in the pool. False: in none. */
bool mica_container_table_volume_of_path(struct mica_container_table *table, const char *path, const char **ret_name,
					 const char **ret_directory);
/** Describes a volume by the directory that is mounted: `name`, else its engine's, else its source. The location's path
 *  is the caller's. False: it cannot be located now, or there is no memory. */
bool mica_container_table_describe_volume(struct mica_container_table *table, const char *name, const char *source,
					  const char *destination, struct mica_known_volume *ret);
/** Takes the volume in the place of *best (NULL: none yet) if the path lies in it, and its directory is the longer. */
void mica_known_volume_match(const struct mica_known_volume *volume, uint32_t device, struct mica_bytes path,
			     const struct mica_known_volume **best, struct mica_bytes *best_rest);
/** See mica_identity_each_volume. */
int mica_container_table_each_volume(struct mica_container_table *table,
				     int (*visit)(const char *name, const char *directory, void *userdata),
				     void *userdata);
/** See mica_identity_each_volume_of. */
int mica_container_table_each_volume_of(struct mica_container_table *table, const struct mica_container *container,
					int (*visit)(const char *name, const char *directory, void *userdata),
					void *userdata);
size_t mica_container_table_errors(const struct mica_container_table *table);

#endif
