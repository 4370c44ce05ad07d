/* SPDX-License-Identifier: BSD-2-Clause */
/* One system call: what is asked, and what came of it. Plain memory, so that a task can hand it to another. */
#ifndef OVERLAY_DRIVER_CALL_H
#define OVERLAY_DRIVER_CALL_H

#include <stdint.h>

#include "base.h"

struct call {
	char name[24];
	char path[TEXT_SIZE], path2[TEXT_SIZE], text[TEXT_SIZE];
	long flags, mode;
	/** What the call needs of file descriptors; -1: nothing. */
	int fd;
	/* What came of it. */
	long result;
	int error;
	int pid, tid, uid;
	char comm[16];
	unsigned long mnt_ns, mnt_ns_id;
	/** The mount namespace that the call made. */
	unsigned long new_ns;
	int64_t start, end, duration;
};

/** By the task that calls this. */
void run_call(struct call *call);

#endif
