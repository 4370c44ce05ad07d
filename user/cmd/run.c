// SPDX-License-Identifier: BSD-2-Clause
#include "runtime/run.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/container.h"
#include "cmd/store.h"
#include "store/container.h"

static int run_made(struct mica_store *store, const struct mica_cmd_container *container, const char *id, int lock_fd)
{
	struct mica_run_reason reason = {};
	int status = MICA_EXIT_ENGINE;
	int r;

	if (container->detached)
		r = mica_container_run_detached(store, id, lock_fd, &status, &reason);
	else
		r = mica_container_run(store, id, lock_fd, &status, &reason);
	if (r < 0) {
		(void)mica_cmd_store_failed(store, r, "cannot run the container");
		return MICA_EXIT_ENGINE;
	}
	if (container->detached && status == 0)
		(void)puts(id);
	return mica_cmd_run_told(status, &reason);
}

static int run(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_(mica_cmd_container_free) struct mica_cmd_container container = {};
	char id[MICA_CONTAINER_ID_SIZE];
	int lock_fd = -EBADF;
	int status = mica_cmd_container_parse(true, argc, argv, &container, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	if (container.options.terminal && !container.detached && !isatty(STDIN_FILENO)) {
		mica_log_error("--tty wants a terminal, and standard input is none");
		return MICA_EXIT_ENGINE;
	}
	r = mica_container_make(store, &container.options, id, &lock_fd);
	if (r < 0) {
		(void)mica_cmd_store_failed(store, r, "cannot make the container");
		return MICA_EXIT_ENGINE;
	}
	return run_made(store, &container, id, lock_fd);
}

const struct mica_command mica_command_run = {
	.name = "run",
	.summary = "run a command in a new container",
	.run = run,
};
