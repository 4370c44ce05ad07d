/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon: keeps mounts in place, and serves the volume plugin. It can be killed at any moment: what it knows is in
 * the store, and nothing that it mounted goes with it.
 */
#ifndef MICA_DAEMON_DAEMON_H
#define MICA_DAEMON_DAEMON_H

#include "daemon/config.h"
#include "store/store.h"

/**
 * Takes the store for this process, and runs until SIGTERM or SIGINT. What is in the way is told on stderr, and a
 * negative errno is returned. -EBUSY: another daemon has the store.
 */
int mica_daemon_run(struct mica_store *store, const struct mica_config *config);

#endif
