/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crun(1): what starts the processes. It is called as a program; what it has to say it writes to a log of its own, so
 * that it is not taken for the container's output.
 */
#ifndef MICA_RUNTIME_CRUN_H
#define MICA_RUNTIME_CRUN_H

#include <spawn.h>
#include <stddef.h>
#include <sys/types.h>

#include "runtime/options.h"

/** As `docker run` ends: the engine failed, the command cannot be called, it is not there. */
#define MICA_EXIT_RUNTIME 125
#define MICA_EXIT_CANNOT_INVOKE 126
#define MICA_EXIT_NOT_FOUND 127

/** The words of a call, "crun" and its common options first; to be followed by the verb's. 0 or -ENOMEM. `log` must
 *  outlive it. */
int mica_crun_words(struct mica_words *words, const char *log);

/** Begins crun, with no signal blocked. `actions` may be NULL: what is done to its descriptors before. Not by fork(2),
 *  which copies the page tables of this process only for crun to throw them away. 0, or a negative errno: it is not
 * there, or cannot be run. */
int mica_crun_spawn(const struct mica_words *words, const posix_spawn_file_actions_t *actions, pid_t *ret_pid);

/** Calls crun and waits. Its exit status (128 + signal), or a negative errno. */
int mica_crun_call(const struct mica_words *words);

/** The last error in a log, for people; "" when there is none. */
void mica_crun_read_log(const char *log, char *text, size_t size);

/** The init process that crun noted, also when it is dead and not waited for yet; 0: none. */
int mica_crun_init(const char *id);

/** The exit status for what crun said. */
int mica_crun_status(const char *error);

/** 0-255 of a status of waitpid(2). */
int mica_wait_status(int status);

#endif
