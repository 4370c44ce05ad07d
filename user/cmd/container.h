/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verbs of containers share.
 */
#ifndef MICA_CMD_CONTAINER_H
#define MICA_CMD_CONTAINER_H

#include <argp.h>
#include <stdbool.h>

#include "cmd/store.h"
#include "runtime/run.h"

/** As docker run ends when it did not come to the program. */
#define MICA_EXIT_ENGINE 125

struct mica_cmd_container {
	const char *root;
	struct mica_container_options options;
	/** run only. */
	bool detached;
};

/** Parses the command line of `mica create` and `mica run` and opens the store. Returns the exit status: 125 for what
 * is wrong with the store. */
int mica_cmd_container_parse(bool run, int argc, char **argv, struct mica_cmd_container *container,
			     struct mica_store **ret);
void mica_cmd_container_free(struct mica_cmd_container *container);

/** Says what came of a run, where the program did not. Returns the exit status. */
int mica_cmd_run_told(int status, const struct mica_run_reason *reason);

/** Calls `work` with the id of each container that is named, tells failures, and prints the name of each that
 *  succeeded. Returns the exit status. */
int mica_cmd_each_container(struct mica_store *store, const struct mica_cmd_words *words,
			    int (*work)(struct mica_store *store, const char *id, void *userdata), void *userdata);

#endif
