/* SPDX-License-Identifier: BSD-2-Clause */
/* Who makes a call: tasks that differ in what mica tells of a task (thread, user, mount namespace). */
#ifndef OVERLAY_DRIVER_ACTOR_H
#define OVERLAY_DRIVER_ACTOR_H

#include "call.h"

enum who { SELF, THREAD, OTHER_USER, OTHER_NS };

/** Starts those that are processes of their own; OTHER_NS is so only when it has called unshare. */
void start_actors(void);

/** Runs the call as `who`, and waits for it. */
void perform(enum who who, struct call *call);

int pid_of(enum who who);

/** Prefix of paths as it sees them. */
const char *root_of(enum who who);

#endif
