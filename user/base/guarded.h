/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work that may hang: a list of items, each of which may ask the kernel something that it never answers (a file system
 * whose server is dead, a process that is stuck with its memory map locked). It runs in a child process that reports
 * over a pipe. An item that is silent for too long is given up together with its child, and the next child goes on
 * behind it. So the caller always comes to an end, and knows which items it knows nothing of.
 */
#ifndef MICA_BASE_GUARDED_H
#define MICA_BASE_GUARDED_H

#include <stdbool.h>
#include <stddef.h>

/** An item may be silent for so long. Far above what a loaded machine needs for one question to the kernel. */
#define MICA_GUARDED_SILENCE_MS 3000
/** So many items may hang before the work becomes careful, and before it is given up. */
#define MICA_GUARDED_CAREFUL 4
#define MICA_GUARDED_GIVE_UP 16

/** The child's end. */
struct mica_guard;

/** Sends bytes to the caller's `take`; none (size 0) say only that the item is alive. The child ends when the caller is
 *  gone. */
void mica_guard_send(struct mica_guard *guard, const void *message, size_t size);
/** True when items hung already: the work should leave out what is likely to. */
bool mica_guard_careful(const struct mica_guard *guard);

struct mica_guarded_work {
	size_t count;
	/** An item may be silent for so long; 0: MICA_GUARDED_SILENCE_MS. */
	int silence_ms;
	/** Does an item. Runs in a child: what it changes in memory is lost, only what it sends counts. */
	void (*work)(struct mica_guard *guard, size_t index, void *userdata);
	/** Gets each message, in the caller. Negative ends it all and is returned. */
	int (*take)(size_t index, const void *message, size_t size, void *userdata);
	/** Told of each item that hung, crashed, or was not begun since too many did; its messages up to then were
	 *  taken. May be NULL. */
	void (*unfinished)(size_t index, void *userdata);
	void *userdata;
};

/** 0, what `take` returned, or the errno of making a child or a pipe. The caller has one thread. */
int mica_guarded_run(const struct mica_guarded_work *work);

#endif
