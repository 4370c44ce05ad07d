/* SPDX-License-Identifier: BSD-2-Clause */
/* The system calls that run_call() knows, by family; a new one is a row of its family's table. */
#ifndef OVERLAY_DRIVER_CALL_KINDS_H
#define OVERLAY_DRIVER_CALL_KINDS_H

#include "call.h"

struct call_kind {
	const char *name;
	/** The system call, and nothing but it. */
	long (*run)(struct call *call);
	/** Optional: opens call->fd before the time is taken; for reading only, so nothing changes. */
	int (*prepare)(const struct call *call);
	/** Optional: after a call that worked, when its time was taken. */
	void (*finish)(struct call *call);
};

/* Each ends with a row that has no name. */
extern const struct call_kind file_calls[], name_calls[], mount_calls[];

#endif
