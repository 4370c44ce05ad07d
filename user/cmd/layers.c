// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/format.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "cmd/stack.h"
#include "cmd/store.h"
#include "store/tree.h"

enum {
	KEY_JSON = 0x600,
};

struct options {
	const char *root, *container;
	bool json;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->root;
		return 0;
	case KEY_JSON:
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "one container at a time");
		options->container = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which container?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int print_text(const struct mica_stack *stack, size_t index, uint64_t bytes)
{
	const struct mica_stack_layer *layer = &stack->layers[index];
	_cleanup_buffer_ struct mica_buffer directory = {};
	char name[32], size[MICA_FORMAT_SIZE];

	(void)mica_utf8_append_escaped(&directory, layer->directory, strlen(layer->directory));
	mica_cmd_stack_name(stack, index, name);
	(void)printf("%-7s  %9s  %-19.19s  %s\n", name, mica_format_bytes(bytes, size),
		     layer->digest ? layer->digest
		     : layer->role ? layer->role
				   : "-",
		     mica_buffer_string(&directory) ? directory.data : "?");
	return 0;
}

static int print_json(const struct mica_stack *stack, size_t index, uint64_t bytes)
{
	const struct mica_stack_layer *layer = &stack->layers[index];
	json_t *object = json_pack("{s:s, s:I, s:s*, s:s*, s:s*}", "kind",
				   stack->has_upper && index == 0 ? "upper" : "layer", "bytes", (json_int_t)bytes,
				   "digest", layer->digest, "role", layer->role, "directory", layer->directory);
	int r;

	if (index || !stack->has_upper)
		(void)json_object_set_new(object, "layer", json_integer((json_int_t)index + !stack->has_upper));
	r = json_dumpf(object, stdout, JSON_COMPACT);
	json_decref(object);
	(void)putchar('\n');
	return r;
}

static int print(const struct options *options, const struct mica_stack *stack)
{
	int *fds = mica_cmd_stack_open(stack);

	if (!fds)
		return MICA_EXIT_FAILURE;
	if (!options->json)
		(void)printf("%-7s  %9s  %-19s  %s\n", "LAYER", "BYTES", "DIGEST", "DIRECTORY");
	for (size_t i = 0; i < stack->count; i++) {
		uint64_t bytes = 0;

		(void)mica_tree_size(fds[i], &bytes);
		(void)(options->json ? print_json : print_text)(stack, i, bytes);
	}
	mica_cmd_stack_close(fds, stack->count);
	return MICA_EXIT_OK;
}

static int run(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{ "json", KEY_JSON, NULL, 0, "One JSON object a line", 0 },
		{ 0 },
	};
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = table,
		.parser = parse_option,
		.args_doc = "CONTAINER",
		.doc = "Shows the layers of a container, topmost first: mica's own, Docker's, Podman's.",
		.children = children,
	};
	_cleanup_stack_ struct mica_stack stack = {};
	struct options options = {};
	int status;

	if (mica_cmd_parse(&argp, argc, argv, &options))
		return MICA_EXIT_USAGE;
	status = mica_cmd_stack_find(options.root, options.container, &stack);
	return status == MICA_EXIT_OK ? print(&options, &stack) : status;
}

const struct mica_command mica_command_layers = {
	.name = "layers",
	.summary = "show the layers of a container",
	.run = run,
};
