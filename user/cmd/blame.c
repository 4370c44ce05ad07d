// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "cmd/stack.h"
#include "cmd/store.h"
#include "store/lower.h"
#include "store/tree.h"

struct options {
	const char *root;
	char *path;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->root;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "one path at a time");
		options->path = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which path?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_line(const struct mica_stack *stack, size_t index, const char *what, const struct stat *stat,
		       const char *path)
{
	_cleanup_buffer_ struct mica_buffer text = {};
	char name[32], size[MICA_FORMAT_SIZE] = "-";

	mica_cmd_stack_name(stack, index, name);
	(void)mica_utf8_append_escaped(&text, path, strlen(path));
	(void)printf("%-7s  %-8s  %9s  /%s\n", name, what,
		     S_ISREG(stat->st_mode) ? mica_format_bytes((uint64_t)stat->st_size, size) : "-",
		     mica_buffer_string(&text) ? text.data : "?");
}

/* Every layer that has the name itself, down to where nothing below counts any more. */
static int print_history(const struct mica_stack *stack, const int *fds, const char *path)
{
	bool seen = false, any = false;

	for (size_t i = 0; i < stack->count; i++) {
		struct stat stat;
		const char *what = seen ? "hidden" : "seen";

		/* Only this layer is asked: what others hide is told by their own lines. */
		if (fstatat(fds[i], path, &stat, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		any = true;
		if (mica_is_whiteout(&stat))
			what = "whiteout";
		else if (seen && S_ISDIR(stat.st_mode))
			what = "merged";
		print_line(stack, i, what, &stat, path);
		seen = true;
	}
	return any ? 0 : -ENOENT;
}

static int add_names(int fd, const char *path, struct mica_buffer *names)
{
	_cleanup_close_ int directory_fd = *path ? mica_tree_open(fd, path, O_RDONLY | O_DIRECTORY) : dup(fd);
	_cleanup_closedir_ DIR *directory = directory_fd < 0 ? NULL : mica_tree_read(directory_fd);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)mica_buffer_append(names, entry->d_name, strlen(entry->d_name) + 1);
	return names->failed ? -ENOMEM : 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What is seen in a directory, each name once, with the layer that it comes from. */
static int print_directory(const struct mica_stack *stack, const int *fds, const char *path)
{
	_cleanup_buffer_ struct mica_buffer names = {}, joined = {};
	_cleanup_free_ const char **sorted = NULL;
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < stack->count; i++)
		r = add_names(fds[i], path, &names);
	for (size_t at = 0; at < names.size; at += strlen(names.data + at) + 1)
		count++;
	sorted = calloc(count + 1, sizeof(*sorted));
	if (r < 0 || !sorted)
		return -ENOMEM;
	count = 0;
	for (size_t at = 0; at < names.size; at += strlen(names.data + at) + 1)
		sorted[count++] = names.data + at;
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 0; i < count; i++) {
		struct stat stat;
		size_t layer;

		if (i && strcmp(sorted[i], sorted[i - 1]) == 0)
			continue;
		mica_buffer_reset(&joined);
		(void)mica_buffer_appendf(&joined, "%s%s%s", path, *path ? "/" : "", sorted[i]);
		if (!mica_buffer_string(&joined))
			return -ENOMEM;
		r = mica_lower_find(fds, stack->count, joined.data, &stat, &layer);
		if (r < 0)
			return r;
		if (r)
			print_line(stack, layer, S_ISDIR(stat.st_mode) ? "dir" : "seen", &stat, joined.data);
	}
	return 0;
}

static int print(const struct mica_stack *stack, const char *path)
{
	int *fds = mica_cmd_stack_open(stack);
	struct stat stat;
	int r;

	if (!fds)
		return MICA_EXIT_FAILURE;
	r = *path ? mica_lower_find(fds, stack->count, path, &stat, NULL) : 1;
	(void)printf("%-7s  %-8s  %9s  %s\n", "LAYER", "WHAT", "BYTES", "PATH");
	if (r > 0 && (!*path || S_ISDIR(stat.st_mode)))
		r = print_directory(stack, fds, path);
	else if (r >= 0)
		r = print_history(stack, fds, path);
	mica_cmd_stack_close(fds, stack->count);
	if (r == -ENOENT)
		mica_log_error("no layer has '/%s'", path);
	else if (r < 0)
		mica_log_error_errno(r, "cannot look '/%s' up", path);
	return r < 0 ? MICA_EXIT_FAILURE : MICA_EXIT_OK;
}

/* A path of this machine: made absolute, its last name not followed. */
static int blame_path(const char *path)
{
	_cleanup_free_ char *copy = strdup(path), *parent = NULL, *absolute = NULL, *within = NULL;
	_cleanup_stack_ struct mica_stack stack = {};
	char *slash = copy ? strrchr(copy, '/') : NULL;
	const char *name = slash ? slash + 1 : copy;
	int r;

	if (slash)
		*slash = '\0';
	parent = realpath(!slash ? "." : slash == copy ? "/" : copy, NULL);
	if (!parent || asprintf(&absolute, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, name ? name : "") < 0) {
		absolute = NULL;
		mica_log_error_errno(errno, "'%s'", path);
		return MICA_EXIT_USAGE;
	}
	if (strcmp(absolute, "/") != 0 && absolute[strlen(absolute) - 1] == '/')
		absolute[strlen(absolute) - 1] = '\0';
	r = mica_stack_of_path(absolute, &stack, &within);
	if (r == 0)
		return print(&stack, within);
	if (r == -ENOENT)
		mica_log_error("'%s' lies in no union that is mounted here; in a container it is CONTAINER:PATH", path);
	else
		mica_log_error_errno(r, "cannot tell the layers below '%s'", path);
	return MICA_EXIT_FAILURE;
}

static int blame_container(const char *root, char *text)
{
	char *path = strchr(text, ':') + 1;
	_cleanup_stack_ struct mica_stack stack = {};
	int status;

	path[-1] = '\0';
	status = mica_cmd_stack_find(root, text, &stack);
	path += strspn(path, "/");
	for (size_t size = strlen(path); size && path[size - 1] == '/'; size--)
		path[size - 1] = '\0';
	return status == MICA_EXIT_OK ? print(&stack, path) : status;
}

static int run(int argc, char **argv)
{
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "CONTAINER:PATH\nPATH",
		.doc = "Shows which layer a file comes from, and which hide it; of a directory, what is in it. PATH "
		       "lies in "
		       "a union that is mounted here; CONTAINER is mica's own, Docker's or Podman's.",
		.children = children,
	};
	struct options options = {};

	if (mica_cmd_parse(&argp, argc, argv, &options))
		return MICA_EXIT_USAGE;
	if (options.path[0] != '/' && options.path[0] != '.' && strchr(options.path, ':'))
		return blame_container(options.root, options.path);
	return blame_path(options.path);
}

const struct mica_command mica_command_blame = {
	.name = "blame",
	.summary = "show which layer a file comes from",
	.run = run,
};
