// SPDX-License-Identifier: BSD-2-Clause
/*
 * Ways that name their bytes: write(2) and its kin, truncation, allocation, mappings.
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "writes.h"

static char data[16384] __attribute__((aligned(4096)));

static void way_write(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT);

	(void)source;
	for (int i = 0; i < 3; i++)
		count(result, 4096, write(fd, data, 4096), "write");
	(void)close(fd);
}

static void way_many(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT);

	(void)source;
	for (int i = 0; i < 5000; i++)
		count(result, 10, write(fd, data, 10), "write");
	(void)close(fd);
}

static void way_pwrite(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT);

	(void)source;
	count(result, 100, pwrite(fd, data, 100, 50000), "pwrite");
	(void)close(fd);
}

static void way_writev(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT | O_APPEND);
	struct iovec parts[] = { { data, 1000 }, { data, 24 } };

	(void)source;
	count(result, 1024, writev(fd, parts, 2), "writev");
	count(result, 1024, pwritev2(fd, parts, 2, -1, RWF_DSYNC), "pwritev2");
	(void)close(fd);
}

static void way_direct(const char *path, const char *source, struct result *result)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_DIRECT | O_CLOEXEC, 0644);

	(void)source;
	if (fd < 0) {
		result->skipped = "no O_DIRECT on this file system";
		return;
	}
	count(result, 8192, write(fd, data, 8192), "write O_DIRECT");
	(void)close(fd);
}

/** The kernel writes what the limit leaves room for. */
static void way_short(const char *path, const char *source, struct result *result)
{
	const struct rlimit limit = { 6000, 6000 };
	int fd = open_or_die(path, O_WRONLY | O_CREAT);

	(void)source;
	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		error(1, errno, "setrlimit");
	count(result, 8192, write(fd, data, 8192), "write");
	if (result->returned != 6000)
		error(1, 0, "the write was not cut short");
	(void)close(fd);
}

/** The totals come each second, and at the close. */
static void way_slow(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT);

	(void)source;
	count(result, 1000, write(fd, data, 1000), "write");
	(void)usleep(2500000);
	count(result, 500, write(fd, data, 500), "write");
	(void)close(fd);
}

/** Through the 32-bit entry of a 64-bit process. */
static void way_compat(const char *path, const char *source, struct result *result)
{
#if defined(__x86_64__)
	int fd = open_or_die(path, O_WRONLY | O_CREAT);
	void *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long returned;

	if (low == MAP_FAILED)
		error(1, errno, "mmap");
	__asm__ volatile("int $0x80"
			 : "=a"(returned)
			 : "a"(4L), "b"((long)fd), "c"(low), "d"(77L)
			 : "memory", "r8", "r9", "r10", "r11");
	if (returned < 0)
		result->skipped = "no 32-bit system calls";
	else
		count(result, 77, returned, "int 0x80 write");
	(void)close(fd);
#else
	(void)path;
	result->skipped = "no 32-bit system calls";
#endif
	(void)source;
}

static void *write_in_thread(void *fd)
{
	return (void *)(long)write(*(int *)fd, data, 4096);
}

static void way_threads(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT | O_APPEND);
	pthread_t threads[4];
	void *returned;

	(void)source;
	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, write_in_thread, &fd))
			error(1, 0, "pthread_create");
	for (int i = 0; i < 4; i++) {
		(void)pthread_join(threads[i], &returned);
		count(result, 4096, (long)returned, "write");
	}
	(void)close(fd);
}

/** Opened read-only, and opened again through /proc. */
static void way_reopen(const char *path, const char *source, struct result *result)
{
	int first = open_or_die(path, O_RDONLY | O_CREAT), fd;
	char name[64];

	(void)source;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", first);
	fd = open_or_die(name, O_WRONLY);
	count(result, 300, write(fd, data, 300), "write");
	(void)close(fd);
	(void)close(first);
}

static void way_fallocate(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT);

	(void)source;
	if (fallocate(fd, 0, 0, 10000) < 0 || fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096) < 0)
		error(1, errno, "fallocate");
	result->asked = 14096;
	result->calls = 2;
	(void)close(fd);
}

static void way_ftruncate(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT);

	(void)source;
	if (ftruncate(fd, 20000) < 0 || ftruncate(fd, 5000) < 0)
		error(1, errno, "ftruncate");
	result->asked = 35000;
	result->calls = 2;
	(void)close(fd);
}

static void way_truncate(const char *path, const char *source, struct result *result)
{
	(void)close(open_or_die(path, O_RDONLY | O_CREAT));
	(void)source;
	if (truncate(path, 12345) < 0)
		error(1, errno, "truncate");
	result->asked = 12345;
	result->calls = 1;
	result->by_path = true;
}

static void way_open_truncate(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT);

	(void)source;
	count(result, 700, write(fd, data, 700), "write");
	(void)close(fd);
	(void)close(open_or_die(path, O_WRONLY | O_TRUNC));
	result->asked = 700;
	result->calls++;
}

static void way_mapping(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_RDWR | O_CREAT);
	char *memory;

	(void)source;
	if (ftruncate(fd, 16384) < 0)
		error(1, errno, "ftruncate");
	result->asked = 16384;
	result->calls = 1;
	memory = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		error(1, errno, "mmap");
	(void)close(fd);
	/* Three pages, one of them twice. */
	memory[0] = memory[4096] = memory[12288] = memory[12289] = 'x';
	result->pages = 3;
	(void)munmap(memory, 16384);
}

/** Nothing of it goes to the file. */
static void way_private(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(source, O_RDONLY);
	char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	(void)path;
	(void)result;
	if (memory == MAP_FAILED)
		error(1, errno, "mmap");
	memory[0] = 'x';
	/* A write that is refused is none. */
	if (write(fd, data, 10) >= 0)
		error(1, 0, "a file that was opened for reading was written to");
}

/** Its name is gone before it is written to. */
static void way_unlinked(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT);

	(void)source;
	(void)unlink(path);
	count(result, 2048, write(fd, data, 2048), "write");
	(void)close(fd);
}

const struct way plain_ways[] = {
	{ "write", way_write },         { "many", way_many },
	{ "pwrite", way_pwrite },       { "writev", way_writev },
	{ "direct", way_direct },       { "short", way_short },
	{ "slow", way_slow },           { "compat", way_compat },
	{ "threads", way_threads },     { "reopen", way_reopen },
	{ "fallocate", way_fallocate }, { "ftruncate", way_ftruncate },
	{ "truncate", way_truncate },   { "open-truncate", way_open_truncate },
	{ "mapping", way_mapping },     { "private", way_private },
	{ "unlinked", way_unlinked },   {},
};
