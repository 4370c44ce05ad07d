// SPDX-License-Identifier: BSD-2-Clause
/*
 * Acts on devices and on other processes' memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

/** Makes a node of the device and opens it: device NODE b|c MAJOR MINOR r|w */
static int act_device(char **args)
{
	mode_t type = args[1][0] == 'b' ? S_IFBLK : S_IFCHR;

	(void)unlink(args[0]);
	if (mknod(args[0], type | 0600, makedev(atoi(args[2]), atoi(args[3]))) < 0)
		return -errno;
	int fd = open(args[0], (args[4][0] == 'w' ? O_RDWR : O_RDONLY) | O_CLOEXEC), result = fd < 0 ? -errno : 0;

	if (fd >= 0)
		(void)close(fd);
	(void)unlink(args[0]);
	return result;
}

/** Opens a device, no more: open FILE r|w */
static int act_open(char **args)
{
	int fd = open(args[0], (args[1][0] == 'w' ? O_RDWR : O_RDONLY) | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	(void)close(fd);
	return 0;
}

static int act_ptrace(char **args)
{
	pid_t pid = atoi(args[0]);
	int result = done(ptrace(PTRACE_SEIZE, pid, NULL, NULL));

	if (result == 0)
		(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return result;
}

static int act_process_memory(char **args)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "/proc/%s/mem", args[0]);
	return done(open(name, O_RDWR | O_CLOEXEC));
}

/** Reads what is at the start of the program, whose address the process's maps tell. */
static int act_process_read(char **args)
{
	char name[64], line[256] = "", bytes[16];
	unsigned long at = 0;

	(void)snprintf(name, sizeof(name), "/proc/%s/maps", args[0]);
	FILE *maps = fopen(name, "re");

	if (!maps)
		return -errno;
	if (fgets(line, sizeof(line), maps))
		at = strtoul(line, NULL, 16);
	(void)fclose(maps);
	struct iovec mine = { bytes, sizeof(bytes) },
		     its = { (void *)at, sizeof(bytes) }; // NOLINT(performance-no-int-to-ptr)

	return done(process_vm_readv(atoi(args[0]), &mine, 1, &its, 1, 0));
}

const struct act device_acts[] = {
	{ "device", 5, "NODE b|c MAJOR MINOR r|w", act_device },
	{ "open", 2, "FILE r|w", act_open },
	{ "ptrace", 1, "PID", act_ptrace },
	{ "process-memory", 1, "PID", act_process_memory },
	{ "process-read", 1, "PID", act_process_read },
	{},
};
