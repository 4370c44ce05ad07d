/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an engine can tell. One const table an engine; the engines' state files are read through libraries (jansson),
 * never their prose output, and read again only when they changed.
 *
 * To add an engine: an engine_NAME.c with one table, a line in engine.c (the order is the precedence: a container that
 * two engines know, by its id, is the first one's), fixtures and a fuzz target for its parser.
 */
#ifndef MICA_CONTAINER_ENGINE_H
#define MICA_CONTAINER_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "container/host.h"

/** A volume or bind mount of a container. */
struct mica_engine_volume {
	/** Named volume's name (an anonymous one has a name too: 64 hexadecimal digits); NULL: a bind mount. */
	char *name;
	/** Host directory or file. */
	char *source;
	/** Path in the container. */
	char *destination;
};

/** A layer that has a digest. */
struct mica_engine_layer {
	/** Its directory is …/ID/diff. */
	char *id;
	char *digest;
};

/** The id in the path of a layer's root directory, …/ID/diff (caller frees): only the end counts, the storage may lie
 * behind a symlink or a bind mount. NULL: it is no such path, or no memory. */
char *mica_engine_layer_id(const char *directory);

/** A container as found in an engine's state; all strings owned by it. */
struct mica_engine_container {
	char *id;
	char *name;
	char *image;
	/** Id of the image, with or without "sha256:"; NULL: not known. */
	char *image_id;
	/** Root directory on the host of the union's upper (`…/diff`); NULL: not a union, or not known. */
	char *upper_directory;
	/** The same of the union in which the engine makes the container's own lower layer; NULL: none. */
	char *init_directory;
	/** Root file system's mount point or directory on the host; NULL: not known. */
	char *root_directory;
	/** Directory on the host with the container's OCI config.json; NULL: not known. */
	char *bundle_directory;
	/** Being made: its name is known, the rest is to come. */
	bool unfinished;
	/** Init process in the host's pid namespace; 0: not running or not known. */
	int pid;
	/** What the engine itself says of its volumes, NULL: nothing. They lend their names to those of config.json,
	 * which knows more, and stand for it where there is none. A source may be NULL: not known. */
	struct mica_engine_volume *volumes;
	size_t volume_count;
	/** Where the engine tells them with the container; copies have none. */
	struct mica_engine_layer *layers;
	size_t layer_count;
};

struct mica_engine_ops {
	const char *name;
	/** 0 or -ENOMEM. The host lives longer than the state. */
	int (*open)(const struct mica_host *host, void **ret_state);
	void (*close)(void *state);
	/**
	 * Reads the engine's state again where it changed. 1: it changed, each_container has news; 0: nothing new. What
	 * cannot be read or makes no sense is counted in `errors` and taken for empty: never fatal. -ENOMEM.
	 */
	int (*refresh)(void *state);
	/** Calls `take` for each container in the state; `take` owns the container, also when it fails. No state at all
	 * is 0 without a call. Stops at the first negative result, which it returns. */
	int (*each_container)(void *state, int (*take)(struct mica_engine_container *container, void *userdata),
			      void *userdata);
	/** Directory with the container's config.json, looked for now (caller frees); NULL: none. The slot is NULL: the
	 *  container's `bundle_directory` says it. */
	char *(*bundle_directory)(void *state, const char *id);
	/** Init process of a container, read now; 0: not running or not known. NULL: the container's `pid` says it. */
	int (*pid)(void *state, const char *id);
	/** Digest ("sha256:…", the diff_id) of a layer directory, valid until the next refresh; NULL: the directory is
	 * not one of this engine's layers, or has no digest (an upper). The slot is NULL for an engine without layers.
	 */
	const char *(*layer_digest)(void *state, const char *layer_directory);
	/** True: the engine makes such directories (an upper) for containers, before it says whose. NULL: it says it
	 * before. */
	bool (*owns)(const char *directory);
	/** "init" for a layer that belongs to one container and not to its image, a static string; NULL: it does not.
	 * The slot may be NULL. */
	const char *(*layer_role)(void *state, const char *layer_directory);
	/**
	 * Name of the volume that a host path lies in (caller frees) and the length of the volume directory's path. 0,
	 * -ENOENT: in none, -ENOMEM. The slot is NULL for an engine without volumes of its own.
	 */
	int (*volume_of_path)(const char *path, char **ret_name, size_t *ret_directory_length);
	/** glob(7) of the directories of its volumes, whose names volume_of_path tells; NULL as there. */
	const char *volume_directories;
	/** State files that could not be read or parsed so far. */
	size_t (*errors)(const void *state);
};

extern const struct mica_engine_ops mica_engine_docker;
extern const struct mica_engine_ops mica_engine_podman;
extern const struct mica_engine_ops mica_engine_containerd;
extern const struct mica_engine_ops mica_engine_mica;
extern const struct mica_engine_ops mica_engine_crun;
extern const struct mica_engine_ops mica_engine_runc;

/** In order of precedence, NULL at the end. */
extern const struct mica_engine_ops *const mica_engines[];

/** "docker, podman and crun": all engines, for messages (caller frees). NULL: no memory. */
char *mica_engine_names(void);

/** For volume_of_path: the volume NAME of a path that is BEFORE/NAME/DATA or below it; `before` ends with a slash,
 * `data` begins with one. */
int mica_engine_volume_below(const char *path, const char *before, const char *data, char **ret_name,
			     size_t *ret_directory_length);

void mica_engine_container_free(struct mica_engine_container **container);
/** A copy (caller frees); NULL: no memory. */
struct mica_engine_container *mica_engine_container_copy(const struct mica_engine_container *container);
/** Adds a volume to `volumes`; the strings are copied, `name` and `source` may be NULL. 0 or -ENOMEM. */
int mica_engine_container_add_volume(struct mica_engine_container *container, const char *name, const char *source,
				     const char *destination);

#endif
