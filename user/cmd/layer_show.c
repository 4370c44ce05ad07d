// SPDX-License-Identifier: BSD-2-Clause
/*
 * The verbs that show something of layers.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/format.h"
#include "cmd/layer.h"
#include "cmd/store.h"
#include "store/layer.h"

static int print_layer(const struct mica_layer *layer, void *userdata)
{
	char size[MICA_FORMAT_SIZE] = "-";

	(void)userdata;
	if (layer->size >= 0)
		(void)mica_format_bytes((uint64_t)layer->size, size);
	(void)printf("%-24s  %-24s  %4" PRId64 "  %8" PRId64 "  %10s  %s\n", layer->id,
		     layer->parent ? layer->parent : "-", layer->refs, layer->children, size,
		     layer->digest ? layer->digest : "-");
	return 0;
}

static int run_ls(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_cmd_words words = {};
	int status = mica_cmd_words_parse(NULL, "", "Lists the layers, parents before children.", argc, argv, &words,
					  &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	(void)printf("%-24s  %-24s  %4s  %8s  %10s  %s\n", "ID", "PARENT", "GOT", "CHILDREN", "SIZE", "DIGEST");
	r = mica_layer_list(store, print_layer, NULL);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot list the layers") : MICA_EXIT_OK;
}

static int print_property(const char *name, const char *value, void *userdata)
{
	(void)userdata;
	(void)printf("%s: %s\n", name, value);
	return 0;
}

static int run_status(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_cmd_words words = {};
	int status = mica_cmd_words_parse(NULL, "", "Shows what the store stands on and how much is in it.", argc, argv,
					  &words, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_status(store, print_property, NULL);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot tell the status") : MICA_EXIT_OK;
}

static int run_changes(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_cmd_words words = { .least = 1, .most = 1, .question = "which layer?" };
	int status = mica_cmd_words_parse(NULL, "ID",
					  "Shows what a layer adds (A), changes (C) and hides (D) of those below it.",
					  argc, argv, &words, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_changes(store, words.words[0], mica_cmd_print_change, NULL);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot compare the layer '%s'", words.words[0]) : MICA_EXIT_OK;
}

static int run_diff_size(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_cmd_words words = { .least = 1, .most = 1, .question = "which layer?" };
	int status = mica_cmd_words_parse(NULL, "ID", "Prints the bytes of the layer's own files.", argc, argv, &words,
					  &store);
	uint64_t bytes = 0;
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_diff_size(store, words.words[0], &bytes);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot measure the layer '%s'", words.words[0]);
	(void)printf("%" PRIu64 "\n", bytes);
	return MICA_EXIT_OK;
}

const struct mica_command mica_layer_command_ls = { .name = "ls", .summary = "list the layers", .run = run_ls };
const struct mica_command mica_layer_command_status = {
	.name = "status",
	.summary = "show what the store stands on",
	.run = run_status,
};
const struct mica_command mica_layer_command_changes = {
	.name = "changes",
	.summary = "show what a layer adds, changes and hides",
	.run = run_changes,
};
const struct mica_command mica_layer_command_diff_size = {
	.name = "diff-size",
	.summary = "print the bytes of its own files",
	.run = run_diff_size,
};
