/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The signals that end a command which runs until it is told.
 */
#ifndef MICA_BASE_SIGNALS_H
#define MICA_BASE_SIGNALS_H

/**
 * Blocks SIGINT, SIGTERM and SIGHUP, ignores SIGPIPE (a reader that went is an error of the writing), and returns a
 * signalfd(2) of the blocked ones, which does not block; the caller closes it. Or a negative errno.
 */
int mica_signals_open(void);

#endif
