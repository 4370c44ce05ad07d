/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running containers. Of each that runs there is one process of mica's that holds its lock and waits for it: the one
 * that was called, or one in the background.
 */
#ifndef MICA_RUNTIME_RUN_H
#define MICA_RUNTIME_RUN_H

#include "runtime/options.h"

/** Why something that ran did not, for people. */
struct mica_run_reason {
	char text[600];
};

/**
 * Runs a container until it ends, with this process' input and output. Takes the lock. *ret_status is its exit status,
 * or 125, 126, 127 as docker run has them; then `reason` says why. A container to be removed is removed. 0, or a
 * negative errno with the store's reason: it never began.
 */
int mica_container_run(struct mica_store *store, const char *id, int lock_fd, int *ret_status,
		       struct mica_run_reason *reason);

/** The same in the background, with its output to the file `log` of its bundle; returns when its program was begun. */
int mica_container_run_detached(struct mica_store *store, const char *id, int lock_fd, int *ret_status,
				struct mica_run_reason *reason);

/** Asks a container to end (its stop signal), kills it after so many seconds, and waits until it is at rest. 0 also
 * where it does not run. */
int mica_container_stop(struct mica_store *store, const char *id, unsigned seconds);

struct mica_exec_options {
	char *const *arguments;
	size_t argument_count;
	const char *user, *directory;
	struct mica_words environment;
	bool interactive, terminal, detached;
};

/** Runs a further program in a container that runs. As mica_container_run. */
int mica_container_exec(struct mica_store *store, const char *id, const struct mica_exec_options *options,
			int *ret_status, struct mica_run_reason *reason);

#endif
