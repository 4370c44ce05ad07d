/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process of mica itself that is to run as long as the daemon does: the trace, the policies. It is started again when
 * it ends.
 */
#ifndef MICA_DAEMON_CHILD_H
#define MICA_DAEMON_CHILD_H

#include "base/cleanup.h"
#include "daemon/loop.h"

struct mica_child;

/**
 * Starts `mica ARGUMENTS...` (NULL-terminated, without argv[0]; they and `output` outlive the child). What it writes is
 * appended to the file `output`, which is made for root alone; its errors go where the daemon's do. One that ends is
 * started again after a second, then after twice as long each time, at most a minute, until it has run for a minute. It
 * gets SIGTERM when the daemon dies. 0 or a negative errno, for what no other try would mend.
 */
int mica_child_start(struct mica_loop *loop, const char *const *arguments, const char *output, struct mica_child **ret);

/** SIGTERM, and SIGKILL after five seconds. */
void mica_child_stop(struct mica_child **child);
#define _cleanup_child_ _cleanup_(mica_child_stop)

#endif
