// SPDX-License-Identifier: BSD-2-Clause
#include "base/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

static void run_child(int (*work)(void *userdata), void *userdata, int out)
{
	int32_t result;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	result = work(userdata);
	_exit(write(out, &result, sizeof(result)) == sizeof(result) ? 0 : 1);
}

int mica_deadline_run(int (*work)(void *userdata), void *userdata, int milliseconds)
{
	_cleanup_close_ int in = -EBADF;
	int32_t result = -EIO;
	struct pollfd ready;
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	in = ends[0];
	pid = fork();
	if (pid == 0)
		run_child(work, userdata, ends[1]);
	r = pid < 0 ? -errno : 0;
	(void)close(ends[1]);
	if (r < 0)
		return r;
	ready = (struct pollfd){ .fd = in, .events = POLLIN };
	do
		r = poll(&ready, 1, milliseconds);
	while (r < 0 && errno == EINTR);
	if (r <= 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, WNOHANG);
		return -ETIMEDOUT;
	}
	if (read(in, &result, sizeof(result)) != sizeof(result))
		result = -EIO;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return result;
}
