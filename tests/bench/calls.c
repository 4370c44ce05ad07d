// SPDX-License-Identifier: BSD-2-Clause
/*
 * What single calls cost, in instructions when run under QEMU's -icount:
 *
 *	calls DIRECTORY PLACE
 *
 * PLACE: host (the namespace it is started in, files on /tmp), other (a mount namespace of its own, the same files),
 *union (a namespace with the union at DIRECTORY as its root). One JSON object a call on stdout; "ns" is the least
 *average of the batches, so that no interrupt and nobody else's work is in it. DIRECTORY is made for union, and left.
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "union.h"

#define BATCHES 20
#define CALLS 100
#define BLOCK 4096
#define DEEP "/a/b/c/d/e/f/g"

static char block[BLOCK];
static const char *place;
/** Files of a call are below it. */
static const char *base;
static int file = -1;

static char *numbered(const char *name, unsigned index)
{
	return text("%s/%s%u", base, name, index);
}

static void create_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	check(fd, "create", path);
	(void)close(fd);
}

struct call {
	const char *name;
	/** Before each batch of calls. */
	void (*prepare)(char **paths, unsigned batch);
	void (*call)(const char *path);
};

static void prepare_one(char **paths, unsigned batch)
{
	char *path = numbered("one", 0);

	if (batch == 0)
		create_file(path);
	for (unsigned i = 0; i < CALLS; i++)
		paths[i] = strdup(path);
	free(path);
}

static void prepare_many(char **paths, unsigned batch)
{
	(void)batch;
	for (unsigned i = 0; i < CALLS; i++) {
		paths[i] = numbered("many", i);
		create_file(paths[i]);
	}
}

static void prepare_write(char **paths, unsigned batch)
{
	prepare_one(paths, batch);
	if (batch)
		return;
	file = open(paths[0], O_WRONLY | O_CLOEXEC);
	check(file, "open", paths[0]);
}

static void prepare_lower(char **paths, unsigned batch)
{
	for (unsigned i = 0; i < CALLS; i++) {
		paths[i] = file_path("lower", batch * CALLS + i);
		if (i == 0)
			check(chmod(TREE "/lower", batch % 2 ? 0711 : 0755), "chmod", TREE);
	}
	/* Their directory goes up first. */
	char *first = strdup(paths[0]);

	*strrchr(first, '/') = '\0';
	check(chmod(first, 0711), "chmod", first);
	free(first);
}

static void call_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	check(fd, "open", path);
	(void)close(fd);
}

static void call_copy_up(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	check(fd, "open", path);
	(void)close(fd);
}

static void call_write(const char *path)
{
	if (pwrite(file, block, BLOCK, 0) != BLOCK)
		error(1, errno, "write %s", path);
}

static void call_unlink(const char *path)
{
	check(unlink(path), "unlink", path);
}

static const struct call calls[] = {
	{ "open-close", prepare_one, call_open },
	{ "write-4k", prepare_write, call_write },
	{ "unlink", prepare_many, call_unlink },
};
/** Only on the union. */
static const struct call copy_up = { "copy-up-4k", prepare_lower, call_copy_up };

static void measure(const struct call *call)
{
	char *paths[CALLS];
	uint64_t least = UINT64_MAX;

	for (unsigned batch = 0; batch < BATCHES; batch++) {
		call->prepare(paths, batch);
		uint64_t start = now_ns();

		for (unsigned i = 0; i < CALLS; i++)
			call->call(paths[i]);
		uint64_t span = now_ns() - start;

		if (span < least)
			least = span;
		for (unsigned i = 0; i < CALLS; i++)
			free(paths[i]);
	}
	(void)printf("{\"place\":\"%s\",\"call\":\"%s\",\"ns\":%" PRIu64 "}\n", place, call->name, least / CALLS);
	(void)fflush(stdout);
}

static void make(const char *directory)
{
	union_make(directory);
	for (unsigned i = 0; i < BATCHES * CALLS; i++) {
		char *path = file_path("lower", i);

		union_add(directory, path, block, BLOCK);
		free(path);
	}
	union_mount(directory);
}

/** Depth 8: seven directories and the file. */
static void make_deep(const char *root)
{
	char *path = text("%s%s", root, DEEP);

	for (char *slash = strchr(path + strlen(root) + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			error(1, errno, "mkdir %s", path);
		if (!slash)
			break;
		*slash = '/';
	}
	base = path;
}

static void go(const char *directory)
{
	if (strcmp(place, "union") == 0) {
		make(directory);
		union_enter(directory);
		make_deep("");
		return;
	}
	if (strcmp(place, "other") == 0) {
		check(unshare(CLONE_NEWNS), "unshare", "");
		check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make private", "/");
	} else if (strcmp(place, "host") != 0) {
		error(2, 0, "no place %s", place);
	}
	make_deep("/tmp");
}

int main(int argc, char **argv)
{
	if (argc != 3)
		error(2, 0, "usage: calls DIRECTORY host|other|union");
	place = argv[2];
	/* Not all zeroes: a hole would be copied faster. */
	memset(block, 'x', sizeof(block));
	go(argv[1]);
	for (unsigned i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		measure(&calls[i]);
	if (strcmp(place, "union") == 0)
		measure(&copy_up);
	return 0;
}
