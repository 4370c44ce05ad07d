// SPDX-License-Identifier: BSD-2-Clause
/*
 * The verbs of a graph driver that take an id, or nothing.
 */
#include <stdio.h>

#include "base/error.h"
#include "cmd/layer.h"
#include "cmd/store.h"
#include "store/layer.h"

static error_t take_label(int key, char *argument, struct argp_state *state, void *userdata)
{
	const char **label = userdata;

	(void)state;
	if (key != 'l')
		return ARGP_ERR_UNKNOWN;
	*label = argument;
	return 0;
}

static int run_create(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_cmd_words words = { .least = 1, .most = 2, .question = "which layer?" };
	int status = mica_cmd_words_parse(NULL, "ID [PARENT]", "Makes an empty layer, on top of PARENT or as a base.",
					  argc, argv, &words, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_create(store, words.words[0], words.count > 1 ? words.words[1] : NULL);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot create the layer '%s'", words.words[0]);
	return MICA_EXIT_OK;
}

static int run_remove(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_cmd_words words = { .least = 1, .most = 1, .question = "which layer?" };
	int status = mica_cmd_words_parse(
		NULL, "ID",
		"Removes a layer and its files. One that is in use, or that others need, is left; one that is "
		"not there is fine.",
		argc, argv, &words, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_remove(store, words.words[0]);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot remove the layer '%s'", words.words[0]);
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
	const char *label = NULL;
	struct mica_cmd_words words = {
		.least = 1, .most = 1, .question = "which layer?", .take = take_label, .userdata = &label
	};
	int status = mica_cmd_words_parse(
		options, "ID",
		"Mounts a layer with all below it, and prints where. Each get wants a put: the last one unmounts.",
		argc, argv, &words, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_get(store, words.words[0], label, &path);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot mount the layer '%s'", words.words[0]);
	(void)puts(path);
	return MICA_EXIT_OK;
}

static int run_put(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_cmd_words words = { .least = 1, .most = 1, .question = "which layer?" };
	int status = mica_cmd_words_parse(NULL, "ID", "Gives a layer back; the last to do so unmounts it.", argc, argv,
					  &words, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_put(store, words.words[0]);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot unmount the layer '%s'", words.words[0]);
	return MICA_EXIT_OK;
}

static int run_exists(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_cmd_words words = { .least = 1, .most = 1, .question = "which layer?" };
	int status =
		mica_cmd_words_parse(NULL, "ID", "Tells by its exit status whether there is such a layer: 0 yes, 1 no.",
				     argc, argv, &words, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status == MICA_EXIT_FAILURE ? MICA_EXIT_UNSUPPORTED : status;
	r = mica_layer_exists(store, words.words[0]);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot look for the layer '%s'", words.words[0]);
	return r ? MICA_EXIT_OK : MICA_EXIT_FAILURE;
}

static int run_cleanup(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_cmd_words words = {};
	int status = mica_cmd_words_parse(NULL, "", "Unmounts all layers, however often they were got.", argc, argv,
					  &words, &store);
	int r;

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
