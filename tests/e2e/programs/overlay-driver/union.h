/* SPDX-License-Identifier: BSD-2-Clause */
/* A union: where its layers and its upper are, how it is mounted, and what its upper held last. */
#ifndef OVERLAY_DRIVER_UNION_H
#define OVERLAY_DRIVER_UNION_H

#include "snapshot.h"

#define MAX_LAYERS 5

struct union_fs {
	const char *name;
	/** upper is "" when there is none. */
	char *point, *upper, *work, *lower[MAX_LAYERS], *options;
	int layers;
	struct tree tree;
};

/** Makes its directories; mounts nothing. upper_base: where upper and work are, NULL: without upper. */
struct union_fs *new_union(const char *base, const char *upper_base, const char *name, int layers, const char *options);

/** Writes the layers down; to be called when they stand. */
void put_union(struct union_fs *u);

/** ,"changes":… of the upper since the last time. */
void put_upper_changes(struct union_fs *u);

#endif
