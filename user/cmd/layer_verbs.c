// SPDX-License-Identifier: BSD-2-Clause
/*
 * The verbs of a graph driver that take an id, or nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/layer.h"
#include "cmd/store.h"
#include "store/layer.h"

struct options {
	const char *root;
	const char *label;
	const char *words[2];
	size_t count, least, most;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *layer = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &layer->root;
		return 0;
	case 'l':
		layer->label = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (layer->count == layer->most)
			argp_error(state, "too many arguments");
		layer->words[layer->count++] = argument;
		return 0;
	case ARGP_KEY_END:
		if (layer->count < layer->least)
			argp_error(state, "which layer?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };

static int parse(const struct argp_option *options, const char *words, const char *doc, int argc, char **argv,
		 struct options *layer)
{
	const struct argp argp = {
		.options = options, .parser = parse_option, .args_doc = words, .doc = doc, .children = children
	};

	return mica_cmd_parse(&argp, argc, argv, layer) ? MICA_EXIT_USAGE : MICA_EXIT_OK;
}

static int run_create(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct options layer = { .least = 1, .most = 2 };
	int status =
		parse(NULL, "ID [PARENT]", "Makes an empty layer, on top of PARENT or as a base.", argc, argv, &layer);
	int r;

	if (status == MICA_EXIT_OK)
		status = mica_cmd_store_open(layer.root, &store);
	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_create(store, layer.words[0], layer.words[1]);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot create the layer '%s'", layer.words[0]);
	return MICA_EXIT_OK;
}

static int run_remove(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct options layer = { .least = 1, .most = 1 };
	int status =
		parse(NULL, "ID",
		      "Removes a layer and its files. One that is in use, or that others need, is left; one that is "
		      "not there is fine.",
		      argc, argv, &layer);
	int r;

	if (status == MICA_EXIT_OK)
		status = mica_cmd_store_open(layer.root, &store);
	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_remove(store, layer.words[0]);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot remove the layer '%s'", layer.words[0]);
	return MICA_EXIT_OK;
}

static int run_get(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "label", 'l', "LABEL", 0, "SELinux context of all files of the mount", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_free_ char *path = NULL;
	struct options layer = { .least = 1, .most = 1 };
	int status = parse(
		options, "ID",
		"Mounts a layer with all below it, and prints where. Each get wants a put: the last one unmounts.",
		argc, argv, &layer);
	int r;

	if (status == MICA_EXIT_OK)
		status = mica_cmd_store_open(layer.root, &store);
	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_get(store, layer.words[0], layer.label, &path);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot mount the layer '%s'", layer.words[0]);
	(void)puts(path);
	return MICA_EXIT_OK;
}

static int run_put(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct options layer = { .least = 1, .most = 1 };
	int status = parse(NULL, "ID", "Gives a layer back; the last to do so unmounts it.", argc, argv, &layer);
	int r;

	if (status == MICA_EXIT_OK)
		status = mica_cmd_store_open(layer.root, &store);
	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_put(store, layer.words[0]);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot unmount the layer '%s'", layer.words[0]);
	return MICA_EXIT_OK;
}

static int run_exists(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct options layer = { .least = 1, .most = 1 };
	int status = parse(NULL, "ID", "Tells by its exit status whether there is such a layer: 0 yes, 1 no.", argc,
			   argv, &layer);
	int r;

	if (status == MICA_EXIT_OK)
		status = mica_cmd_store_open(layer.root, &store);
	if (status != MICA_EXIT_OK)
		return status == MICA_EXIT_FAILURE ? MICA_EXIT_UNSUPPORTED : status;
	r = mica_layer_exists(store, layer.words[0]);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot look for the layer '%s'", layer.words[0]);
	return r ? MICA_EXIT_OK : MICA_EXIT_FAILURE;
}

static int run_cleanup(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct options layer = {};
	int status = parse(NULL, "", "Unmounts all layers, however often they were got.", argc, argv, &layer);
	int r;

	if (status == MICA_EXIT_OK)
		status = mica_cmd_store_open(layer.root, &store);
	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_cleanup(store);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot unmount all layers") : MICA_EXIT_OK;
}

const struct mica_command mica_layer_command_create = {
	.name = "create",
	.summary = "make an empty layer",
	.run = run_create,
};
const struct mica_command mica_layer_command_remove = {
	.name = "remove",
	.summary = "remove a layer",
	.run = run_remove,
};
const struct mica_command mica_layer_command_get = {
	.name = "get",
	.summary = "mount a layer with all below it",
	.run = run_get,
};
const struct mica_command mica_layer_command_put = {
	.name = "put",
	.summary = "give it back; the last unmounts",
	.run = run_put,
};
const struct mica_command mica_layer_command_exists = {
	.name = "exists",
	.summary = "tell whether there is such a layer",
	.run = run_exists,
};
const struct mica_command mica_layer_command_cleanup = {
	.name = "cleanup",
	.summary = "unmount all layers",
	.run = run_cleanup,
};
