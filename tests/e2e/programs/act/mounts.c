// SPDX-License-Identifier: BSD-2-Clause
/*
 * Acts by mount(2), umount2(2), pivot_root(2), setns(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

static const struct word {
	const char *name;
	unsigned long flag;
} mount_words[] = {
	{ "ro", MS_RDONLY },	 { "nosuid", MS_NOSUID },   { "nodev", MS_NODEV }, { "noexec", MS_NOEXEC },
	{ "remount", MS_REMOUNT }, { "bind", MS_BIND },	    { "move", MS_MOVE },   { "rec", MS_REC },
	{ "private", MS_PRIVATE }, { "shared", MS_SHARED }, { "slave", MS_SLAVE }, { "unbindable", MS_UNBINDABLE },
	{ "-", 0 },		 {},
}, umount_words[] = {
	{ "force", MNT_FORCE }, { "detach", MNT_DETACH }, { "expire", MNT_EXPIRE }, { "nofollow", UMOUNT_NOFOLLOW },
	{ "-", 0 },		{},
};

/** "ro,nosuid" */
static unsigned long flags_of(const char *list, const struct word *words)
{
	unsigned long flags = 0;
	char copy[256], *rest = NULL;

	(void)snprintf(copy, sizeof(copy), "%s", list);
	for (const char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		const struct word *at = words;

		while (at->name && strcmp(at->name, word) != 0)
			at++;
		errno = EINVAL;
		if (!at->name)
			unable(word);
		flags |= at->flag;
	}
	return flags;
}

/** What is in a list of words is compared as one word, "-" is none. */
static int act_mount(char **args)
{
	return done(mount(args[0], args[1], strcmp(args[2], "-") == 0 ? NULL : args[2], flags_of(args[3], mount_words),
			  args[4]));
}

static int act_umount(char **args)
{
	unsigned long flags = flags_of(args[1], umount_words);
	int result = done(umount2(args[0], (int)flags));

	/* The first call only marks. */
	if (result == -EAGAIN && (flags & MNT_EXPIRE))
		result = done(umount2(args[0], (int)flags));
	return result;
}

static int act_pivot_root(char **args)
{
	return done(syscall(SYS_pivot_root, args[0], args[1]));
}

static int act_setns(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : done(setns(fd, 0));
}

/** By a descriptor of a process: setns-pidfd PID */
static int act_setns_pidfd(char **args)
{
	int fd = (int)syscall(SYS_pidfd_open, atoi(args[0]), 0);

	if (fd < 0)
		unable("pidfd_open");
	return done(setns(fd, CLONE_NEWNS));
}

#ifdef __x86_64__
/** A system call as programs of 32 bits make it. */
static long call32(long number, long a, long b)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b) : "memory", "r8", "r9", "r10", "r11");
	if (result >= 0 || result < -4095)
		return result;
	errno = (int)-result;
	return -1;
}

static int act_setns32(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : done(call32(346, fd, 0));
}
#else
static int act_setns32(char **args)
{
	(void)args;
	return -ENOSYS;
}
#endif

static int act_unshare(char **args)
{
	(void)args;
	return done(unshare(CLONE_NEWNS));
}

const struct act mount_acts[] = {
	{ "mount", 4, "SOURCE TARGET TYPE FLAGS [DATA]", act_mount },
	{ "umount", 2, "TARGET FLAGS", act_umount },
	{ "pivot-root", 2, "NEW OLD", act_pivot_root },
	{ "setns", 1, "FILE", act_setns },
	{ "setns-pidfd", 1, "PID", act_setns_pidfd },
	{ "setns32", 1, "FILE", act_setns32 },
	{ "unshare", 0, "", act_unshare },
	{},
};
