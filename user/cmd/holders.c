// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/holders.h"

#include <errno.h>
#include <string.h>

#include "base/capability.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "container/identity.h"

/** The verb's own statuses: 1 would be a failure elsewhere, but scripts ask for it here (as with grep). */
enum {
	NOBODY = 1,
	CANNOT_LOOK = MICA_EXIT_UNSUPPORTED,
};

struct options {
	bool json;
	bool all;
	const char *path;
};

static const struct argp_option options[] = {
	{ "all", 'a', NULL, 0, "All processes, not only the first ten of each namespace", 0 },
	{ "json", 'j', NULL, 0, "One JSON object a line, with every hold of every process", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *holders = state->input;

	switch (key) {
	case 'a':
		holders->all = true;
		return 0;
	case 'j':
		holders->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "one path at a time");
		holders->path = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which path?");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/** Says what could not be found out: who holds it may be among it. */
static void print_gaps(const struct mica_holders_gaps *gaps)
{
	if (gaps->hanging_pid)
		mica_log_warning("process %d hangs in the kernel and was looked at only in part; %zu such in all",
				 gaps->hanging_pid, gaps->hanging);
	else if (gaps->hanging)
		mica_log_warning("a file system does not answer: %zu unions or devices could not be looked at",
				 gaps->hanging);
	if (gaps->unplaced)
		mica_log_warning(
			"process %d holds a union that is mounted nowhere, and whether that has this directory "
			"cannot be told; %zu such files in all",
			gaps->unplaced_pid, gaps->unplaced);
	if (gaps->namespaces)
		mica_log_warning("mount namespaces that have no process could not be entered: %zu", gaps->namespaces);
}

static int say_nobody(const struct mica_holders *found, FILE *out)
{
	const struct mica_holders_gaps *gaps = &found->gaps;
	bool sure = !gaps->hanging && !gaps->unplaced && !gaps->namespaces;
	_cleanup_buffer_ struct mica_buffer text = {};

	(void)mica_buffer_append_string(&text, sure ? "nobody holds " : "nobody that could be looked at holds ");
	(void)mica_utf8_append_escaped(&text, found->path, strlen(found->path));
	(void)mica_buffer_appendf(
		&text,
		": no union has it, %s, and no process has its root, working directory, or an open or "
		"mapped file there\n",
		found->role == MICA_ROLE_MOUNT_POINT ? "it is mounted nowhere else, nothing is below it"
						     : "it is mounted nowhere");
	if (text.failed)
		return -ENOMEM;
	(void)fwrite(text.data, 1, text.size, out);
	return 0;
}

static int print(const struct options *holders, const struct mica_holders *found)
{
	int error;

	if (!found->count)
		error = say_nobody(found, holders->json ? stderr : stdout);
	else if (holders->json)
		error = mica_holders_print_json(found, stdout);
	else
		error = mica_holders_print_text(found, holders->all, stdout);
	print_gaps(&found->gaps);
	if (error) {
		mica_log_error_errno(error, "cannot print the holders");
		return CANNOT_LOOK;
	}
	return found->count ? MICA_EXIT_OK : NOBODY;
}

static int find(const struct options *holders)
{
	_cleanup_(mica_identity_free) struct mica_identity *identity = NULL;
	_cleanup_(mica_holders_free) struct mica_holders *found = NULL;
	int error = mica_identity_new(NULL, &identity);

	if (error) {
		mica_log_error_errno(error, "cannot read /proc");
		return CANNOT_LOOK;
	}
	error = mica_holders_find(identity, holders->path, &found);
	switch (error) {
	case 0:
		return print(holders, found);
	case -ENOENT:
	case -ENOTDIR:
	case -ELOOP:
	case -ENAMETOOLONG:
		mica_log_error_errno(error, "'%s'", holders->path);
		return MICA_EXIT_USAGE;
	case -ETIMEDOUT:
		mica_log_error("'%s' does not answer: the file system that it leads into hangs", holders->path);
		return CANNOT_LOOK;
	default:
		mica_log_error_errno(error, "cannot find the holders of '%s'", holders->path);
		return CANNOT_LOOK;
	}
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "PATH",
		.doc = "Shows who holds a directory: the upper, work or lower directory of a union, a merged tree, a "
		       "mount "
		       "point, a volume. In all mount namespaces: who has it mounted, and which processes keep it.\v"
		       "Exit status: 0 when somebody holds it, 1 when nobody does, 2 for a wrong option or path, 3 "
		       "when it "
		       "cannot look (it needs root).",
	};
	struct options holders = {};

	if (mica_cmd_parse(&argp, argc, argv, &holders))
		return CANNOT_LOOK;
	if (!mica_have_capability(CAP_SYS_ADMIN) || !mica_have_capability(CAP_SYS_PTRACE)) {
		mica_log_error("cannot look at other processes: no CAP_SYS_ADMIN and CAP_SYS_PTRACE; run mica as root");
		return CANNOT_LOOK;
	}
	return find(&holders);
}

const struct mica_command mica_command_holders = {
	.name = "holders",
	.summary = "show who holds a directory (\"EBUSY, but who?\")",
	.run = run,
};
