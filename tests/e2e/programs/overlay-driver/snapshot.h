/* SPDX-License-Identifier: BSD-2-Clause */
/* What is there: one object, or all below a directory, as JSON; and what differs between two times. */
#ifndef OVERLAY_DRIVER_SNAPSHOT_H
#define OVERLAY_DRIVER_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

struct tree_item {
	char *path;
	/** What describe() says of it. */
	char *text;
};

/** Sorted by path; paths start at the tree's root. */
struct tree {
	struct tree_item *items;
	size_t count;
};

/** One object as JSON; NULL: there is none. `deep`: with what only the layers and the upper tell. */
char *describe(const char *path, bool deep);

struct tree read_tree(const char *root);
void free_tree(struct tree *tree);

/** {"path":{…}, …} */
void put_tree(const struct tree *tree);

/** ,"changes":{"path":[before, after], …} for what differs. */
void put_changes(const struct tree *old, const struct tree *new);

#endif
