/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of Docker's volume plugin protocol, on the store. Each is answered at once, or when a helper has done what
 * may hang, or in time with "try again": never later than MICA_PLUGIN_ANSWER_MS.
 */
#ifndef MICA_DAEMON_PLUGIN_H
#define MICA_DAEMON_PLUGIN_H

#include <jansson.h>
#include <stdbool.h>

#include "daemon/config.h"
#include "daemon/loop.h"
#include "daemon/plugin_request.h"
#include "store/store.h"

/** Podman gives a request up after 5 s. */
#define MICA_PLUGIN_ANSWER_MS 3500

struct mica_plugin;
struct mica_plugin_work;

/** One request that is to be answered. The owner keeps it where it is until it is answered or abandoned. */
struct mica_plugin_ticket {
	struct mica_plugin_request request;
	/** Called when an answer that had to wait is there; not from mica_plugin_ask. */
	void (*answered)(struct mica_plugin_ticket *ticket);
	/** Whether the client has gone meanwhile. */
	bool (*gone)(struct mica_plugin_ticket *ticket);
	void *userdata;

	/** HTTP status; 0: not answered yet. */
	unsigned status;
	/** The answer; the ticket's. */
	json_t *body;

	/** The plugin's own. */
	struct mica_plugin *plugin;
	struct mica_plugin_work *work;
	struct mica_plugin_ticket *next;
	struct mica_timer timer;
	/** 0: it did not have to wait. */
	uint64_t waits_since_ns;
	/** The answer says that a use was counted. */
	bool counted;
};

/** All is borrowed. */
int mica_plugin_new(struct mica_loop *loop, struct mica_store *store, const struct mica_config *config,
		    struct mica_plugin **ret);
void mica_plugin_free(struct mica_plugin **plugin);

/** Answers a ticket, now (its status is set) or later. */
void mica_plugin_ask(struct mica_plugin *plugin, struct mica_plugin_ticket *ticket);

/** The ticket's request is over. !delivered: its client did not get the answer: a use that was counted for it is
 * undone. Frees what the ticket holds. */
void mica_plugin_end(struct mica_plugin_ticket *ticket, bool delivered);

#endif
