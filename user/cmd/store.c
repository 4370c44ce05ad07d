// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/capability.h"
#include "base/error.h"
#include "base/log.h"

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

int mica_cmd_store_open(const char *root, struct mica_store **ret)
{
	const char *environment = getenv("MICA_ROOT");
	int r;

	if (!root && environment && *environment)
		root = environment;
	if (!mica_have_capability(CAP_SYS_ADMIN)) {
		mica_log_error("the store needs root: no CAP_SYS_ADMIN");
		return MICA_EXIT_UNSUPPORTED;
	}
	r = mica_store_open(root, ret);
	if (r == 0)
		return MICA_EXIT_OK;
	const char *reason = mica_store_open_reason();
	if (r == -EPROTONOSUPPORT || r == -EBADMSG)
		mica_log_error("%s", reason);
	else
		mica_log_error_errno(r, "%s", *reason ? reason : "cannot open the store");
	return r == -EPROTONOSUPPORT ? MICA_EXIT_UNSUPPORTED : MICA_EXIT_FAILURE;
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
