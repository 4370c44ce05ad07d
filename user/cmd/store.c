// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/capability.h"
#include "base/error.h"
#include "base/log.h"
#include "cmd/branch_guard.h"
#include "cmd/cmd.h"

enum {
	KEY_ROOT = 0x500,
};

static const struct argp_option options[] = {
	{ "root", KEY_ROOT, "DIR", 0, "The store's directory (else $MICA_ROOT, else " MICA_STORE_ROOT ")", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	const char **root = state->input;

	if (key != KEY_ROOT)
		return ARGP_ERR_UNKNOWN;
	if (!*argument)
		argp_error(state, "--root wants a directory");
	*root = argument;
	return 0;
}

const struct argp mica_cmd_store_argp = { .options = options, .parser = parse_option };

const char *mica_cmd_store_root(const char *root)
{
	const char *environment = getenv("MICA_ROOT");

	if (root)
		return root;
	return environment && *environment ? environment : MICA_STORE_ROOT;
}

int mica_cmd_store_open(const char *root, struct mica_store **ret)
{
	int r;

	if (!mica_have_capability(CAP_SYS_ADMIN)) {
		mica_log_error("the store needs root: no CAP_SYS_ADMIN");
		return MICA_EXIT_UNSUPPORTED;
	}
	r = mica_store_open(mica_cmd_store_root(root), ret);
	if (r == 0) {
		mica_store_set_guard(*ret, &mica_cmd_branch_guard);
		return MICA_EXIT_OK;
	}
	const char *reason = mica_store_open_reason();
	if (r == -EPROTONOSUPPORT || r == -EBADMSG)
		mica_log_error("%s", reason);
	else
		mica_log_error_errno(r, "%s", *reason ? reason : "cannot open the store");
	return r == -EPROTONOSUPPORT ? MICA_EXIT_UNSUPPORTED : MICA_EXIT_FAILURE;
}

static error_t parse_words(int key, char *argument, struct argp_state *state)
{
	struct mica_cmd_words *words = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &words->root;
		return 0;
	case ARGP_KEY_ARGS:
		words->words = state->argv + state->next;
		words->count = (size_t)(state->argc - state->next);
		if (words->count < words->least)
			argp_error(state, "%s", words->question);
		if (words->count > words->most)
			argp_error(state, "too many arguments");
		return 0;
	case ARGP_KEY_NO_ARGS:
		if (words->least)
			argp_error(state, "%s", words->question);
		return 0;
	default:
		return words->take ? words->take(key, argument, state, words->userdata) : ARGP_ERR_UNKNOWN;
	}
}

int mica_cmd_words_parse(const struct argp_option *table, const char *words_doc, const char *doc, int argc, char **argv,
			 struct mica_cmd_words *words, struct mica_store **ret)
{
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = table, .parser = parse_words, .args_doc = words_doc, .doc = doc, .children = children
	};

	if (mica_cmd_parse(&argp, argc, argv, words))
		return MICA_EXIT_USAGE;
	return mica_cmd_store_open(words->root, ret);
}

int mica_cmd_open_input(const char *path, int *ret)
{
	int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		mica_log_error_errno(errno, "cannot open '%s'", path);
		return MICA_EXIT_USAGE;
	}
	*ret = fd;
	return MICA_EXIT_OK;
}

int mica_cmd_store_failed(const struct mica_store *store, int error, const char *tried, ...)
{
	const char *reason = mica_store_reason(store);
	char text[512];
	va_list arguments;

	va_start(arguments, tried);
	(void)vsnprintf(text, sizeof(text), tried, arguments);
	va_end(arguments);
	if (!*reason) {
		mica_log_error_errno(error, "%s", text);
		return MICA_EXIT_FAILURE;
	}
	/* What the reason says whole needs no errno behind it. */
	switch (error) {
	case -EINVAL:
	case -ENOENT:
	case -EEXIST:
	case -EBUSY:
	case -ENOTEMPTY:
	case -EBADMSG:
	case -E2BIG:
		mica_log_error("%s", reason);
		break;
	default:
		mica_log_error_errno(error, "%s", reason);
	}
	return error == -EINVAL ? MICA_EXIT_USAGE : MICA_EXIT_FAILURE;
}
