// SPDX-License-Identifier: BSD-2-Clause
#include "daemon/daemon.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/store.h"

#define CONFIG_BYTES_MAX (1024u * 1024)

struct options {
	const char *root;
	const char *config;
	const char *socket;
	bool check;
};

enum {
	KEY_SOCKET = 0x900,
	KEY_CHECK,
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->root;
		return 0;
	case 'c':
		options->config = argument;
		return 0;
	case KEY_SOCKET:
		if (argument[0] != '/')
			argp_error(state, "--socket wants an absolute path");
		options->socket = argument;
		return 0;
	case KEY_CHECK:
		options->check = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option table[] = {
	{ "config", 'c', "FILE", 0, "Configuration (else " MICA_DAEMON_CONFIG ", if it is there)", 0 },
	{ "socket", KEY_SOCKET, "PATH", 0, "Socket of the volume plugin (else " MICA_PLUGIN_SOCKET ")", 0 },
	{ "check", KEY_CHECK, NULL, 0, "Only look whether the configuration is right", 0 },
	{ 0 },
};

static int read_config(const struct options *options, struct mica_config *ret)
{
	const char *path = options->config ? options->config : MICA_DAEMON_CONFIG;
	_cleanup_free_ char *text = NULL;
	char reason[300] = "";
	size_t size = 0;
	int r = mica_file_read(path, CONFIG_BYTES_MAX, &text, &size);

	if (r == -ENOENT && !options->config) {
		mica_config_default(ret);
		return MICA_EXIT_OK;
	}
	if (r < 0) {
		mica_log_error_errno(r, "cannot read %s", path);
		return MICA_EXIT_FAILURE;
	}
	if (mica_config_parse(text, size, ret, reason, sizeof(reason)) == 0)
		return MICA_EXIT_OK;
	mica_log_error("%s: %s", path, reason);
	return MICA_EXIT_USAGE;
}

static int run(int argc, char **argv)
{
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = table,
		.parser = parse_option,
		.args_doc = "",
		.doc = "Keeps unions, layers and volumes mounted, and serves volumes to Docker and Podman. It stays in "
		       "the "
		       "foreground; SIGTERM ends it, and nothing that is mounted goes with it.",
		.children = children,
	};
	_cleanup_config_ struct mica_config config = {};
	_cleanup_store_ struct mica_store *store = NULL;
	struct options options = {};
	int status;

	if (mica_cmd_parse(&argp, argc, argv, &options))
		return MICA_EXIT_USAGE;
	status = read_config(&options, &config);
	if (status != MICA_EXIT_OK || options.check)
		return status;
	if (options.socket)
		config.socket = options.socket;
	status = mica_cmd_store_open(options.root ? options.root : config.root, &store);
	if (status != MICA_EXIT_OK)
		return status;
	return mica_daemon_run(store, &config) < 0 ? MICA_EXIT_FAILURE : MICA_EXIT_OK;
}

const struct mica_command mica_command_daemon = {
	.name = "daemon",
	.summary = "keep mounts in place, and serve volumes to engines",
	.run = run,
};
