/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's configuration: a JSON object, /etc/mica/daemon.json (JSON, since the plugin speaks it anyway, and since
 * the file that it stands beside, Docker's daemon.json, is in it).
 */
#ifndef MICA_DAEMON_CONFIG_H
#define MICA_DAEMON_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

#define MICA_DAEMON_CONFIG "/etc/mica/daemon.json"
#define MICA_PLUGIN_SOCKET "/run/docker/plugins/mica.sock"

/** Arguments of a trace, or files of policies, that a configuration may name. */
#define MICA_CONFIG_WORDS_MAX 64

/** What runs beside the daemon (daemon/child.h). */
struct mica_config_child {
	/** Where its events go, an absolute path; NULL: it is not asked for. */
	const char *output;
	/** The command with its arguments, NULL-terminated. */
	const char *arguments[MICA_CONFIG_WORDS_MAX + 5];
};

struct mica_config {
	/** The store; NULL: not said. */
	const char *root;
	/** Of the volume plugin. */
	bool plugin;
	const char *socket;
	/** For volumes that are created without -o backend=…, and their options; {name} in a value is the volume's. */
	const char *backend;
	const json_t *options;
	/** The mounts are looked at so often without an event, too. Seconds. */
	int interval;
	/** A mount by a helper may take so long. Seconds. */
	int mount_timeout;
	struct mica_config_child trace;
	struct mica_config_child policies;
	/** Owns the strings. */
	json_t *document;
};
#define _cleanup_config_ _cleanup_(mica_config_free)
void mica_config_free(struct mica_config *config);

/** Fills in the defaults. */
void mica_config_default(struct mica_config *ret);

/** Reads a configuration's text. -EINVAL: `reason` says what is wrong, with the line. Pure. */
int mica_config_parse(const char *text, size_t size, struct mica_config *ret, char *reason, size_t reason_size);

#endif
