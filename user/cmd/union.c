// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "cmd/store.h"
#include "store/union.h"

#define OPTIONS_MAX 32

enum {
	KEY_WORK = 0x700,
	KEY_READONLY,
};

struct options {
	const char *root;
	const char *target;
	const char *work;
	struct mica_branches branches;
	/* What -o gives besides br=; pieces of the text that was copied. */
	char *copies[OPTIONS_MAX];
	const char *options[OPTIONS_MAX + 1];
	size_t copy_count, option_count;
	bool readonly, wants_target;
};

static void free_options(struct options *options)
{
	mica_branches_free(&options->branches);
	for (size_t i = 0; i < options->copy_count; i++)
		free(options->copies[i]);
}

/* Options that the branches decide, or that would undo what mica needs to know of its unions. */
static bool is_reserved(const char *option)
{
	static const char *const words[] = { "lowerdir", "upperdir", "workdir", "datadir" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(option, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static void add_branches(struct argp_state *state, struct options *options, const char *text)
{
	int r = mica_branches_parse(&options->branches, text);

	if (r == -EINVAL)
		argp_error(state, "a branch without a name in '%s'", text);
	else if (r < 0)
		argp_failure(state, MICA_EXIT_FAILURE, -r, "branches");
}

/* A comma in a name is written "\,". */
static char *next_option(char **rest)
{
	char *start = *rest, *out = start;

	if (!start)
		return NULL;
	for (char *in = start;; in++) {
		if (*in == '\\' && in[1] == ',')
			in++;
		else if (*in == ',' || !*in) {
			*rest = *in ? in + 1 : NULL;
			*out = '\0';
			return start;
		}
		*out++ = *in;
	}
}

static void add_options(struct argp_state *state, struct options *options, const char *text)
{
	char *copy, *rest, *option;

	if (options->copy_count == OPTIONS_MAX || !(copy = strdup(text))) {
		argp_error(state, "too many options");
		return;
	}
	options->copies[options->copy_count++] = copy;
	rest = copy;
	while ((option = next_option(&rest))) {
		if (!*option)
			continue;
		if (strncmp(option, "br=", 3) == 0 || strncmp(option, "br:", 3) == 0)
			add_branches(state, options, option + 3);
		else if (strcmp(option, "ro") == 0)
			options->readonly = true;
		else if (is_reserved(option))
			argp_error(state, "'%s': branches are given with br= or --branch", option);
		else if (options->option_count == OPTIONS_MAX)
			argp_error(state, "too many options");
		else
			options->options[options->option_count++] = option;
	}
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->root;
		return 0;
	case 'b':
		if (mica_branches_add(&options->branches, argument) < 0)
			argp_error(state, "--branch wants DIR, DIR=ro or DIR=rw");
		return 0;
	case 'o':
		add_options(state, options, argument);
		return 0;
	case KEY_WORK:
		options->work = argument;
		return 0;
	case KEY_READONLY:
		options->readonly = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!options->wants_target || options->target)
			argp_error(state, "too many arguments");
		options->target = argument;
		return 0;
	case ARGP_KEY_END:
		if (options->wants_target && !options->target)
			argp_error(state, "at which mount point?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int open_store(const struct argp_option *table, const char *doc, int argc, char **argv, struct options *options,
		      struct mica_store **ret)
{
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = table,
		.parser = parse_option,
		.args_doc = options->wants_target ? "MOUNTPOINT" : "",
		.doc = doc,
		.children = children,
	};

	if (mica_cmd_parse(&argp, argc, argv, options))
		return MICA_EXIT_USAGE;
	return mica_cmd_store_open(options->root, ret);
}

static const struct argp_option mount_options[] = {
	{ "branch", 'b', "DIR[=ro|=rw]", 0, "A branch, the topmost first; may be repeated", 0 },
	{ "options", 'o', "OPTION,...", 0, "br=DIR=rw:DIR=ro, and options of overlayfs (volatile, metacopy=on, …)", 0 },
	{ "work", KEY_WORK, "DIR", 0, "Scratch directory of the writable branch (else DIR.mica-work beside it)", 0 },
	{ "readonly", KEY_READONLY, NULL, 0, "Mount it read-only", 0 },
	{ 0 },
};

static int run_mount(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_(free_options) struct options options = { .wants_target = true };
	int status = open_store(
		mount_options,
		"Mounts a union of directories: what is in an upper branch hides what is in a lower one, and "
		"changes go to the writable branch.",
		argc, argv, &options, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	if (!options.branches.count) {
		mica_log_error("which branches? say -o br=DIR=rw:DIR=ro, or --branch");
		return MICA_EXIT_USAGE;
	}
	r = mica_union_create(store,
			      &(struct mica_union_request){
				      .branches = &options.branches,
				      .work = options.work,
				      .options = options.options,
				      .readonly = options.readonly,
			      },
			      options.target);
	if (r < 0)
		status = mica_cmd_store_failed(store, r, "cannot mount a union at '%s'", options.target);
	return r == -EOPNOTSUPP ? MICA_EXIT_UNSUPPORTED : status;
}

static int run_umount(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_(free_options) struct options options = { .wants_target = true };
	int status = open_store(NULL, "Unmounts a union and strikes it off the list. No file is removed.", argc, argv,
				&options, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_union_remove(store, options.target);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot unmount the union at '%s'", options.target)
		     : MICA_EXIT_OK;
}

static int print_union(const struct mica_union_entry *entry, void *userdata)
{
	_cleanup_buffer_ struct mica_buffer text = {};

	(void)userdata;
	(void)mica_buffer_appendf(&text, "%-9s  %6zu  %7" PRIu64 "  ", mica_union_state_name(entry->state),
				  entry->lower_count, entry->refused);
	(void)mica_utf8_append_escaped(&text, entry->target, strlen(entry->target));
	(void)mica_buffer_append_string(&text, "  ");
	if (entry->upper)
		(void)mica_utf8_append_escaped(&text, entry->upper, strlen(entry->upper));
	else
		(void)mica_buffer_append_string(&text, "-");
	if (!mica_buffer_string(&text))
		return -ENOMEM;
	(void)puts(text.data);
	return 0;
}

static int run_ls(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_(free_options) struct options options = {};
	int status = open_store(NULL, "Lists the unions that were mounted by mica, and whether they are.", argc, argv,
				&options, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	(void)printf("%-9s  %6s  %7s  %s  %s\n", "STATE", "LOWERS", "REFUSED", "MOUNTPOINT", "WRITABLE");
	r = mica_union_list(store, print_union, NULL);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot list the unions") : MICA_EXIT_OK;
}

static const struct mica_command command_mount = { .name = "mount", .summary = "mount a union", .run = run_mount };
static const struct mica_command command_umount = { .name = "umount", .summary = "unmount one", .run = run_umount };
static const struct mica_command command_ls = { .name = "ls", .summary = "list them", .run = run_ls };
static const struct mica_command *const verbs[] = { &command_mount, &command_umount, &command_ls, NULL };

static int run(int argc, char **argv)
{
	static const struct mica_command_group group = {
		.name = "mica union",
		.summary = "Mounts unions of directories.",
		.more = "`mica union VERB --help` and mica-union(8) tell more.",
		.verbs = verbs,
	};

	return mica_cmd_run_group(&group, argc, argv);
}

const struct mica_command mica_command_union = {
	.name = "union",
	.summary = "mount unions of directories",
	.run = run,
};
