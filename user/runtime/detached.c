// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container/json.h"
#include "runtime/console.h"
#include "runtime/ended.h"
#include "store/container.h"
#include "store/store_internal.h"

/* What the process in the background tells the one that was called. */
struct message {
	/** 0: it runs. */
	int error;
	int status;
	char text[600];
};

static void tell(int fd, int error, int status, const char *text)
{
	struct message message = { .error = error, .status = status };

	(void)snprintf(message.text, sizeof(message.text), "%s", text);
	(void)!write(fd, &message, sizeof(message));
}

static int call(const struct mica_prepared *prepared, const char *const *verb)
{
	_cleanup_(mica_words_free) struct mica_words words = {};
	int r = mica_crun_words(&words, prepared->log);

	for (; r == 0 && *verb; verb++)
		r = mica_words_add(&words, *verb);
	return r < 0 ? r : mica_crun_call(&words);
}

/* Begins it: crun leaves its init to us, its nearest ancestor that adopts. */
static int begin(const struct mica_prepared *prepared, const struct mica_console *console)
{
	const char *create[] = { "create", "--bundle", prepared->bundle, prepared->id, NULL, NULL, NULL };
	const char *const start[] = { "start", prepared->id, NULL };
	int status;

	if (console->path[0]) {
		create[3] = "--console-socket";
		create[4] = console->path;
		create[5] = prepared->id;
	}
	status = call(prepared, create);
	return status ? status : call(prepared, start);
}

static int wait_for(pid_t init, const struct mica_console *console)
{
	int status = 0;

	mica_console_copy(console);
	for (;;) {
		pid_t pid = waitpid(-1, &status, 0);

		if (pid == init)
			return mica_wait_status(status);
		if (pid < 0 && errno != EINTR)
			return MICA_EXIT_RUNTIME;
	}
}

static void use_log(const char *bundle)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	char path[4096];
	int log_fd;

	(void)snprintf(path, sizeof(path), "%s/log", bundle);
	log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	(void)dup2(null_fd, 0);
	(void)dup2(log_fd < 0 ? null_fd : log_fd, 1);
	(void)dup2(log_fd < 0 ? null_fd : log_fd, 2);
}

static int keep(struct mica_store *store, const char *id, int lock_fd, int pipe_fd)
{
	_cleanup_prepared_ struct mica_prepared prepared = MICA_PREPARED(store, id);
	_cleanup_console_ struct mica_console console = MICA_CONSOLE_NONE;
	_cleanup_close_ int own_lock_fd = lock_fd;
	struct mica_run_reason reason = {};
	int status = MICA_EXIT_RUNTIME;
	const char *const delete[] = { "delete", id, NULL };
	int r = mica_prepare(&prepared);

	if (r == 0 && json_is_true(json_object_get(prepared.settings, "Tty")))
		r = mica_console_open(&console, id);
	if (r < 0) {
		tell(pipe_fd, r, MICA_EXIT_RUNTIME, mica_store_reason(store));
		mica_private_mounts_end(&prepared.mounts);
		return mica_run_ended(store, id, MICA_EXIT_RUNTIME, &own_lock_fd);
	}
	use_log(prepared.bundle);
	status = begin(&prepared, &console);
	mica_private_mounts_end(&prepared.mounts);
	if (status) {
		status = mica_run_told(&prepared, status < 0 ? MICA_EXIT_RUNTIME : status, &reason);
		tell(pipe_fd, 0, status, reason.text);
	} else {
		tell(pipe_fd, 0, 0, "");
		(void)close(pipe_fd);
		status = wait_for(mica_crun_init(id), &console);
	}
	(void)call(&prepared, delete);
	return mica_run_ended(store, id, status, &own_lock_fd);
}

/* A process of its own, with a store of its own: a database's connection does not survive a fork. */
static void supervise(const char *root, const char *id, int lock_fd, int pipe_fd)
{
	struct mica_store *store = NULL;
	int r;

	(void)setsid();
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	(void)prctl(PR_SET_NAME, "mica-keeper");
	if (chdir("/") < 0)
		_exit(1);
	r = mica_store_open_again(root, &store);
	if (r < 0) {
		tell(pipe_fd, r, MICA_EXIT_RUNTIME, mica_store_open_reason());
		_exit(1);
	}
	r = keep(store, id, lock_fd, pipe_fd);
	mica_store_close(&store);
	_exit(r < 0);
}

int mica_container_run_detached(struct mica_store *store, const char *id, int lock_fd, int *ret_status,
				struct mica_run_reason *reason)
{
	_cleanup_close_ int own_lock_fd = lock_fd;
	_cleanup_close_ int read_fd = -EBADF;
	struct message message;
	int pipes[2];
	pid_t pid;
	ssize_t size;
	int r = mica_run_may_begin(store, id);

	if (r < 0)
		return r;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	read_fd = pipes[0];
	pid = fork();
	if (pid == 0)
		supervise(mica_store_root(store), id, own_lock_fd, pipes[1]);
	(void)close(pipes[1]);
	if (pid < 0)
		return -errno;
	do
		size = read(read_fd, &message, sizeof(message));
	while (size < 0 && errno == EINTR);
	if (size != sizeof(message))
		return mica_store_refuse(store, -EIO, "the process that was to keep the container died");
	if (message.error < 0)
		return mica_store_refuse(store, message.error, "%s", message.text);
	(void)snprintf(reason->text, sizeof(reason->text), "%s", message.text);
	*ret_status = message.status;
	return 0;
}
