// SPDX-License-Identifier: BSD-2-Clause
#include "base/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

struct child {
	pid_t pid;
	int fd;
};

static void start(int (*work)(size_t index, void *userdata), void *userdata, size_t index, struct child *child,
		  int *result)
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
		told = work(index, userdata);
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

int mica_deadline_run_all(int (*work)(size_t index, void *userdata), void *userdata, size_t count, int milliseconds,
			  int *results)
{
	_cleanup_free_ struct child *children = calloc(count + 1, sizeof(*children));
	_cleanup_free_ struct pollfd *ready = calloc(count + 1, sizeof(*ready));

	if (!children || !ready)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		start(work, userdata, i, &children[i], &results[i]);
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
