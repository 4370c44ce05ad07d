/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layers: the verbs of Docker's graph driver. A layer has a parent, or is a base. One with children or with a digest
 * (imported) is immutable: it is mounted read-only and never written.
 *
 * Ids: see store/name.h; -EINVAL for others, -ENOENT for those that are not there, unless it is said otherwise. The
 * reason of a failure is in mica_store_reason.
 */
#ifndef MICA_STORE_LAYER_H
#define MICA_STORE_LAYER_H

#include <stdint.h>

#include "store/store.h"

/** One layer, or one property of the store; strings are valid during the callback. */
struct mica_layer {
	const char *id;
	/** NULL: a base. */
	const char *parent;
	/** "sha256:…" of its uncompressed archive (diff_id); NULL: it was made here. */
	const char *digest;
	/** Of its files when it was imported or applied; -1: not known, ask mica_layer_diff_size. */
	int64_t size;
	/** Nanoseconds since 1970. */
	int64_t created;
	/** How often it was got, less how often it was put. */
	int64_t refs;
	int64_t children;
};

/** Makes an empty layer; on the disk when it returns. `parent` NULL: a base. -EEXIST: the id is taken; -EBUSY: the
 * parent is mounted writable. */
int mica_layer_create(struct mica_store *store, const char *id, const char *parent);

/** Removes a layer with its tree. An absent one is fine. -EBUSY: it is in use, has children, or an image or container
 *  needs it. */
int mica_layer_remove(struct mica_store *store, const char *id);

/**
 * Mounts a layer with all below it, or counts one user more of it where it is mounted. *ret_path (caller frees) is
 * where its files are: of an immutable base its own tree, without a mount. `label`: an SELinux context for all files,
 * or NULL. -EBUSY: another mount namespace has it mounted, a second mount of one upper would damage it; or it is a
 * container's.
 */
int mica_layer_get(struct mica_store *store, const char *id, const char *label, char **ret_path);

/** Gives one use back; the last unmounts. Fine where nothing is mounted. -EBUSY: files in it are open; it can be
 *  repeated. */
int mica_layer_put(struct mica_store *store, const char *id);

/** 1: it is there, 0: it is not, or a negative errno. */
int mica_layer_exists(struct mica_store *store, const char *id);

/** Calls `take` with each property of the store, for people: "Backing Filesystem" and so on. */
int mica_layer_status(struct mica_store *store, int (*take)(const char *name, const char *value, void *userdata),
		      void *userdata);

/** Unmounts all layers and forgets who got them. -EBUSY: some could not be, the others were. */
int mica_layer_cleanup(struct mica_store *store);

/** Calls `take` with each layer, parents before children. */
int mica_layer_list(struct mica_store *store, int (*take)(const struct mica_layer *layer, void *userdata),
		    void *userdata);

/** Calls it with a layer and all below it, topmost first. */
int mica_layer_each_below(struct mica_store *store, const char *id,
			  int (*take)(const struct mica_layer *layer, void *userdata), void *userdata);

enum mica_change_kind {
	MICA_CHANGE_ADDED,
	MICA_CHANGE_MODIFIED,
	MICA_CHANGE_DELETED,
};

/** Calls `take` with each path ("/a/b") that the layer adds, changes or hides, in bytewise order within a directory. */
int mica_layer_changes(struct mica_store *store, const char *id,
		       int (*take)(enum mica_change_kind kind, const char *path, void *userdata), void *userdata);

/** Writes the layer as an uncompressed OCI layer archive. */
int mica_layer_diff(struct mica_store *store, const char *id, int fd);

struct mica_import_options;
struct mica_import_counts;

/** Fills an empty layer without children from an archive (see store/import.h), wholly or not at all. -ENOTEMPTY: it has
 *  content. */
int mica_layer_apply(struct mica_store *store, const char *id, int fd, const struct mica_import_options *options,
		     struct mica_import_counts *ret_counts);

/** Sizes of the regular files in the layer's own tree, those with several links once. */
int mica_layer_diff_size(struct mica_store *store, const char *id, uint64_t *ret_bytes);

#endif
