/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terminal of a container in the background: its output goes to the log.
 */
#ifndef MICA_RUNTIME_CONSOLE_H
#define MICA_RUNTIME_CONSOLE_H

#include "base/cleanup.h"

struct mica_console {
	int listen_fd;
	/** For crun's --console-socket; "": there is no terminal. */
	char path[108];
};
#define MICA_CONSOLE_NONE ((struct mica_console){ .listen_fd = -EBADF })
#define _cleanup_console_ _cleanup_(mica_console_close)
void mica_console_close(const struct mica_console *console);

/** Listens for the terminal that crun makes. 0 or a negative errno. */
int mica_console_open(struct mica_console *ret, const char *id);
/** Takes the terminal that crun handed over, and copies what comes out of it to standard output until it is closed. */
void mica_console_copy(const struct mica_console *console);

#endif
