// SPDX-License-Identifier: BSD-2-Clause
#include "base/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"

struct child {
	pid_t pid;
	int fd;
};

struct pieces {
	int (*work)(size_t index, void *userdata);
	void *userdata;
	size_t count;
	bool keep_descriptors;
};

/* A child that hangs must not keep what the caller has: pipes that others read to their end, locks. */
static void leave_caller(const struct pieces *pieces, int fd)
{
	mica_file_leave_standard();
	if (pieces->keep_descriptors)
		return;
	if (fd > STDERR_FILENO + 1)
		(void)close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
	(void)close_range((unsigned)fd + 1, ~0U, 0);
}

static void start(const struct pieces *pieces, size_t index, struct child *child, int *result)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		*result = -errno;
		return;
	}
	pid = fork();
	if (pid == 0) {
		int32_t told;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		leave_caller(pieces, ends[1]);
		told = pieces->work(index, pieces->userdata);
		_exit(write(ends[1], &told, sizeof(told)) == sizeof(told) ? 0 : 1);
	}
	*result = pid < 0 ? -errno : -ETIMEDOUT;
	(void)close(ends[1]);
	if (pid < 0)
		(void)close(ends[0]);
	else
		*child = (struct child){ .pid = pid, .fd = ends[0] };
}

/* It told its result, or died. */
static void finish(struct child *child, struct pollfd *ready, int *result)
{
	int32_t told;

	*result = read(child->fd, &told, sizeof(told)) == sizeof(told) ? told : -EIO;
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	(void)close(child->fd);
	child->pid = 0;
	ready->fd = -1;
}

static int64_t now_ms(void)
{
	return (int64_t)(mica_clock_ns(CLOCK_MONOTONIC) / 1000000);
}

static void wait_for(struct child *children, struct pollfd *ready, size_t count, int milliseconds, int *results)
{
	int64_t until = now_ms() + milliseconds;
	size_t left = 0;

	for (size_t i = 0; i < count; i++)
		left += children[i].pid > 0;
	while (left) {
		int64_t rest = until - now_ms();
		int r = poll(ready, (nfds_t)count, rest < 0 ? 0 : (int)rest);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return;
		for (size_t i = 0; i < count; i++)
			if (children[i].pid > 0 && ready[i].revents) {
				finish(&children[i], &ready[i], &results[i]);
				left--;
			}
	}
}

static int run_all(const struct pieces *pieces, int milliseconds, int *results)
{
	size_t count = pieces->count;
	_cleanup_free_ struct child *children = calloc(count + 1, sizeof(*children));
	_cleanup_free_ struct pollfd *ready = calloc(count + 1, sizeof(*ready));

	if (!children || !ready)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		start(pieces, i, &children[i], &results[i]);
		ready[i] = (struct pollfd){ .fd = children[i].pid > 0 ? children[i].fd : -1, .events = POLLIN };
	}
	wait_for(children, ready, count, milliseconds, results);
	for (size_t i = 0; i < count; i++) {
		if (children[i].pid <= 0)
			continue;
		(void)kill(children[i].pid, SIGKILL);
		(void)waitpid(children[i].pid, NULL, WNOHANG);
		(void)close(children[i].fd);
	}
	return 0;
}

int mica_deadline_run_all(int (*work)(size_t index, void *userdata), void *userdata, size_t count, int milliseconds,
			  int *results)
{
	return run_all(&(struct pieces){ work, userdata, count, false }, milliseconds, results);
}

int mica_deadline_run(int (*work)(size_t index, void *userdata), void *userdata, int milliseconds)
{
	int result = 0, r = run_all(&(struct pieces){ work, userdata, 1, true }, milliseconds, &result);

	return r < 0 ? r : result;
}
