// SPDX-License-Identifier: BSD-2-Clause
#include "runtime/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Handed on to the container, as docker run does. */
static const int handed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM };

void mica_foreground_begin(struct mica_foreground *foreground)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(handed_on) / sizeof(handed_on[0]); i++)
		(void)sigaddset(&set, handed_on[i]);
	(void)sigprocmask(SIG_BLOCK, &set, &foreground->before);
	foreground->pid = -1;
}

void mica_foreground_end(const struct mica_foreground *foreground)
{
	(void)sigprocmask(SIG_SETMASK, &foreground->before, NULL);
}

static int keep_open(posix_spawn_file_actions_t *actions, bool input, int kept_fd)
{
	int r = input ? 0 : posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

	/* Onto itself: it is closed no more when crun begins. */
	if (r == 0 && kept_fd >= 0)
		r = posix_spawn_file_actions_adddup2(actions, kept_fd, kept_fd);
	return -r;
}

int mica_foreground_spawn(struct mica_foreground *foreground, const struct mica_words *words, bool input, int kept_fd)
{
	posix_spawn_file_actions_t actions;
	int r = -posix_spawn_file_actions_init(&actions);

	if (r < 0)
		return r;
	r = keep_open(&actions, input, kept_fd);
	if (r == 0)
		r = mica_crun_spawn(words, &actions, &foreground->pid);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

int mica_foreground_wait(const struct mica_foreground *foreground)
{
	siginfo_t info;
	sigset_t set;
	int status;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(handed_on) / sizeof(handed_on[0]); i++)
		(void)sigaddset(&set, handed_on[i]);
	for (;;) {
		pid_t pid = waitpid(foreground->pid, &status, WNOHANG);

		if (pid == foreground->pid)
			return mica_wait_status(status);
		if (pid < 0 && errno != EINTR)
			return MICA_EXIT_RUNTIME;
		/* What a terminal sends goes to the whole group: crun has it already. */
		if (sigwaitinfo(&set, &info) > 0 && info.si_signo != SIGCHLD && info.si_code <= 0)
			(void)kill(foreground->pid, info.si_signo);
	}
}
