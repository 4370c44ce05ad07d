/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helper processes: mica itself with other arguments, for work that may hang in the kernel or take long. The daemon
 * goes on meanwhile.
 */
#ifndef MICA_DAEMON_JOB_H
#define MICA_DAEMON_JOB_H

#include "daemon/loop.h"

struct mica_job_end {
	/** Exit status of the helper; -ETIMEDOUT: it was killed at its deadline (and may hang on, unheard); or another
	 *  negative errno. */
	int status;
	/** What it wrote, at most 64 KiB of each, NUL-terminated. */
	const char *output, *errors;
};

/**
 * Starts `mica ARGUMENTS...` (NULL-terminated, without argv[0]) and calls `done` when it has ended or its time is up,
 * from the loop, never from here.
 */
int mica_job_start(struct mica_loop *loop, const char *const *arguments, unsigned deadline_ms,
		   void (*done)(const struct mica_job_end *end, void *userdata), void *userdata);

#endif
