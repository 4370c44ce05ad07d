/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The branches of a union, as people write them: "br=DIR=ro:DIR=rw" (AUFS), topmost first.
 */
#ifndef MICA_STORE_BRANCHES_H
#define MICA_STORE_BRANCHES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct mica_branch {
	char *path;
	bool writable;
};

struct mica_branches {
	struct mica_branch *items;
	size_t count;
};

#define _cleanup_branches_ _cleanup_(mica_branches_free)
void mica_branches_free(struct mica_branches *branches);

/** Adds one branch, "DIR", "DIR=ro" or "DIR=rw" (without a mode: the first is rw, all others ro, as AUFS has it). Only
 *  the last '=' counts, and only before "ro" and "rw". 0, -EINVAL: an empty name; -ENOMEM. Pure. */
int mica_branches_add(struct mica_branches *branches, const char *text);

/** Adds several, separated by ':'; "\:" is a ':' in a name and "\\" a '\'. The same errors; nothing is added then.
 * Pure. */
int mica_branches_parse(struct mica_branches *branches, const char *text);

#endif
