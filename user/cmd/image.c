// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/image_tree.h"
#include "cmd/store.h"
#include "store/image.h"

struct options {
	const char *root;
	char **words;
	size_t count;
	bool quiet, wants_names;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *image = state->input;

	(void)argument;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &image->root;
		return 0;
	case 'q':
		image->quiet = true;
		return 0;
	case ARGP_KEY_ARGS:
		if (!image->wants_names)
			argp_error(state, "too many arguments");
		image->words = state->argv + state->next;
		image->count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		if (image->wants_names)
			argp_error(state, "which image?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int open_store(const struct argp_option *options, const char *words, const char *doc, int argc, char **argv,
		      struct options *image, struct mica_store **ret)
{
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options, .parser = parse_option, .args_doc = words, .doc = doc, .children = children
	};

	if (mica_cmd_parse(&argp, argc, argv, image))
		return MICA_EXIT_USAGE;
	return mica_cmd_store_open(image->root, ret);
}

static int print_id(const struct mica_image *image, void *userdata)
{
	(void)userdata;
	(void)puts(image->id);
	return 0;
}

static int print_image(const struct mica_image *image, void *userdata)
{
	char size[MICA_FORMAT_SIZE];

	(void)userdata;
	(void)printf("%-12.12s  %6" PRId64 "  %9s  %s\n", image->id, image->layers,
		     mica_format_bytes((uint64_t)image->size, size), image->names ? image->names : "-");
	return 0;
}

static int run_ls(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "quiet", 'q', NULL, 0, "Only the ids, whole", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	struct options image = {};
	int status =
		open_store(options, "", "Lists the images, with the bytes of their files.", argc, argv, &image, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	if (!image.quiet)
		(void)printf("%-12s  %6s  %9s  %s\n", "ID", "LAYERS", "SIZE", "NAMES");
	r = mica_image_list(store, image.quiet ? print_id : print_image, NULL);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot list the images") : MICA_EXIT_OK;
}

static int run_rm(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct options image = { .wants_names = true };
	int status =
		open_store(NULL, "IMAGE...",
			   "Removes names of images; with its last name, or by its id, an image and the layers that "
			   "nobody else needs.",
			   argc, argv, &image, &store);

	if (status != MICA_EXIT_OK)
		return status;
	for (size_t i = 0; i < image.count; i++) {
		bool removed;
		int r = mica_image_remove(store, image.words[i], &removed);

		if (r < 0)
			status = mica_cmd_store_failed(store, r, "cannot remove the image '%s'", image.words[i]);
		else
			(void)printf("%s%s\n", image.words[i], removed ? "" : " (the image has other names)");
	}
	return status;
}

static int run_tree(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct options image = {};
	int status = open_store(NULL, "", "Shows which layers stand on which, and the images they are the top of.",
				argc, argv, &image, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_cmd_print_layer_tree(store, stdout);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot show the layers") : MICA_EXIT_OK;
}

static const struct mica_command command_ls = { .name = "ls", .summary = "list the images", .run = run_ls };
static const struct mica_command command_rm = { .name = "rm", .summary = "remove images", .run = run_rm };
static const struct mica_command command_tree = {
	.name = "tree",
	.summary = "show the layers as a tree",
	.run = run_tree,
};
static const struct mica_command *const verbs[] = { &command_ls, &command_rm, &command_tree, NULL };

static int run(int argc, char **argv)
{
	static const struct mica_command_group group = {
		.name = "mica image",
		.summary = "Shows and removes images; `mica layer import` brings them.",
		.more = "`mica image VERB --help` and mica-image(8) tell more.",
		.verbs = verbs,
	};

	return mica_cmd_run_group(&group, argc, argv);
}

const struct mica_command mica_command_image = {
	.name = "image",
	.summary = "list and remove images",
	.run = run,
};
