// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/container.h"
#include "cmd/store.h"
#include "runtime/files.h"
#include "store/container.h"

static error_t take(int key, char *argument, struct argp_state *state, void *userdata)
{
	bool *archive = userdata;

	(void)argument;
	(void)state;
	if (key != 'a')
		return ARGP_ERR_UNKNOWN;
	*archive = true;
	return 0;
}

/* "CONTAINER:PATH"; a path of the host that has a ':' begins with a '/' or a '.'. NULL: it is none. */
static char *container_path(char *text)
{
	char *colon = strchr(text, ':');

	if (!colon || colon == text || text[0] == '/' || text[0] == '.')
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static int copy(struct mica_store *store, char *const *words, bool archive)
{
	const char *from = container_path(words[0]), *to = container_path(words[1]);
	_cleanup_free_ char *id = NULL;
	int r;

	if (!from == !to) {
		mica_log_error(from ? "cannot copy from a container to another"
				    : "one of both must be a container's, as CONTAINER:PATH");
		return MICA_EXIT_USAGE;
	}
	r = mica_container_find(store, from ? words[0] : words[1], &id);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot find the container");
	r = from ? mica_container_copy_out(store, id, from, words[1], archive)
		 : mica_container_copy_in(store, id, words[0], to, archive);
	if (r == 0)
		return MICA_EXIT_OK;
	mica_log_error_errno(r, "%s", *mica_store_reason(store) ? mica_store_reason(store) : "cannot copy");
	return MICA_EXIT_FAILURE;
}

static int run(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "archive", 'a', NULL, 0, "Keep the owners", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	bool archive = false;
	struct mica_cmd_words words = {
		.least = 2, .most = 2, .question = "from where to where?", .take = take, .userdata = &archive
	};
	int status = mica_cmd_words_parse(options, "CONTAINER:PATH PATH\nPATH CONTAINER:PATH",
					  "Copies files between a container and the host. What a volume hides in the "
					  "container is not the volume's.",
					  argc, argv, &words, &store);

	return status == MICA_EXIT_OK ? copy(store, words.words, archive) : status;
}

const struct mica_command mica_command_cp = {
	.name = "cp",
	.summary = "copy files to and from containers",
	.run = run,
};
