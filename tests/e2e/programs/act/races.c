// SPDX-License-Identifier: BSD-2-Clause
/*
 * Acts in which a second thread changes what the first one names, and acts that are tried over and over.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

static atomic_bool stop;
static char path[256], other[256];

/** The byte in which both names differ goes to and fro. */
static void *swap_bytes(void *argument)
{
	size_t at = strlen(path) - 1;
	char bytes[2] = { path[at], ((char **)argument)[1][at] };

	for (unsigned i = 0; !atomic_load(&stop); i++)
		*(volatile char *)&path[at] = bytes[i & 1];
	return NULL;
}

static void *swap_names(void *argument)
{
	(void)argument;
	while (!atomic_load(&stop))
		(void)renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE);
	return NULL;
}

/** What came of opening it for writing: 0: it is the one that may not be. */
static int open_forbidden(const char *name, const struct stat *forbidden, int *refusal)
{
	struct stat info;
	int fd = open(name, O_WRONLY | O_CLOEXEC);

	if (fd < 0) {
		if (errno != ENOENT)
			*refusal = -errno;
		return -1;
	}
	int same = fstat(fd, &info) == 0 && info.st_ino == forbidden->st_ino && info.st_dev == forbidden->st_dev;

	(void)close(fd);
	return same ? 0 : -1;
}

static int race(char **args, void *(*swap)(void *))
{
	int refusal = 0, times = atoi(args[2]), result = -1;
	struct stat forbidden;
	pthread_t thread;

	(void)snprintf(path, sizeof(path), "%s", args[0]);
	(void)snprintf(other, sizeof(other), "%s", args[1]);
	if (stat(args[0], &forbidden) < 0 || strlen(args[0]) != strlen(args[1]))
		unable(args[0]);
	if (pthread_create(&thread, NULL, swap, args))
		unable("thread");
	for (int i = 0; i < times && result < 0; i++)
		result = open_forbidden(path, &forbidden, &refusal);
	atomic_store(&stop, true);
	(void)pthread_join(thread, NULL);
	return result == 0 ? 0 : refusal;
}

/** swap-open FORBIDDEN ALLOWED TIMES: the names differ in their last byte. ok: the forbidden file was opened. */
static int act_swap_open(char **args)
{
	return race(args, swap_bytes);
}

/** exchange-open FORBIDDEN ALLOWED TIMES: the files change their names all the time. */
static int act_exchange_open(char **args)
{
	return race(args, swap_names);
}

/** bind-race LINK1 LINK2 TARGET FORBIDDEN TIMES: of links that change places, one is mounted and written through. */
static int act_bind_race(char **args)
{
	int refusal = 0, times = atoi(args[4]);
	char below[300];
	bool through = false;
	struct stat forbidden;
	pthread_t thread;

	(void)snprintf(path, sizeof(path), "%s", args[0]);
	(void)snprintf(other, sizeof(other), "%s", args[1]);
	(void)snprintf(below, sizeof(below), "%s/file", args[2]);
	if (stat(args[3], &forbidden) < 0)
		unable(args[3]);
	if (pthread_create(&thread, NULL, swap_names, NULL))
		unable("thread");
	for (int i = 0; i < times && !through; i++) {
		if (mount(path, args[2], NULL, MS_BIND, NULL) < 0) {
			if (errno != ENOENT)
				refusal = -errno;
			continue;
		}
		through = open_forbidden(below, &forbidden, &refusal) == 0;
		(void)umount2(args[2], MNT_DETACH);
	}
	atomic_store(&stop, true);
	(void)pthread_join(thread, NULL);
	return through ? 0 : refusal;
}

static atomic_ulong exchanges;

static void *exchange_counted(void *argument)
{
	(void)argument;
	while (!atomic_load(&stop))
		if (renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE) == 0)
			atomic_fetch_add(&exchanges, 1);
	return NULL;
}

/**
 * exchange-count DIR1 DIR2 FILE TIMES: while the directories change places all the time, opens DIR1/FILE and DIR2/FILE
 * for writing, by their whole names and from a directory that is held. Prints how often they changed places, and how
 * many opens ended how.
 */
static int act_exchange_count(char **args)
{
	unsigned long ends[134] = {}, times = strtoul(args[3], NULL, 10);
	char names[2][512];
	pthread_t thread;

	(void)snprintf(path, sizeof(path), "%s", args[0]);
	(void)snprintf(other, sizeof(other), "%s", args[1]);
	(void)snprintf(names[0], sizeof(names[0]), "%s/%s", args[0], args[2]);
	(void)snprintf(names[1], sizeof(names[1]), "%s/%s", args[1], args[2]);
	int held = prepare_open(args[0], O_PATH | O_DIRECTORY);
	if (pthread_create(&thread, NULL, exchange_counted, NULL))
		unable("thread");
	for (unsigned long i = 0; i < times; i++) {
		int fd = i % 3 ? open(names[i % 3 - 1], O_WRONLY | O_CLOEXEC)
			       : openat(held, args[2], O_WRONLY | O_CLOEXEC);

		ends[fd < 0 ? errno : 0]++;
		if (fd >= 0)
			(void)close(fd);
	}
	atomic_store(&stop, true);
	(void)pthread_join(thread, NULL);
	(void)close(held);
	(void)printf("exchanges=%lu", atomic_load(&exchanges));
	for (int i = 0; i < 134; i++)
		if (ends[i])
			(void)printf(" %s=%lu", i ? strerrorname_np(i) : "ok", ends[i]);
	(void)printf("\n");
	return 0;
}

/** rename-until OLD NEW STOPFILE: renames until the file is there. Prints how often; ok: it was done once at least. */
static int act_rename_until(char **args)
{
	int refusal = 0;
	unsigned long tries = 0;

	while (access(args[2], F_OK) < 0) {
		for (int i = 0; i < 200; i++, tries++) {
			if (rename(args[0], args[1]) == 0)
				return 0;
			refusal = -errno;
		}
	}
	(void)printf("tries %lu\n", tries);
	return refusal;
}

/** repeat-write TIMES FILE: from a new process each. The first that is not refused ends it. */
static int act_fork_writes(char **args)
{
	int status = 0;

	for (int i = atoi(args[0]); i > 0; i--) {
		pid_t child = fork();

		if (child < 0)
			unable("fork");
		if (child == 0) {
			int fd = open(args[1], O_WRONLY | O_CLOEXEC);

			_exit(fd < 0 ? errno : 0);
		}
		actor = child;
		if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
			unable("wait");
		if (WEXITSTATUS(status) == 0)
			return 0;
	}
	return -WEXITSTATUS(status);
}

const struct act race_acts[] = {
	{ "swap-open", 3, "FORBIDDEN ALLOWED TIMES", act_swap_open },
	{ "exchange-open", 3, "FORBIDDEN ALLOWED TIMES", act_exchange_open },
	{ "bind-race", 5, "LINK1 LINK2 TARGET FORBIDDEN TIMES", act_bind_race },
	{ "rename-until", 3, "OLD NEW STOPFILE", act_rename_until },
	{ "exchange-count", 4, "DIR1 DIR2 FILE TIMES", act_exchange_count },
	{ "fork-writes", 2, "TIMES FILE", act_fork_writes },
	{},
};
