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

int mica_foreground_spawn(struct mica_foreground *foreground, const struct mica_words *words, bool input, int kept_fd)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		int null_fd = input ? -1 : open("/dev/null", O_RDONLY);

		if (null_fd > 0)
			(void)dup2(null_fd, 0);
		if (kept_fd >= 0)
			(void)fcntl(kept_fd, F_SETFD, 0);
		mica_crun_exec(words);
		_exit(MICA_EXIT_RUNTIME);
	}
	foreground->pid = pid;
	return 0;
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
