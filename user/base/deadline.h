/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pieces of work that may hang in the kernel, each in a child process, all at once, for so long and no longer. For long
 * lists of such work, one after the other, see base/guarded.h.
 */
#ifndef MICA_BASE_DEADLINE_H
#define MICA_BASE_DEADLINE_H

#include <stddef.h>

/**
 * Calls `work` with each index below `count`, in a child each: what it changes in memory is lost, and it has none of
 * the caller's descriptors. results[i] is what it returned, -ETIMEDOUT: it was given up; or the errno of making a
 * child. A child that hangs in the kernel dies when it comes out of it; it is not waited for. 0 or -ENOMEM.
 */
int mica_deadline_run_all(int (*work)(size_t index, void *userdata), void *userdata, size_t count, int milliseconds,
			  int *results);

/** The same for one piece, which has the caller's descriptors but for standard input, output and error. What it
 * returned, or -ETIMEDOUT. */
int mica_deadline_run(int (*work)(size_t index, void *userdata), void *userdata, int milliseconds);

#endif
