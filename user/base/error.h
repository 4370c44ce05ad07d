/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_BASE_ERROR_H
#define MICA_BASE_ERROR_H

/** What `mica` tells its caller when it ends. Documented in mica(1); numbers do not change. */
enum mica_exit {
	/** It did what was asked. */
	MICA_EXIT_OK = 0,
	/** It tried and failed; the message on stderr says at what. */
	MICA_EXIT_FAILURE = 1,
	/** The command line (or a file that it names) is wrong; nothing was tried. */
	MICA_EXIT_USAGE = 2,
	/** This kernel or machine cannot do it; the message says what is missing and the remedy. */
	MICA_EXIT_UNSUPPORTED = 3,
};

/** Symbol of an errno, positive or negative ("ENOSPC"); NULL: no such errno. A static string. */
const char *mica_errno_name(int error);

#endif
