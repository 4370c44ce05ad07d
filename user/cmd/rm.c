// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/cmd.h"
#include "cmd/container.h"
#include "cmd/store.h"
#include "store/container.h"

struct options {
	bool force, volumes;
};

static error_t take(int key, char *argument, struct argp_state *state, void *userdata)
{
	struct options *options = userdata;

	(void)argument;
	(void)state;
	switch (key) {
	case 'f':
		options->force = true;
		return 0;
	case 'v':
		options->volumes = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int remove_one(struct mica_store *store, const char *id, void *userdata)
{
	const struct options *options = userdata;
	_cleanup_close_ int lock_fd = -EBADF;
	int r = options->force ? mica_container_stop(store, id, 0) : 0;

	/* Somebody at work on it that does not run may be waited for; one that runs is refused. */
	if (r == 0)
		r = mica_container_lock(store, id, options->force || !mica_container_init_pid(id), &lock_fd);
	/* It removed itself when it ended. */
	if (r == -ENOENT && options->force)
		return 0;
	return r < 0 ? r : mica_container_remove(store, id, options->volumes, &lock_fd);
}

static int run(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{ "force", 'f', NULL, 0, "Kill it first, if it runs", 0 },
		{ "volumes", 'v', NULL, 0, "Its anonymous volumes too, unless another container has them", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	struct options options = {};
	struct mica_cmd_words words = {
		.least = 1, .most = SIZE_MAX, .question = "which container?", .take = take, .userdata = &options
	};
	int status = mica_cmd_words_parse(table, "CONTAINER...", "Removes containers, with what they wrote.", argc,
					  argv, &words, &store);

	return status == MICA_EXIT_OK ? mica_cmd_each_container(store, &words, remove_one, &options) : status;
}

const struct mica_command mica_command_rm = {
	.name = "rm",
	.summary = "remove containers",
	.run = run,
};
