// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/container.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/store.h"
#include "store/container.h"

enum {
	KEY_VOLUMES_FROM = 0x600,
	KEY_RM,
	KEY_NAME,
	KEY_READ_ONLY,
	KEY_TMPFS,
	KEY_ENTRYPOINT,
	KEY_NETWORK,
};

#define COMMON_OPTIONS                                                                                            \
	{ "volume",                                                                                               \
	  'v',                                                                                                    \
	  "[SOURCE:]PATH[:OPTIONS]",                                                                              \
	  0,                                                                                                      \
	  "A volume, or a directory of the host, at PATH; options: ro, rw, nocopy, rprivate, rslave",             \
	  0 },                                                                                                    \
		{ "volumes-from", KEY_VOLUMES_FROM, "CONTAINER[:ro]", 0, "All volumes of another container", 0 }, \
		{ "rm", KEY_RM, NULL, 0, "Remove it, with its anonymous volumes, when it ends", 0 },              \
		{ "name", KEY_NAME, "NAME", 0, "Its name (else one is made up)", 0 },                             \
		{ "env", 'e', "NAME[=VALUE]", 0, "A variable of its environment", 0 },                            \
		{ "workdir", 'w', "PATH", 0, "Where its program starts", 0 },                                     \
		{ "user", 'u', "USER[:GROUP]", 0, "Who runs it: names of its own, or numbers", 0 },               \
		{ "interactive", 'i', NULL, 0, "Keep its standard input open", 0 },                               \
		{ "tty", 't', NULL, 0, "Give it a terminal", 0 },                                                 \
		{ "read-only", KEY_READ_ONLY, NULL, 0, "Its root file system is read-only", 0 },                  \
		{ "tmpfs", KEY_TMPFS, "PATH[:OPTIONS]", 0, "A file system in memory at PATH", 0 },                \
		{ "entrypoint", KEY_ENTRYPOINT, "PROGRAM", 0, "In the place of the image's", 0 },                 \
		{ "hostname", 'h', "NAME", 0, "Its host name (else the start of its id)", 0 },                    \
	{                                                                                                         \
		"network", KEY_NETWORK, "host|none", 0, "The host's network, or none (the default)", 0            \
	}

static error_t take_string(int key, const char *argument, struct mica_container_options *options)
{
	switch (key) {
	case KEY_NAME:
		options->name = argument;
		return 0;
	case 'w':
		options->directory = argument;
		return 0;
	case 'u':
		options->user = argument;
		return 0;
	case KEY_ENTRYPOINT:
		options->entrypoint = argument;
		return 0;
	case 'h':
		options->hostname = argument;
		return 0;
	case KEY_NETWORK:
		options->network = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t take_flag(int key, struct mica_container_options *options)
{
	switch (key) {
	case KEY_RM:
		options->auto_remove = true;
		return 0;
	case 'i':
		options->interactive = true;
		return 0;
	case 't':
		options->terminal = true;
		return 0;
	case KEY_READ_ONLY:
		options->read_only = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t take_word(int key, const char *argument, struct mica_container_options *options)
{
	switch (key) {
	case 'v':
		return -mica_words_add(&options->volumes, argument);
	case KEY_VOLUMES_FROM:
		return -mica_words_add(&options->volumes_from, argument);
	case 'e':
		return -mica_words_add(&options->environment, argument);
	case KEY_TMPFS:
		return -mica_words_add(&options->tmpfs, argument);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct mica_cmd_container *container = state->input;
	struct mica_container_options *options = &container->options;
	error_t r;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &container->root;
		return 0;
	case 'd':
		container->detached = true;
		return 0;
	case ARGP_KEY_ARG:
		/* The image; the rest is the container's, options too. */
		options->image = argument;
		options->arguments = state->argv + state->next;
		options->argument_count = (size_t)(state->argc - state->next);
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which image?");
		return 0;
	default:
		r = take_string(key, argument, options);
		if (r == ARGP_ERR_UNKNOWN)
			r = take_flag(key, options);
		return r == ARGP_ERR_UNKNOWN ? take_word(key, argument, options) : r;
	}
}

int mica_cmd_container_parse(bool run, int argc, char **argv, struct mica_cmd_container *container,
			     struct mica_store **ret)
{
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp_option create_options[] = { COMMON_OPTIONS, { 0 } };
	static const struct argp_option run_options[] = {
		COMMON_OPTIONS,
		{ "detach", 'd', NULL, 0, "Run it in the background and print its id", 0 },
		{ 0 },
	};
	const struct argp argp = {
		.options = run ? run_options : create_options,
		.parser = parse_option,
		.args_doc = "IMAGE [COMMAND [ARGUMENT...]]",
		.doc = run ? "Makes a container of an image and runs a command in it."
			   : "Makes a container of an image, to be started by `mica start`; prints its id.",
		.children = children,
	};
	int status;

	if (mica_cmd_parse_to_word(&argp, argc, argv, run ? MICA_EXIT_ENGINE : MICA_EXIT_USAGE, container))
		return MICA_EXIT_ENGINE;
	status = mica_cmd_store_open(container->root, ret);
	return status == MICA_EXIT_OK ? MICA_EXIT_OK : run ? MICA_EXIT_ENGINE : status;
}

void mica_cmd_container_free(struct mica_cmd_container *container)
{
	mica_words_free(&container->options.environment);
	mica_words_free(&container->options.volumes);
	mica_words_free(&container->options.volumes_from);
	mica_words_free(&container->options.tmpfs);
}

int mica_cmd_run_told(int status, const struct mica_run_reason *reason)
{
	if (reason->text[0] && status)
		mica_log_error("%s", reason->text);
	return status;
}

int mica_cmd_each_container(struct mica_store *store, const struct mica_cmd_words *words,
			    int (*work)(struct mica_store *store, const char *id, void *userdata), void *userdata)
{
	int status = MICA_EXIT_OK;

	for (size_t i = 0; i < words->count; i++) {
		_cleanup_free_ char *id = NULL;
		int r = mica_container_find(store, words->words[i], &id);

		if (r == 0)
			r = work(store, id, userdata);
		if (r < 0)
			status = mica_cmd_store_failed(store, r, "cannot do it to the container '%s'", words->words[i]);
		else
			(void)puts(words->words[i]);
	}
	return status;
}
