// SPDX-License-Identifier: BSD-2-Clause
#include "daemon/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

#define ARGUMENTS_MAX 80
#define WAIT_FIRST_MS 1000u
#define WAIT_MOST_MS 60000u
#define LONG_RUN_NS 60000000000ULL
#define STOP_MS 5000

struct mica_child {
	struct mica_loop *loop;
	const char *const *arguments;
	const char *output;
	pid_t pid;
	struct mica_watch process;
	struct mica_timer again;
	unsigned wait_ms;
	uint64_t started_ns;
};

static void try_again(struct mica_child *child)
{
	mica_loop_set_timer(child->loop, &child->again, child->wait_ms);
	child->wait_ms = child->wait_ms * 2 < WAIT_MOST_MS ? child->wait_ms * 2 : WAIT_MOST_MS;
}

static void ended(uint32_t events, void *userdata)
{
	struct mica_child *child = userdata;
	int status = 0;

	(void)events;
	if (waitpid(child->pid, &status, WNOHANG) == 0)
		return;
	mica_loop_unwatch(child->loop, &child->process);
	mica_cleanup_close(&child->process.fd);
	child->pid = 0;
	if (mica_loop_now() - child->started_ns >= LONG_RUN_NS)
		child->wait_ms = WAIT_FIRST_MS;
	mica_log_error("mica %s ended with %s %d; it is started again in %u s", child->arguments[0],
		       WIFEXITED(status) ? "status" : "signal",
		       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), child->wait_ms / 1000);
	try_again(child);
}

static _Noreturn void become(const struct mica_child *child, pid_t daemon, int output_fd)
{
	char *argv[ARGUMENTS_MAX] = { (char *)"mica" };
	sigset_t none;

	for (size_t i = 0; child->arguments[i] && i + 2 < ARGUMENTS_MAX; i++)
		argv[i + 1] = (char *)child->arguments[i];
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* Dead already? */
	if (getppid() == daemon && dup2(output_fd, 1) == 1)
		(void)execv("/proc/self/exe", argv);
	_exit(127);
}

static int begin(struct mica_child *child)
{
	_cleanup_close_ int output_fd = open(child->output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	pid_t daemon = getpid();
	int r;

	if (output_fd < 0)
		return mica_log_error_errno(-errno, "cannot write %s for mica %s", child->output, child->arguments[0]);
	child->pid = fork();
	if (child->pid == 0)
		become(child, daemon, output_fd);
	if (child->pid < 0) {
		child->pid = 0;
		return mica_log_error_errno(-errno, "cannot start mica %s", child->arguments[0]);
	}
	child->started_ns = mica_loop_now();
	r = mica_loop_watch_process(child->loop, &child->process, child->pid);
	if (r < 0)
		child->pid = 0;
	return r;
}

static void begin_again(void *userdata)
{
	struct mica_child *child = userdata;

	if (begin(child) < 0)
		try_again(child);
}

int mica_child_start(struct mica_loop *loop, const char *const *arguments, const char *output, struct mica_child **ret)
{
	_cleanup_child_ struct mica_child *child = calloc(1, sizeof(*child));
	int r;

	if (!child)
		return -ENOMEM;
	*child = (struct mica_child){
		.loop = loop,
		.arguments = arguments,
		.output = output,
		.process = { .fd = -EBADF, .ready = ended, .userdata = child },
		.again = { .fire = begin_again, .userdata = child },
		.wait_ms = WAIT_FIRST_MS,
	};
	r = begin(child);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(child);
	return 0;
}

void mica_child_stop(struct mica_child **child)
{
	struct mica_child *c = *child;

	if (!c)
		return;
	mica_loop_clear_timer(c->loop, &c->again);
	mica_loop_unwatch(c->loop, &c->process);
	if (c->pid) {
		(void)kill(c->pid, SIGTERM);
		if (poll(&(struct pollfd){ .fd = c->process.fd, .events = POLLIN }, 1, STOP_MS) != 1)
			(void)kill(c->pid, SIGKILL);
		(void)waitpid(c->pid, NULL, 0);
	}
	mica_cleanup_close(&c->process.fd);
	free(c);
	*child = NULL;
}
