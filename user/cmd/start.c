// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/container.h"
#include "cmd/store.h"
#include "store/container.h"

static error_t take(int key, char *argument, struct argp_state *state, void *userdata)
{
	bool *attached = userdata;

	(void)argument;
	(void)state;
	if (key != 'a')
		return ARGP_ERR_UNKNOWN;
	*attached = true;
	return 0;
}

static int begin(struct mica_store *store, const char *id, void *userdata)
{
	struct mica_run_reason reason = {};
	int lock_fd = -EBADF, status = 0;
	int r;

	(void)userdata;
	/* Already running is fine, as for docker start. */
	if (mica_container_init_pid(id))
		return 0;
	r = mica_container_lock(store, id, true, &lock_fd);
	if (r == 0)
		r = mica_container_run_detached(store, id, lock_fd, &status, &reason);
	if (r == 0 && status) {
		(void)mica_cmd_run_told(status, &reason);
		return -ECANCELED;
	}
	return r;
}

static int begin_attached(struct mica_store *store, const char *name)
{
	struct mica_run_reason reason = {};
	_cleanup_free_ char *id = NULL;
	int lock_fd = -EBADF, status = 0;
	int r = mica_container_find(store, name, &id);

	if (r == 0)
		r = mica_container_lock(store, id, false, &lock_fd);
	if (r == 0)
		r = mica_container_run(store, id, lock_fd, &status, &reason);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot start the container '%s'", name)
		     : mica_cmd_run_told(status, &reason);
}

static int run(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "attach", 'a', NULL, 0, "With this terminal's input and output; ends as the container does", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	bool attached = false;
	struct mica_cmd_words words = {
		.least = 1, .most = SIZE_MAX, .question = "which container?", .take = take, .userdata = &attached
	};
	int status = mica_cmd_words_parse(options, "CONTAINER...",
					  "Starts containers that were made and do not run, in the background.", argc,
					  argv, &words, &store);

	if (status != MICA_EXIT_OK)
		return status;
	if (attached && words.count > 1) {
		mica_log_error("--attach takes one container");
		return MICA_EXIT_USAGE;
	}
	return attached ? begin_attached(store, words.words[0]) : mica_cmd_each_container(store, &words, begin, NULL);
}

const struct mica_command mica_command_start = {
	.name = "start",
	.summary = "start containers",
	.run = run,
};
