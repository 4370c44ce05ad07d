// SPDX-License-Identifier: BSD-2-Clause
/*
 * What single calls cost where a policy is in force, in instructions when run under QEMU's -icount:
 *
 *	enforced host                         files on /tmp, in the namespace that it is started in
 *	enforced union DIRECTORY [ro|PROFILE] in a union at DIRECTORY, entered and begun anew as a container's first
 *program; with the calls' tree mounted read-only, or under an AppArmor profile
 *
 * One JSON object a call on stdout; "ns" is the least average of the batches, so that no interrupt is in it.
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "union.h"

#define BATCHES 20
#define CALLS 100
#define BLOCK 4096
#define DEPTH 30

static char block[BLOCK];
static const char *root = "";
static bool read_only;

/** TREE/d/d/…/NAME: `depth` components. */
static char *deep_path(unsigned depth, const char *name)
{
	char *path = text("%s" TREE, root);

	for (unsigned i = 3; i < depth; i++) {
		char *longer = text("%s/d", path);

		free(path);
		path = longer;
	}
	char *full = text("%s/%s", path, name);

	free(path);
	return full;
}

static void create_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	check(fd, "create", path);
	(void)close(fd);
}

static void make_directories(const char *path)
{
	char *copy = strdup(path);

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			error(1, errno, "mkdir %s", copy);
		*slash = '/';
	}
	free(copy);
}

struct call {
	const char *name;
	unsigned depth;
	void (*prepare)(unsigned depth);
	void (*run)(void);
	bool writes;
};

/** What the present call is about. */
static char *path, *many[CALLS];
static int file = -1;

static void prepare_open(unsigned depth)
{
	if (!path)
		path = deep_path(depth, "file");
}

static void prepare_write(unsigned depth)
{
	if (path)
		return;
	path = deep_path(depth, "file");
	file = open(path, O_WRONLY | O_CLOEXEC);
	check(file, "open", path);
}

static void prepare_unlink(unsigned depth)
{
	for (unsigned i = 0; i < CALLS; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "many%02u", i);
		free(many[i]);
		many[i] = deep_path(depth, name);
		create_file(many[i]);
	}
}

static void prepare_mount(unsigned depth)
{
	(void)depth;
}

static void run_open(void)
{
	for (unsigned i = 0; i < CALLS; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		check(fd, "open", path);
		(void)close(fd);
	}
}

static void run_write(void)
{
	for (unsigned i = 0; i < CALLS; i++)
		if (pwrite(file, block, BLOCK, 0) != BLOCK)
			error(1, errno, "write %s", path);
}

static void run_unlink(void)
{
	for (unsigned i = 0; i < CALLS; i++)
		check(unlink(many[i]), "unlink", many[i]);
}

static void run_mount(void)
{
	for (unsigned i = 0; i < CALLS; i++) {
		check(mount("/mnt/source", "/mnt/target", NULL, MS_BIND, NULL), "mount", "/mnt/target");
		check(umount2("/mnt/target", MNT_DETACH), "umount", "/mnt/target");
	}
}

static const struct call calls[] = {
	{ "open, depth 3", 3, prepare_open, run_open, false },
	{ "open, depth 8", 8, prepare_open, run_open, false },
	{ "open, depth 30", DEPTH, prepare_open, run_open, false },
	{ "write 4 KiB", 8, prepare_write, run_write, true },
	{ "unlink", 8, prepare_unlink, run_unlink, true },
	{ "bind mount and umount", 0, prepare_mount, run_mount, true },
};

/** Of this thread: whatever else runs meanwhile is not in it. */
static uint64_t cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void measure(const struct call *call)
{
	uint64_t least = UINT64_MAX;

	path = NULL;
	for (unsigned batch = 0; batch < BATCHES; batch++) {
		call->prepare(call->depth);
		uint64_t start = cpu_ns();

		call->run();
		uint64_t span = cpu_ns() - start;

		if (span < least)
			least = span;
	}
	free(path);
	(void)printf("{\"call\":\"%s\",\"ns\":%" PRIu64 "}\n", call->name, least / CALLS);
	(void)fflush(stdout);
}

static void make_files(void)
{
	char *deepest = deep_path(DEPTH, "file");

	make_directories(deepest);
	free(deepest);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		char *one = deep_path(calls[i].depth, "file");

		if (calls[i].depth)
			create_file(one);
		free(one);
	}
}

/** As the first program of a container; what was made so far is in its union. */
static void enter(const char *directory, const char *how)
{
	char data[] = "data";

	union_make(directory);
	union_add(directory, "/mnt/source/x", data, sizeof(data));
	union_add(directory, "/mnt/target/x", data, sizeof(data));
	union_add(directory, "/tmp/x", data, sizeof(data));
	char *program = text("cp /proc/%d/exe %s/lower/enforced && chmod 755 %s/lower/enforced", (int)getpid(),
			     directory, directory);

	if (system(program))
		error(1, 0, "%s", program);
	free(program);
	union_mount(directory);
	union_enter(directory);
	if (how && strcmp(how, "ro") != 0) {
		/* The parent's /proc is gone with the root. */
		check(mkdir("/proc", 0755), "mkdir", "/proc");
		check(mount("proc", "/proc", "proc", 0, NULL), "mount", "/proc");
		char *order = text("exec %s", how);
		int fd = open("/proc/self/attr/apparmor/exec", O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, order, strlen(order)) < 0)
			error(1, errno, "%s", order);
		(void)close(fd);
		free(order);
	}
	(void)execl("/enforced", "enforced", "inside", how, NULL);
	error(1, errno, "/enforced");
}

int main(int argc, char **argv)
{
	const char *how = argc > 2 ? argv[2] : NULL;

	if (argc < 2)
		error(2, 0, "usage: enforced host | union DIRECTORY [ro|PROFILE]");
	memset(block, 'x', sizeof(block));
	if (strcmp(argv[1], "union") == 0)
		enter(how, argc > 3 ? argv[3] : NULL);
	bool host = strcmp(argv[1], "host") == 0;

	root = host ? "/tmp" : "";
	make_files();
	read_only = how && strcmp(how, "ro") == 0;
	if (read_only) {
		check(mount(TREE, TREE, NULL, MS_BIND, NULL), "mount", TREE);
		check(mount(NULL, TREE, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), "remount", TREE);
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (!(read_only && calls[i].writes) && !(host && !calls[i].depth))
			measure(&calls[i]);
	return 0;
}
