// SPDX-License-Identifier: BSD-2-Clause
/*
 * writes NAME=DIRECTORY…: runs each way in each directory; a line of JSON a way on stdout.
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "writes.h"

int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);

	if (fd < 0)
		error(1, errno, "open %s", path);
	return fd;
}

void count(struct result *result, uint64_t requested, long returned, const char *call)
{
	if (returned < 0)
		error(1, errno, "%s", call);
	result->requested += requested;
	result->returned += returned;
	result->calls++;
}

static void make_source(const char *path)
{
	static char data[SOURCE_BYTES];
	int fd = open_or_die(path, O_WRONLY | O_CREAT | O_EXCL);

	memset(data, 's', sizeof(data));
	if (write(fd, data, sizeof(data)) != sizeof(data))
		error(1, errno, "write %s", path);
	(void)close(fd);
}

static void run_way(const struct way *way, const char *name, const char *directory)
{
	char path[256], source[256], line[1024];
	struct result result = {};
	struct stat file = {};
	int size;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, way->name);
	(void)snprintf(source, sizeof(source), "%s/source", directory);
	(void)prctl(PR_SET_NAME, way->name);
	way->run(path, source, &result);
	(void)stat(path, &file);
	size = snprintf(
		line, sizeof(line),
		"{\"way\":\"%s\",\"in\":\"%s\",\"pid\":%d,\"requested\":%llu,\"returned\":%llu,\"asked\":%llu,"
		"\"calls\":%u,\"pages\":%u,\"size\":%lld,\"always_result\":%d,\"either\":%d,\"by_path\":%d%s%s%s}\n",
		way->name, name, getpid(), (unsigned long long)result.requested, (unsigned long long)result.returned,
		(unsigned long long)result.asked, result.calls, result.pages, (long long)file.st_size,
		result.always_result, result.either, result.by_path, result.skipped ? ",\"skipped\":\"" : "",
		result.skipped ?: "", result.skipped ? "\"" : "");
	/* One write: the processes share the pipe. */
	if (write(STDOUT_FILENO, line, size) != size)
		error(1, errno, "stdout");
}

static void run_all(const struct way *ways, const char *name, const char *directory)
{
	for (const struct way *way = ways; way->name; way++) {
		int status;
		pid_t pid;

		/* It takes seconds: once is enough. */
		if (strcmp(way->name, "slow") == 0 && strcmp(name, "union") != 0)
			continue;
		pid = fork();

		if (pid < 0)
			error(1, errno, "fork");
		if (pid == 0) {
			run_way(way, name, directory);
			_exit(0);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			error(1, 0, "%s in %s failed: status %#x", way->name, name, status);
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char source[256], *directory = strchr(argv[i], '=');

		if (!directory)
			error(2, 0, "usage: writes NAME=DIRECTORY…");
		*directory++ = 0;
		(void)snprintf(source, sizeof(source), "%s/source", directory);
		make_source(source);
		run_all(plain_ways, argv[i], directory);
		run_all(transfer_ways, argv[i], directory);
		run_all(async_ways, argv[i], directory);
	}
	return 0;
}
