/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before and after a run, whoever waits for it.
 */
#ifndef MICA_RUNTIME_ENDED_H
#define MICA_RUNTIME_ENDED_H

#include "runtime/prepare.h"
#include "runtime/run.h"

/** -EBUSY: it runs. The caller holds its lock. */
int mica_run_may_begin(struct mica_store *store, const char *id);
/** The exit status of docker run, and why, for what crun ended with. */
int mica_run_told(const struct mica_prepared *prepared, int status, struct mica_run_reason *reason);
/** Notes how it ended, or removes it with its anonymous volumes where it is to be. */
int mica_run_ended(struct mica_store *store, const char *id, int status, int *lock_fd);

#endif
