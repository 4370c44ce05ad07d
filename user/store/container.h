/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Containers as the store keeps them: a row, a writable layer of the same id, the volumes that it has, and a directory
 * for its bundle. What runs them is user/runtime/.
 */
#ifndef MICA_STORE_CONTAINER_H
#define MICA_STORE_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/** 64 digits and a NUL. */
#define MICA_CONTAINER_ID_SIZE 65
/** Where the state of running containers is, of all stores of this machine: it must not outlive a boot. */
#define MICA_CONTAINER_RUN "/run/mica"

struct mica_stored_container {
	const char *id;
	const char *name;
	/** Id of its image; NULL: it has none. */
	const char *image;
	/** JSON object; what is in it is the runtime's business. */
	const char *settings;
	/** Nanoseconds since 1970; `finished` 0: it never ended. */
	int64_t created, finished;
	/** Of its last run; -1: not known. */
	int exit_status;
	/** It is to be removed when it ends. */
	bool auto_remove;
};

/** A volume that a new container gets. */
struct mica_container_volume {
	/** Path in the container. */
	const char *target;
	/** NULL: an anonymous one is made, and its name put in *ret_name. */
	const char *name;
	/** Directory whose content a volume that is empty gets; negative: none. */
	int source_fd;
	char *ret_name;
};

struct mica_container_request {
	/** MICA_CONTAINER_ID_SIZE; made by mica_container_new_id. */
	const char *id;
	const char *name;
	/** Its image and the image's topmost layer; either may be NULL. */
	const char *image, *top;
	struct mica_container_volume *volumes;
	size_t volume_count;
	/** Nobody waits for it to be removed: whoever finds it neither locked nor running removes it. */
	bool auto_remove;
	/** JSON, asked for when the names of the volumes are known; caller of this frees. NULL: no memory. */
	char *(*settings)(const struct mica_container_request *request);
	void *userdata;
};

/** Writes a new id. 0 or an errno of getrandom(2). */
int mica_container_new_id(char id[static MICA_CONTAINER_ID_SIZE]);

/**
 * Makes a container: its layer, the volumes that are not there yet, and the row, wholly or not at all; on the disk when
 * it returns, unless it is one to be removed when it ends. *ret_lock_fd (may be NULL): it is locked, as by
 * mica_container_lock. -EEXIST: the name is taken; -EINVAL: no name.
 */
int mica_container_create(struct mica_store *store, const struct mica_container_request *request, int *ret_lock_fd);

/** The id of a container by its name, its id, or the start of its id that no other begins with. Caller frees. -ENOENT,
 *  -ENOTUNIQ. */
int mica_container_find(struct mica_store *store, const char *name, char **ret_id);

/** Calls `take` with each container, the newest first. */
int mica_container_list(struct mica_store *store,
			int (*take)(const struct mica_stored_container *container, void *userdata), void *userdata);
/** Calls it with one, by its id. -ENOENT. */
int mica_container_inspect(struct mica_store *store, const char *id,
			   int (*take)(const struct mica_stored_container *container, void *userdata), void *userdata);

/** Opens a container's directory, making it where it is missing, and locks it: whoever runs or changes a container
 *  holds it. Where `wait` is false and somebody does, -EBUSY: it runs; -EWOULDBLOCK. */
int mica_container_lock(struct mica_store *store, const char *id, bool wait, int *ret_fd);

/** Init process of a container that runs; 0: it does not. */
int mica_container_init_pid(const char *id);

/** Takes away what a run left below MICA_CONTAINER_RUN. The container does not run. */
void mica_container_forget_run(const char *id);

/** Removes a container that does not run, with its layer, and with `volumes` its anonymous volumes that no other
 *  container has. The caller holds its lock (`lock_fd`, closed by this when it succeeds). -ENOENT; -EBUSY: it runs. */
int mica_container_remove(struct mica_store *store, const char *id, bool volumes, int *lock_fd);

/** Notes how a container ended. */
int mica_container_ended(struct mica_store *store, const char *id, int exit_status);

/** From now on it is removed when it is neither locked nor running. */
int mica_container_remove_when_ended(struct mica_store *store, const char *id);
/** Is that so of a container? 0 or -ENOENT. */
int mica_container_goes_when_ended(struct mica_store *store, const char *id, bool *ret);
/** Removes those. */
int mica_container_recover(struct mica_store *store);

#endif
