/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_RUNTIME_PREPARE_H
#define MICA_RUNTIME_PREPARE_H

#include <jansson.h>
#include <stdbool.h>

#include "runtime/crun.h"
#include "store/container_root.h"

/** A container that is about to run. */
struct mica_prepared {
	struct mica_store *store;
	const char *id;
	json_t *settings;
	/** Directory with its config.json. */
	char *bundle;
	/** For --log. */
	char *log;
	/** In which its root is mounted; ended when crun was begun. */
	struct mica_private_mounts mounts;
};
#define MICA_PREPARED(the_store, the_id) \
	((struct mica_prepared){ .store = (the_store), .id = (the_id), .mounts = MICA_PRIVATE_MOUNTS_NONE })
#define _cleanup_prepared_ _cleanup_(mica_prepared_free)
void mica_prepared_free(struct mica_prepared *prepared);

/** Mounts its volumes, and its root in a mount namespace of its own, which this process is in when it returns; writes
 *  the bundle. The caller holds its lock. */
int mica_prepare(struct mica_prepared *prepared);

/** The settings, with where its bundle is; nothing is mounted or written. */
int mica_prepare_settings(struct mica_prepared *prepared);

/** Writes an object whole; NULL: -ENOMEM. */
int mica_write_json(int fd, const json_t *json);

/** True where a device cgroup can be made: by eBPF, which needs locked memory. */
bool mica_can_limit_devices(void);

#endif
