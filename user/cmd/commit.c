// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/cmd.h"
#include "cmd/container.h"
#include "cmd/store.h"
#include "runtime/files.h"
#include "store/container.h"

enum {
	KEY_NO_PAUSE = 0x600,
};

static error_t take(int key, char *argument, struct argp_state *state, void *userdata)
{
	struct mica_container_commit *commit = userdata;

	(void)state;
	switch (key) {
	case 'a':
		commit->author = argument;
		return 0;
	case 'm':
		commit->message = argument;
		return 0;
	case KEY_NO_PAUSE:
		commit->no_pause = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "author", 'a', "NAME", 0, "Who made it", 0 },
		{ "message", 'm', "TEXT", 0, "What was done", 0 },
		{ "no-pause", KEY_NO_PAUSE, NULL, 0, "Do not freeze it while its files are copied", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_free_ char *id = NULL, *image = NULL;
	struct mica_container_commit commit = {};
	struct mica_cmd_words words = {
		.least = 1, .most = 2, .question = "which container?", .take = take, .userdata = &commit
	};
	int status = mica_cmd_words_parse(options, "CONTAINER [IMAGE]",
					  "Makes an image of a container: its image's layers, and one more with what "
					  "it wrote, without its volumes.",
					  argc, argv, &words, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	commit.name = words.count > 1 ? words.words[1] : NULL;
	r = mica_container_find(store, words.words[0], &id);
	if (r == 0)
		r = mica_container_commit(store, id, &commit, &image);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot commit the container '%s'", words.words[0]);
	(void)printf("sha256:%s\n", image);
	return MICA_EXIT_OK;
}

const struct mica_command mica_command_commit = {
	.name = "commit",
	.summary = "make an image of a container",
	.run = run,
};
