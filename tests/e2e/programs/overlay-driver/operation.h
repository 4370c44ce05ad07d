/* SPDX-License-Identifier: BSD-2-Clause */
/* A call with its facts: what was there before and after it, and who made it. */
#ifndef OVERLAY_DRIVER_OPERATION_H
#define OVERLAY_DRIVER_OPERATION_H

#include <stdbool.h>

#include "actor.h"
#include "union.h"

struct operation {
	enum who who;
	/** NULL: absolute paths. */
	struct union_fs *u;
	const char *call, *path, *path2, *text;
	long flags, mode;
	/** Without cached dentries. */
	bool cold;
	/** Also what mounts there are. */
	bool mounts;
};

/** Does it and writes it down; returns the call's result. */
long operate(struct operation operation);

/** In the union `u` by `who`, both of the function around it, as is `cold`; more of the operation by name. */
#define IN_UNION(call_, path_, ...) \
	operate((struct operation){ .who = who, .u = u, .cold = cold, .call = call_, .path = path_, ##__VA_ARGS__ })

/** On mounts, by `who` of the function around it; more of the operation by name. */
#define ON_MOUNTS(call_, path_, ...) \
	operate((struct operation){ .who = who, .mounts = true, .call = call_, .path = path_, ##__VA_ARGS__ })

/** Has `who` mount it where it belongs. */
void mount_union(enum who who, struct union_fs *u);

/** Begins the record's line of a call that was made otherwise; the caller ends it. */
void put_call(const struct operation *operation, const struct call *call, const char *cgroup);

char *cgroup_of(int pid);

/** mountinfo, as `who` sees it. */
char *read_mounts(enum who who);

#endif
