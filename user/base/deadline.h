/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One piece of work that may hang in the kernel, done in a child process for so long and no longer. For lists of such
 * work see base/guarded.h.
 */
#ifndef MICA_BASE_DEADLINE_H
#define MICA_BASE_DEADLINE_H

/**
 * Calls `work` in a child: what it changes in memory is lost. Returns what it returned, -ETIMEDOUT: it was given up; or
 * the errno of making a child. A child that hangs in the kernel dies when it comes out of it; it is not waited for.
 */
int mica_deadline_run(int (*work)(void *userdata), void *userdata, int milliseconds);

#endif
