// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/container.h"
#include "cmd/store.h"
#include "runtime/files.h"
#include "store/container.h"

static error_t take(int key, char *argument, struct argp_state *state, void *userdata)
{
	const char **output = userdata;

	(void)state;
	if (key != 'o')
		return ARGP_ERR_UNKNOWN;
	*output = argument;
	return 0;
}

static int export_to(struct mica_store *store, const char *name, int fd)
{
	_cleanup_free_ char *id = NULL;
	int r = mica_container_find(store, name, &id);

	if (r == 0)
		r = mica_container_export(store, id, fd);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot export the container '%s'", name) : MICA_EXIT_OK;
}

static int run(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Write to FILE, and not to standard output", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_close_ int fd = -EBADF;
	const char *output = NULL;
	struct mica_cmd_words words = {
		.least = 1, .most = 1, .question = "which container?", .take = take, .userdata = &output
	};
	int status = mica_cmd_words_parse(options, "CONTAINER",
					  "Writes a container's whole file system as a tar, without its volumes.", argc,
					  argv, &words, &store);

	if (status != MICA_EXIT_OK)
		return status;
	if (output) {
		fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0) {
			mica_log_error_errno(errno, "cannot write %s", output);
			return MICA_EXIT_FAILURE;
		}
	} else if (isatty(STDOUT_FILENO)) {
		mica_log_error("a tar is nothing for a terminal; use --output FILE, or a pipe");
		return MICA_EXIT_USAGE;
	}
	status = export_to(store, words.words[0], output ? fd : STDOUT_FILENO);
	if (status != MICA_EXIT_OK && output)
		(void)unlink(output);
	return status;
}

const struct mica_command mica_command_export = {
	.name = "export",
	.summary = "write a container's files as a tar",
	.run = run,
};
