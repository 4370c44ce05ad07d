// SPDX-License-Identifier: BSD-2-Clause
/*
 * From where an act is done: nest N (in the Nth mount namespace within this one), userns (in a user namespace of its
 * own with a mount namespace), clone3 (a child of clone3 with a mount namespace), cgroup FILE (after moving to another
 * cgroup), comm NAME (under another name), memfd (as a copy of the program in memory), chroot DIRECTORY, enter FILE
 * (after setns), cd DIRECTORY, forked N (as the Nth descendant).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

static void put(const char *file, const char *text)
{
	int fd = prepare_open(file, O_WRONLY);

	if (write(fd, text, strlen(text)) < 0)
		unable(file);
	(void)close(fd);
}

/** The parent waits; the child goes on. */
static void go_on_in(pid_t child)
{
	int status = 0;

	if (child < 0)
		unable("fork");
	if (child == 0)
		return;
	(void)waitpid(child, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 4);
}

static void prefix_nest(const char *times)
{
	for (int i = atoi(times); i > 0; i--) {
		if (unshare(CLONE_NEWNS) < 0)
			unable("unshare");
		if (i > 1)
			go_on_in(fork());
	}
}

static void prefix_userns(const char *none)
{
	(void)none;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		unable("unshare of a user namespace");
	put("/proc/self/setgroups", "deny");
	put("/proc/self/uid_map", "0 0 1");
	put("/proc/self/gid_map", "0 0 1");
}

static void prefix_clone3(const char *none)
{
	struct clone_args arguments = { .flags = CLONE_NEWNS, .exit_signal = SIGCHLD };

	(void)none;
	go_on_in((pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments)));
}

static void prefix_cgroup(const char *file)
{
	put(file, "0");
}

static void prefix_comm(const char *name)
{
	if (prctl(PR_SET_NAME, name) < 0)
		unable("prctl");
}

static void prefix_chroot(const char *directory)
{
	if (chroot(directory) < 0 || chdir("/") < 0)
		unable(directory);
}

static void prefix_enter(const char *file)
{
	int fd = prepare_open(file, O_RDONLY);

	if (setns(fd, 0) < 0)
		unable(file);
	(void)close(fd);
}

static void prefix_cd(const char *directory)
{
	if (chdir(directory) < 0)
		unable(directory);
}

static void prefix_forked(const char *times)
{
	for (int i = atoi(times); i > 0; i--)
		go_on_in(fork());
}

/** Runs a copy of the program from memory, with the rest of the words. */
static void run_from_memory(char **args)
{
	int program = prepare_open("/proc/self/exe", O_RDONLY), copy = memfd_create("micad", MFD_CLOEXEC);
	char *argv[32] = { "micad" }, *environment[] = { NULL };
	size_t count = 1;

	if (copy < 0)
		unable("memfd_create");
	while (sendfile(copy, program, NULL, 1 << 20) > 0)
		continue;
	while (*args && count < 31)
		argv[count++] = *args++;
	(void)fexecve(copy, argv, environment);
	unable("fexecve");
}

static const struct prefix {
	const char *name;
	bool argument;
	void (*run)(const char *argument);
} prefixes[] = {
	{ "nest", true, prefix_nest },     { "userns", false, prefix_userns }, { "clone3", false, prefix_clone3 },
	{ "cgroup", true, prefix_cgroup }, { "comm", true, prefix_comm },      { "chroot", true, prefix_chroot },
	{ "enter", true, prefix_enter },   { "cd", true, prefix_cd },          { "forked", true, prefix_forked },
};

char **take_prefixes(char **args)
{
	while (*args) {
		const struct prefix *found = NULL;

		if (strcmp(*args, "memfd") == 0)
			run_from_memory(args + 1);
		for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
			if (strcmp(*args, prefixes[i].name) == 0)
				found = &prefixes[i];
		}
		if (!found)
			return args;
		args++;
		if (found->argument && !*args)
			return args;
		found->run(found->argument ? *args++ : NULL);
	}
	return args;
}
