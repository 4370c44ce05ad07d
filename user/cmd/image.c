// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/format.h"
#include "cmd/cmd.h"
#include "cmd/image_tree.h"
#include "cmd/store.h"
#include "store/image.h"

static error_t take(int key, char *argument, struct argp_state *state, void *userdata)
{
	bool *quiet = userdata;

	(void)argument;
	(void)state;
	if (key != 'q')
		return ARGP_ERR_UNKNOWN;
	*quiet = true;
	return 0;
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
	bool quiet = false;
	struct mica_cmd_words words = { .take = take, .userdata = &quiet };
	int status = mica_cmd_words_parse(options, "", "Lists the images, with the bytes of their files.", argc, argv,
					  &words, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	if (!quiet)
		(void)printf("%-12s  %6s  %9s  %s\n", "ID", "LAYERS", "SIZE", "NAMES");
	r = mica_image_list(store, quiet ? print_id : print_image, NULL);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot list the images") : MICA_EXIT_OK;
}

static int run_rm(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_cmd_words words = { .least = 1, .most = SIZE_MAX, .question = "which image?" };
	int status = mica_cmd_words_parse(
		NULL, "IMAGE...",
		"Removes names of images; with its last name, or by its id, an image and the layers that nobody else "
		"needs.",
		argc, argv, &words, &store);

	if (status != MICA_EXIT_OK)
		return status;
	for (size_t i = 0; i < words.count; i++) {
		bool removed;
		int r = mica_image_remove(store, words.words[i], &removed);

		if (r < 0)
			status = mica_cmd_store_failed(store, r, "cannot remove the image '%s'", words.words[i]);
		else
			(void)printf("%s%s\n", words.words[i], removed ? "" : " (the image has other names)");
	}
	return status;
}

static int run_tree(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_cmd_words words = {};
	int status =
		mica_cmd_words_parse(NULL, "", "Shows which layers stand on which, and the images they are the top of.",
				     argc, argv, &words, &store);
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
