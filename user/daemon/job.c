// SPDX-License-Identifier: BSD-2-Clause
#include "daemon/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"

#define OUTPUT_MAX (64u * 1024)
#define ARGUMENTS_MAX 64

extern char **environ;

struct stream {
	struct mica_job *job;
	struct mica_watch watch;
	struct mica_buffer buffer;
};

struct mica_job {
	struct mica_loop *loop;
	pid_t pid;
	/** Readable when the process has ended. */
	struct mica_watch process;
	struct stream output, errors;
	struct mica_timer deadline;
	/** NULL: it was told already, only the process is waited for. */
	void (*done)(const struct mica_job_end *end, void *userdata);
	void *userdata;
};

static void close_stream(struct mica_job *job, struct stream *stream)
{
	mica_loop_unwatch(job->loop, &stream->watch);
	mica_cleanup_close(&stream->watch.fd);
	stream->watch.fd = -EBADF;
}

static void tell(struct mica_job *job, int status)
{
	void (*done)(const struct mica_job_end *end, void *userdata) = job->done;
	const char *output = mica_buffer_string(&job->output.buffer);
	const char *errors = mica_buffer_string(&job->errors.buffer);

	job->done = NULL;
	if (done)
		done(&(struct mica_job_end){ status, output ? output : "", errors ? errors : "" }, job->userdata);
}

/* What does not fit is read and forgotten, so that the helper is not stopped by a full pipe. 1: it is closed. */
static int drain(struct stream *stream)
{
	char bytes[4096];

	for (;;) {
		ssize_t size = read(stream->watch.fd, bytes, sizeof(bytes));

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN)
			return 0;
		if (size <= 0)
			return 1;
		if (stream->buffer.size + (size_t)size <= OUTPUT_MAX)
			(void)mica_buffer_append(&stream->buffer, bytes, (size_t)size);
	}
}

static void read_stream(uint32_t events, void *userdata)
{
	struct stream *stream = userdata;

	(void)events;
	if (drain(stream))
		close_stream(stream->job, stream);
}

static void free_job(struct mica_job *job)
{
	mica_loop_clear_timer(job->loop, &job->deadline);
	mica_loop_unwatch(job->loop, &job->process);
	mica_cleanup_close(&job->process.fd);
	close_stream(job, &job->output);
	close_stream(job, &job->errors);
	mica_buffer_free(&job->output.buffer);
	mica_buffer_free(&job->errors.buffer);
	free(job);
}

static void process_ended(uint32_t events, void *userdata)
{
	struct mica_job *job = userdata;
	int status = 0;

	(void)events;
	if (waitpid(job->pid, &status, WNOHANG) == 0)
		return;
	/* A mount helper that it left behind may keep the pipes: what is there now is all that counts. */
	if (job->output.watch.fd >= 0)
		(void)drain(&job->output);
	if (job->errors.watch.fd >= 0)
		(void)drain(&job->errors);
	tell(job, WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR);
	free_job(job);
}

static void time_is_up(void *userdata)
{
	struct mica_job *job = userdata;

	(void)kill(job->pid, SIGKILL);
	tell(job, -ETIMEDOUT);
}

static int spawn(struct mica_job *job, const char *const *arguments, int out, int err)
{
	char *argv[ARGUMENTS_MAX] = { (char *)"mica" };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int r;

	for (size_t i = 0; arguments[i] && i + 2 < ARGUMENTS_MAX; i++)
		argv[i + 1] = (char *)arguments[i];
	(void)sigemptyset(&none);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, out, 1);
	(void)posix_spawn_file_actions_adddup2(&actions, err, 2);
	r = -posix_spawn(&job->pid, "/proc/self/exe", &actions, &attributes, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	return r;
}

static int start_stream(struct mica_job *job, struct stream *stream, int *ret_write_fd)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	stream->job = job;
	stream->watch = (struct mica_watch){ .fd = ends[0], .ready = read_stream, .userdata = stream };
	*ret_write_fd = ends[1];
	return mica_loop_watch(job->loop, &stream->watch, EPOLLIN);
}

int mica_job_start(struct mica_loop *loop, const char *const *arguments, unsigned deadline_ms,
		   void (*done)(const struct mica_job_end *end, void *userdata), void *userdata)
{
	struct mica_job *job = calloc(1, sizeof(*job));
	_cleanup_close_ int out = -EBADF, err = -EBADF;
	int r;

	if (!job)
		return -ENOMEM;
	*job = (struct mica_job){ .loop = loop, .done = done, .userdata = userdata };
	job->process.fd = job->output.watch.fd = job->errors.watch.fd = -EBADF;
	r = start_stream(job, &job->output, &out);
	if (r == 0)
		r = start_stream(job, &job->errors, &err);
	if (r == 0)
		r = spawn(job, arguments, out, err);
	if (r < 0) {
		free_job(job);
		return r;
	}
	job->process = (struct mica_watch){ .ready = process_ended, .userdata = job };
	r = mica_loop_watch_process(loop, &job->process, job->pid);
	if (r < 0) {
		free_job(job);
		return r;
	}
	job->deadline = (struct mica_timer){ .fire = time_is_up, .userdata = job };
	mica_loop_set_timer(loop, &job->deadline, deadline_ms);
	return 0;
}
