/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps in place what should be mounted: looks at each mount event of the daemon's namespace, and now and then without
 * one. It looks itself, and lets a helper (`mica reconcile NAME...`) do what is to be done, so that it never hangs.
 */
#ifndef MICA_DAEMON_KEEPER_H
#define MICA_DAEMON_KEEPER_H

#include "daemon/loop.h"
#include "store/store.h"

struct mica_keeper;

struct mica_keeper_options {
	/** Without an event. Seconds. */
	unsigned interval;
	/** For what waits for a server. Seconds. */
	unsigned mount_timeout;
};

/** The store and the loop are borrowed. The first look is taken when the loop runs. */
int mica_keeper_new(struct mica_loop *loop, struct mica_store *store, const struct mica_keeper_options *options,
		    struct mica_keeper **ret);
void mica_keeper_free(struct mica_keeper **keeper);

#endif
