/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event loop: descriptors, timers and signals of one thread, by epoll.
 */
#ifndef MICA_DAEMON_LOOP_H
#define MICA_DAEMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mica_loop;

/** A descriptor that is watched. The owner keeps the struct where it is until mica_loop_unwatch. */
struct mica_watch {
	int fd;
	/** Gets EPOLL* flags. May unwatch itself and others. */
	void (*ready)(uint32_t events, void *userdata);
	void *userdata;
	/** The loop's own. */
	bool watched;
};

/** A timer. The owner keeps the struct where it is while it is set. Initialise with zeros, `fire` and `userdata`. */
struct mica_timer {
	void (*fire)(void *userdata);
	void *userdata;
	/** The loop's own: CLOCK_MONOTONIC, ns; 0: not set. */
	uint64_t due_ns;
	struct mica_timer *next;
};

int mica_loop_new(struct mica_loop **ret);
void mica_loop_free(struct mica_loop **loop);

/** Watches for EPOLL* `events`. 0 or a negative errno. */
int mica_loop_watch(struct mica_loop *loop, struct mica_watch *watch, uint32_t events);
/** Watches a child process: `watch->fd` becomes its pidfd, ready when it ends; the owner closes it. On failure the
 * process is killed and waited for. 0 or a negative errno. */
int mica_loop_watch_process(struct mica_loop *loop, struct mica_watch *watch, pid_t pid);
/** Fine where it is not watched. The descriptor stays open. */
void mica_loop_unwatch(struct mica_loop *loop, struct mica_watch *watch);

/** Sets a timer (again), `milliseconds` from now. */
void mica_loop_set_timer(struct mica_loop *loop, struct mica_timer *timer, unsigned milliseconds);
void mica_loop_clear_timer(struct mica_loop *loop, struct mica_timer *timer);

/** Called before each wait; what it returns is how long the wait may take at most, in milliseconds, -1: no matter. */
void mica_loop_set_prepare(struct mica_loop *loop, int (*prepare)(void *userdata), void *userdata);

/** Runs until mica_loop_stop. 0 or a negative errno. */
int mica_loop_run(struct mica_loop *loop);
void mica_loop_stop(struct mica_loop *loop);

/** CLOCK_MONOTONIC, ns. */
uint64_t mica_loop_now(void);

#endif
