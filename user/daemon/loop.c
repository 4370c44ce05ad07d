// SPDX-License-Identifier: BSD-2-Clause
#include "daemon/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define EVENTS 64
#define NS_PER_MS 1000000ULL

struct mica_loop {
	int epoll_fd;
	bool stopped;
	/** The next due first. */
	struct mica_timer *timers;
	int (*prepare)(void *userdata);
	void *prepare_userdata;
	/** Those of the present round that are not served yet: who is unwatched meanwhile is taken out. */
	struct epoll_event ready[EVENTS];
	int ready_count;
};

uint64_t mica_loop_now(void)
{
	return mica_clock_ns(CLOCK_MONOTONIC);
}

int mica_loop_new(struct mica_loop **ret)
{
	struct mica_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		free(loop);
		return -errno;
	}
	*ret = loop;
	return 0;
}

void mica_loop_free(struct mica_loop **loop)
{
	if (!*loop)
		return;
	(void)close((*loop)->epoll_fd);
	free(*loop);
	*loop = NULL;
}

int mica_loop_watch(struct mica_loop *loop, struct mica_watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data = { .ptr = watch } };

	if (epoll_ctl(loop->epoll_fd, watch->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, watch->fd, &event) < 0)
		return -errno;
	watch->watched = true;
	return 0;
}

int mica_loop_watch_process(struct mica_loop *loop, struct mica_watch *watch, pid_t pid)
{
	int r;

	watch->fd = (int)syscall(SYS_pidfd_open, pid, 0);
	r = watch->fd < 0 ? -errno : mica_loop_watch(loop, watch, EPOLLIN);
	if (r == 0)
		return 0;
	/* Nobody would hear of its end. */
	mica_cleanup_close(&watch->fd);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return r;
}

void mica_loop_unwatch(struct mica_loop *loop, struct mica_watch *watch)
{
	if (!watch->watched)
		return;
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->watched = false;
	for (int i = 0; i < loop->ready_count; i++)
		if (loop->ready[i].data.ptr == watch)
			loop->ready[i].data.ptr = NULL;
}

void mica_loop_clear_timer(struct mica_loop *loop, struct mica_timer *timer)
{
	struct mica_timer **place = &loop->timers;

	if (!timer->due_ns)
		return;
	while (*place && *place != timer)
		place = &(*place)->next;
	if (*place)
		*place = timer->next;
	timer->due_ns = 0;
}

void mica_loop_set_timer(struct mica_loop *loop, struct mica_timer *timer, unsigned milliseconds)
{
	struct mica_timer **place = &loop->timers;

	mica_loop_clear_timer(loop, timer);
	timer->due_ns = mica_loop_now() + milliseconds * NS_PER_MS;
	while (*place && (*place)->due_ns <= timer->due_ns)
		place = &(*place)->next;
	timer->next = *place;
	*place = timer;
}

void mica_loop_set_prepare(struct mica_loop *loop, int (*prepare)(void *userdata), void *userdata)
{
	loop->prepare = prepare;
	loop->prepare_userdata = userdata;
}

/* Those that are due now; one that sets itself again waits for the next round. */
static void fire_timers(struct mica_loop *loop)
{
	uint64_t now = mica_loop_now();

	while (loop->timers && loop->timers->due_ns <= now) {
		struct mica_timer *timer = loop->timers;

		mica_loop_clear_timer(loop, timer);
		timer->fire(timer->userdata);
	}
}

static int timeout(struct mica_loop *loop)
{
	int wait = loop->prepare ? loop->prepare(loop->prepare_userdata) : -1;
	uint64_t now = mica_loop_now();
	int until;

	if (!loop->timers)
		return wait;
	if (loop->timers->due_ns <= now)
		return 0;
	/* Rounded up, so that the timer is due when the wait ends. */
	until = (int)((loop->timers->due_ns - now) / NS_PER_MS) + 1;
	return wait < 0 || until < wait ? until : wait;
}

int mica_loop_run(struct mica_loop *loop)
{
	while (!loop->stopped) {
		int wait = timeout(loop);
		int count = loop->stopped ? 0 : epoll_wait(loop->epoll_fd, loop->ready, EVENTS, wait);

		if (count < 0 && errno != EINTR)
			return -errno;
		loop->ready_count = count < 0 ? 0 : count;
		for (int i = 0; i < loop->ready_count; i++) {
			struct mica_watch *watch = loop->ready[i].data.ptr;

			if (watch)
				watch->ready(loop->ready[i].events, watch->userdata);
		}
		loop->ready_count = 0;
		fire_timers(loop);
	}
	return 0;
}

void mica_loop_stop(struct mica_loop *loop)
{
	loop->stopped = true;
}
