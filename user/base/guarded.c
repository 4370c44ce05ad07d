/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/guarded.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

struct mica_guard {
	int fd;
	size_t index;
	bool careful;
};

/** Precedes each message. */
struct frame {
	/** `count` of the work: the child is done. */
	uint64_t index;
	uint64_t size;
};

/** The caller's side of one child. */
struct child {
	pid_t pid;
	int fd;
	int silence_ms;
};

static void send_all(int fd, const void *data, size_t size)
{
	const char *rest = data;

	while (size) {
		ssize_t sent = write(fd, rest, size);

		if (sent < 0 && errno == EINTR)
			continue;
		/* Nobody reads: the caller is gone, or gave us up. */
		if (sent < 0)
			_exit(1);
		rest += sent;
		size -= (size_t)sent;
	}
}

void mica_guard_send(struct mica_guard *guard, const void *message, size_t size)
{
	const struct frame frame = { .index = guard->index, .size = size };

	send_all(guard->fd, &frame, sizeof(frame));
	send_all(guard->fd, message, size);
}

bool mica_guard_careful(const struct mica_guard *guard)
{
	return guard->careful;
}

static void run_child(const struct mica_guarded_work *work, size_t first, struct mica_guard *guard)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	for (guard->index = first; guard->index < work->count; guard->index++) {
		mica_guard_send(guard, NULL, 0);
		work->work(guard, guard->index, work->userdata);
	}
	mica_guard_send(guard, NULL, 0);
	_exit(0);
}

static int start_child(const struct mica_guarded_work *work, size_t first, bool careful, struct child *ret)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		struct mica_guard guard = { .fd = ends[1], .careful = careful };

		(void)close(ends[0]);
		mica_file_leave_standard();
		run_child(work, first, &guard);
	}
	(void)close(ends[1]);
	if (pid < 0) {
		int r = -errno;

		(void)close(ends[0]);
		return r;
	}
	*ret = (struct child){
		.pid = pid,
		.fd = ends[0],
		.silence_ms = work->silence_ms ? work->silence_ms : MICA_GUARDED_SILENCE_MS,
	};
	return 0;
}

/** A child that hangs in the kernel dies when it comes out of it, which may be never: it is not waited for. */
static void end_child(struct child *child, bool finished)
{
	(void)close(child->fd);
	if (!finished)
		(void)kill(child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, finished ? 0 : WNOHANG) < 0 && errno == EINTR)
		;
}

/** Reads exactly `size` bytes. False: silence, or the child died. */
static bool receive_all(const struct child *child, void *data, size_t size)
{
	char *rest = data;

	while (size) {
		struct pollfd ready = { .fd = child->fd, .events = POLLIN };
		int r = poll(&ready, 1, child->silence_ms);
		ssize_t got;

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return false;
		got = read(child->fd, rest, size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		rest += got;
		size -= (size_t)got;
	}
	return true;
}

/** Takes what a child sends. 1: it is done; 0: it hangs or died in the item *index; else an error. */
static int listen_to_child(const struct mica_guarded_work *work, const struct child *child, size_t *index)
{
	for (;;) {
		_cleanup_free_ char *message = NULL;
		struct frame frame;
		int r;

		if (!receive_all(child, &frame, sizeof(frame)))
			return 0;
		*index = frame.index;
		if (frame.index >= work->count)
			return 1;
		if (!frame.size)
			continue;
		message = malloc(frame.size);
		if (!message)
			return -ENOMEM;
		if (!receive_all(child, message, frame.size))
			return 0;
		r = work->take(frame.index, message, frame.size, work->userdata);
		if (r < 0)
			return r;
	}
}

int mica_guarded_run(const struct mica_guarded_work *work)
{
	size_t index = 0;

	for (unsigned hung = 0; index < work->count; hung++, index++) {
		struct child child = { .fd = -EBADF };
		int r;

		if (hung >= MICA_GUARDED_GIVE_UP) {
			if (work->unfinished)
				work->unfinished(index, work->userdata);
			continue;
		}
		r = start_child(work, index, hung >= MICA_GUARDED_CAREFUL, &child);
		if (r < 0)
			return r;
		r = listen_to_child(work, &child, &index);
		end_child(&child, r == 1);
		if (r != 0)
			return r < 0 ? r : 0;
		if (work->unfinished)
			work->unfinished(index, work->userdata);
	}
	return 0;
}
