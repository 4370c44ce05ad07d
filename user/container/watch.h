/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells when an engine's state may have changed, and what was made in a directory although it is gone again: inotify(7)
 * on directories. It is an aid: what it does not tell (no inotify, too many watches, a queue that ran over, a file
 * system that does not say) is found by looking.
 */
#ifndef MICA_CONTAINER_WATCH_H
#define MICA_CONTAINER_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "container/table.h"

struct mica_watch {
	/** -EBADF: no inotify. */
	int fd;
	/** Watch number + 1 -> struct mica_watched. */
	struct mica_table directories;
	/** By the hash of the path, the same. */
	struct mica_table paths;
};

/** Never fails: without inotify nothing is told. */
void mica_watch_init(struct mica_watch *watch);
void mica_watch_free(struct mica_watch *watch);

/** Watches a directory, which may be absent (then nothing is done), until it is gone. `names`: what is made in it is
 *  kept for mica_watch_take. Cheap when it is watched. */
void mica_watch_add(struct mica_watch *watch, const char *path, bool names);
/** Takes in what the kernel told since. True: there was something. */
bool mica_watch_read(struct mica_watch *watch);
/** Name of the next directory that was made in `path` (caller frees); NULL: none. */
char *mica_watch_take(struct mica_watch *watch, const char *path);

#endif
