/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is done: set_up_… fills the layers of a union, do_… does something to it when it is mounted. `cold`: each time
 * without cached dentries.
 */
#ifndef OVERLAY_DRIVER_SCENARIOS_H
#define OVERLAY_DRIVER_SCENARIOS_H

#include <stdbool.h>

#include "union.h"

/* ---- files.c: one object of one layer, one call on it ---- */

void set_up_files(struct union_fs *u);
void do_files(struct union_fs *u, bool cold);

/* ---- race.c: several threads at once ---- */

void set_up_race(struct union_fs *u);
void do_race(struct union_fs *u);

/* ---- names.c: links, renames, creates, removals; without redirects, metacopy and index ---- */

void set_up_names(struct union_fs *u);
void do_names(struct union_fs *u, bool cold);

/* ---- marks.c: what overlayfs leaves in the layers ---- */

/** Five layers: whiteouts and opaque directories. */
void set_up_five(struct union_fs *u);
void do_five(struct union_fs *u, bool cold);

/** Two layers with all of overlayfs: metacopy, redirects and the index of hard links. */
void set_up_rich(struct union_fs *u);
void do_rich(struct union_fs *u, bool cold);

/* ---- refusals.c: unions that cannot take it ---- */

/** An upper of 1 MiB has no room for the large file. */
void set_up_small(struct union_fs *u);
void do_small(struct union_fs *u);

/** Without upper. */
void set_up_read_only(struct union_fs *u);
void do_read_only(struct union_fs *u);

/* ---- mounts.c ---- */

/** The folder that it mounts on. */
void set_up_mounts(const char *base);

/**
 * In the host's mount namespace, where a mount is reported when a union has a part in it: one beside all unions, one on
 * the union `u`.
 */
void do_host_mounts(const char *base, struct union_fs *u);

/**
 * In a namespace that is not the host's, where all mounts are reported: by OTHER_NS, after leave_host_namespace(). `u`
 * is mounted, `fresh` is not and has a /file.
 */
void do_mounts(const char *base, struct union_fs *u, struct union_fs *fresh);

/* ---- namespaces.c ---- */

/** OTHER_NS has a mount namespace of its own from here on. */
void leave_host_namespace(void);

/** The end of OTHER_NS and its namespace takes the union `last` with it; then another namespace is made and killed. */
void end_namespaces(struct union_fs *last);

#endif
