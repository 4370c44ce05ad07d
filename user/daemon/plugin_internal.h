/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the plugin share.
 */
#ifndef MICA_DAEMON_PLUGIN_INTERNAL_H
#define MICA_DAEMON_PLUGIN_INTERNAL_H

#include "daemon/plugin.h"

enum mica_plugin_work_kind {
	MICA_PLUGIN_WORK_MOUNT,
	MICA_PLUGIN_WORK_UNMOUNT,
	MICA_PLUGIN_WORK_REMOVE,
};

/** What a helper does with a volume; whoever asks for the volume meanwhile waits for it. */
struct mica_plugin_work {
	struct mica_plugin *plugin;
	enum mica_plugin_work_kind kind;
	char *name;
	/** In the order of their coming. */
	struct mica_plugin_ticket *tickets;
	struct mica_plugin_work *next;
};

struct mica_plugin {
	struct mica_loop *loop;
	struct mica_store *store;
	const struct mica_config *config;
	struct mica_plugin_work *works;
	/** Trees of removed volumes are cleared away by a helper, when removing has come to a rest. */
	struct mica_timer clear;
	bool clearing;
	/** Uses that no container seemed to have when the daemon began are looked at once more. */
	struct mica_timer leaks;
	char **suspects;
	size_t suspect_count;
};

void mica_plugin_answer(struct mica_plugin_ticket *ticket, unsigned status, json_t *body);
/** HTTP 500 with Err: both Docker and Podman take only that for an error. `error`: an errno, for failures without a
 *  reason of the store's. */
void mica_plugin_refuse(struct mica_plugin_ticket *ticket, int error);
__attribute__((format(printf, 2, 3))) void mica_plugin_refuse_words(struct mica_plugin_ticket *ticket,
								    const char *format, ...);

/** Lets a ticket wait for a helper that does this, or for the one that works on the volume already. */
void mica_plugin_wait(struct mica_plugin_ticket *ticket, enum mica_plugin_work_kind kind);
/** Starts a helper that nobody waits for. */
void mica_plugin_start(struct mica_plugin *plugin, const char *name, enum mica_plugin_work_kind kind);
/** NULL: no helper is at work on this volume. */
struct mica_plugin_work *mica_plugin_working(const struct mica_plugin *plugin, const char *name);

/** Starts the helper that clears away the trees of removed volumes. A timer's function; userdata: the plugin. */
void mica_plugin_clear(void *userdata);

/** Looks for uses by engines that are gone. */
void mica_plugin_find_leaks(struct mica_plugin *plugin);
/** Ends the uses of a volume that no container really has. 1: one has; 0: none does; or an errno. */
int mica_plugin_end_leaks(struct mica_plugin *plugin, const char *name);

#endif
