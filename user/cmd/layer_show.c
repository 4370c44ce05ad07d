// SPDX-License-Identifier: BSD-2-Clause
/*
 * The verbs that show something of layers.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cmd/layer.h"
#include "cmd/store.h"
#include "store/layer.h"

struct options {
	const char *root;
	const char *id;
	bool wants_id;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *layer = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &layer->root;
		return 0;
	case ARGP_KEY_ARG:
		if (!layer->wants_id || layer->id)
			argp_error(state, "too many arguments");
		layer->id = argument;
		return 0;
	case ARGP_KEY_END:
		if (layer->wants_id && !layer->id)
			argp_error(state, "which layer?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int open_store(const char *doc, int argc, char **argv, struct options *layer, struct mica_store **ret)
{
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.parser = parse_option, .args_doc = layer->wants_id ? "ID" : "", .doc = doc, .children = children
	};

	if (mica_cmd_parse(&argp, argc, argv, layer))
		return MICA_EXIT_USAGE;
	return mica_cmd_store_open(layer->root, ret);
}

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
	struct options layer = {};
	int status = open_store("Lists the layers, parents before children.", argc, argv, &layer, &store);
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
	struct options layer = {};
	int status = open_store("Shows what the store stands on and how much is in it.", argc, argv, &layer, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_status(store, print_property, NULL);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot tell the status") : MICA_EXIT_OK;
}

static int print_change(enum mica_change_kind kind, const char *path, void *userdata)
{
	_cleanup_buffer_ struct mica_buffer text = {};

	(void)userdata;
	if (mica_utf8_append_escaped(&text, path, strlen(path)) < 0 || !mica_buffer_string(&text))
		return -ENOMEM;
	(void)printf("%c %s\n", "ACD"[kind], text.data);
	return 0;
}

static int run_changes(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct options layer = { .wants_id = true };
	int status = open_store("Shows what a layer adds (A), changes (C) and hides (D) of those below it.", argc, argv,
				&layer, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_changes(store, layer.id, print_change, NULL);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot compare the layer '%s'", layer.id) : MICA_EXIT_OK;
}

static int run_diff_size(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct options layer = { .wants_id = true };
	int status = open_store("Prints the bytes of the layer's own files.", argc, argv, &layer, &store);
	uint64_t bytes = 0;
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_diff_size(store, layer.id, &bytes);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot measure the layer '%s'", layer.id);
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
