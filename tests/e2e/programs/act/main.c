// SPDX-License-Identifier: BSD-2-Clause
/*
 * act [hold] [PREFIX…] ACT ARGUMENT… does one act and prints what came of it: "ok PID", or the errno's name and the
 * process. The status is 0 for either; 2 for wrong usage; 3 where what the act needs could not be prepared. With
 * `hold` it prepares (opens the file, maps it, …), prints "held PID", and acts on SIGUSR1.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

static const struct act *const tables[] = { name_acts,      look_acts,   descriptor_acts, transfer_acts, change_acts,
					    attribute_acts, device_acts, uring_acts,      mount_acts,    tree_acts,
					    race_acts,      self_acts,   sum_acts };

bool hold;
int actor;

int done(long result)
{
	return result < 0 ? -errno : 0;
}

_Noreturn void unable(const char *what)
{
	(void)fprintf(stderr, "act: %s: %s\n", what, strerror(errno));
	(void)printf("unable %s %d\n", strerrorname_np(errno) ? strerrorname_np(errno) : "0", (int)getpid());
	(void)fflush(stdout);
	_exit(3);
}

void now(void)
{
	sigset_t set;
	int signal;

	if (!hold)
		return;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		unable("sigprocmask");
	pid_t child = fork();

	if (child < 0)
		unable("fork");
	if (child > 0) {
		(void)printf("held %d\n", (int)child);
		(void)fflush(stdout);
		_exit(0);
	}
	(void)sigwait(&set, &signal);
	hold = false;
}

int prepare_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);

	if (fd >= 0)
		return fd;
	if (!(flags & O_PATH) || hold)
		unable(path);
	/* Getting there is part of the act. */
	(void)printf("%s %d\n", strerrorname_np(errno), (int)getpid());
	(void)fflush(stdout);
	_exit(0);
}

int write_byte(int fd)
{
	int result = done(write(fd, "x", 1));

	(void)close(fd);
	return result;
}

static const struct act *find(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		for (const struct act *act = tables[i]; act->name; act++) {
			if (strcmp(act->name, name) == 0)
				return act;
		}
	}
	return NULL;
}

static int usage(void)
{
	(void)fputs("usage: act [hold] [PREFIX…] ACT ARGUMENT…\n", stderr);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		for (const struct act *act = tables[i]; act->name; act++)
			(void)fprintf(stderr, "  %s %s\n", act->name, act->usage);
	}
	return 2;
}

int main(int argc, char **argv)
{
	char **args = argv + 1;
	int count = 0;

	(void)argc;
	if (*args && strcmp(*args, "hold") == 0) {
		hold = true;
		args++;
	}
	args = take_prefixes(args);
	const struct act *act = *args ? find(*args) : NULL;

	if (!act)
		return usage();
	args++;
	while (args[count])
		count++;
	if (count < act->arguments)
		return usage();
	int result = act->run(args);
	const char *name = result < 0 ? strerrorname_np(-result) : "ok";

	(void)printf("%s %d\n", name ? name : "unknown", actor ? actor : (int)getpid());
	return 0;
}
