/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A crun that has this process' input and output, and gets its signals.
 */
#ifndef MICA_RUNTIME_FOREGROUND_H
#define MICA_RUNTIME_FOREGROUND_H

#include <signal.h>
#include <stdbool.h>

#include "runtime/crun.h"

struct mica_foreground {
	sigset_t before;
	pid_t pid;
};

/** From here on signals wait. */
void mica_foreground_begin(struct mica_foreground *foreground);
void mica_foreground_end(const struct mica_foreground *foreground);
/** Begins crun; `input`: with this process' standard input, else with none. `kept_fd` (negative:
 *  none) stays open in crun, not in the container: a lock that is held for as long as it lives, should this process be
 *  killed. 0 or a negative errno. */
int mica_foreground_spawn(struct mica_foreground *foreground, const struct mica_words *words, bool input, int kept_fd);
/** Waits for it and hands signals on. Its exit status. */
int mica_foreground_wait(const struct mica_foreground *foreground);

#endif
