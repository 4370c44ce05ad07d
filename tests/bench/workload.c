// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the benchmark runs: work on a union, in phases of one kind of operation each.
 *
 *	workload make DIRECTORY                          a tmpfs at DIRECTORY with lower, upper, work, and the union at
 *merged workload run DIRECTORY TAIL_MS [SCALE [PID…]]    the phases, in a mount namespace with the union as its root
 *	workload drop DIRECTORY                          takes all of it away
 *
 * One JSON object a phase on stdout:
 *
 *	operations   how many were done; each of them succeeded
 *	wall_ns      CLOCK_MONOTONIC around them
 *	busy_ns      time in which any processor was not idle, from the first operation to the end of a sleep of TAIL_MS
 *	             after the last: what a tracer does later counts. /proc/schedstat, which counts interrupts and
 *kernel threads too self_ns      of it, this process tool_ns      of it, the threads of the processes PID
 *
 * With QEMU's -icount a nanosecond is an instruction. During the operations the process has the phase's name. SCALE
 *divides the number of operations (default 1).
 */
#include <dirent.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "union.h"

/** The writes go round these files of the upper, all held open, each 1 MiB long. */
#define WRITTEN_FILES 8
#define WRITE_BYTES 4096
#define WRITTEN_BYTES (1 << 20)
#define LARGE_BYTES (1 << 20)
/** The opened files are fewer than the opens: each is opened several times. */
#define OPENED_FILES 1000
/** A tracer that still has work after so many tails is not waited for. */
#define TAILS 100

static char block[LARGE_BYTES];
static unsigned scale = 1;

struct phase {
	const char *name;
	unsigned operations;
	/** Files in the lower: NAME/dNN/fNN under TREE, of this size. 0: none. */
	unsigned files, bytes;
	void (*prepare)(const struct phase *phase);
	void (*operate)(const struct phase *phase, unsigned index);
	void (*finish)(void);
};

struct usage {
	uint64_t wall_ns, busy_ns, self_ns, tool_ns;
};

/** Of the operations of the present phase. */
static char **paths, **targets;
static int written[WRITTEN_FILES];

/* ---- the phases ---- */

/** Directories are copied up before: each operation then does the same work. */
static void prepare_files(const struct phase *phase)
{
	for (unsigned i = 0; i < phase->operations; i++) {
		paths[i] = file_path(phase->name, i % phase->files);
		if (i % FILES_PER_DIRECTORY == 0) {
			char *directory = text("%s/%s/d%02u", TREE, phase->name, i / FILES_PER_DIRECTORY);

			check(chmod(directory, 0711), "chmod", directory);
			free(directory);
		}
	}
}

static void prepare_opens(const struct phase *phase)
{
	for (unsigned i = 0; i < phase->operations; i++)
		paths[i] = file_path(phase->name, i % phase->files);
}

static void copy_up(const struct phase *phase, unsigned index)
{
	int fd = open(paths[index], O_WRONLY | O_CLOEXEC);

	(void)phase;
	check(fd, "open", paths[index]);
	(void)close(fd);
}

static void remove_file(const struct phase *phase, unsigned index)
{
	(void)phase;
	check(unlink(paths[index]), "unlink", paths[index]);
}

static void open_file(const struct phase *phase, unsigned index)
{
	int fd = open(paths[index], O_RDONLY | O_CLOEXEC);

	(void)phase;
	check(fd, "open", paths[index]);
	(void)close(fd);
}

/** Each directory has a file in the lower. Their parent is copied up before. */
static void prepare_renames(const struct phase *phase)
{
	char *parent = text("%s/%s", TREE, phase->name);

	check(chmod(parent, 0711), "chmod", parent);
	free(parent);
	for (unsigned i = 0; i < phase->operations; i++) {
		paths[i] = text("%s/%s/d%02u", TREE, phase->name, i);
		targets[i] = text("%s/%s/e%02u", TREE, phase->name, i);
	}
}

static void rename_directory(const struct phase *phase, unsigned index)
{
	(void)phase;
	check(rename(paths[index], targets[index]), "rename", paths[index]);
}

static void prepare_writes(const struct phase *phase)
{
	char *directory = text("%s/%s", TREE, phase->name);

	check(mkdir(directory, 0755), "mkdir", directory);
	for (unsigned i = 0; i < WRITTEN_FILES; i++) {
		char *path = text("%s/f%u", directory, i);

		written[i] = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		check(written[i], "create", path);
		/* Room, and not by a write: tracers count those. */
		check(fallocate(written[i], 0, 0, WRITTEN_BYTES), "fallocate", path);
		free(path);
	}
	free(directory);
}

static void write_block(const struct phase *phase, unsigned index)
{
	off_t offset = (off_t)(index / WRITTEN_FILES) * WRITE_BYTES % WRITTEN_BYTES;

	if (pwrite(written[index % WRITTEN_FILES], block, WRITE_BYTES, offset) != WRITE_BYTES)
		error(1, errno, "%s", phase->name);
}

static void finish_writes(void)
{
	for (unsigned i = 0; i < WRITTEN_FILES; i++)
		(void)close(written[i]);
}

static void prepare_binds(const struct phase *phase)
{
	char *directory = text("%s/%s", TREE, phase->name);

	check(mkdir(directory, 0755), "mkdir", directory);
	paths[0] = text("%s/source", directory);
	targets[0] = text("%s/target", directory);
	check(mkdir(paths[0], 0755), "mkdir", paths[0]);
	check(mkdir(targets[0], 0755), "mkdir", targets[0]);
	free(directory);
}

static void bind_and_unmount(const struct phase *phase, unsigned index)
{
	(void)phase;
	(void)index;
	check(mount(paths[0], targets[0], NULL, MS_BIND, NULL), "mount", targets[0]);
	check(umount2(targets[0], 0), "umount", targets[0]);
}

static const struct phase phases[] = {
	{ "copy-up-4k", 2000, 2000, 4096, prepare_files, copy_up, NULL },
	{ "copy-up-1m", 200, 200, LARGE_BYTES, prepare_files, copy_up, NULL },
	{ "unlink", 2000, 2000, 4096, prepare_files, remove_file, NULL },
	{ "rename", 200, 200 * FILES_PER_DIRECTORY, 0, prepare_renames, rename_directory, NULL },
	{ "write-4k", 20000, 0, 0, prepare_writes, write_block, finish_writes },
	{ "open", 5000, OPENED_FILES, 4096, prepare_opens, open_file, NULL },
	{ "bind", 500, 0, 0, prepare_binds, bind_and_unmount, NULL },
};
#define PHASES (sizeof(phases) / sizeof(*phases))

/** Of a phase at this scale. */
static struct phase scaled(const struct phase *phase)
{
	struct phase result = *phase;

	result.operations /= scale;
	result.files /= scale;
	return result;
}

/* ---- what it cost ---- */

/** Reads a file below /proc, which is out of reach by path once the union is the root. */
static void read_file(int directory, const char *name, char *out, size_t size)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	ssize_t count = fd < 0 ? -1 : read(fd, out, size - 1);

	check(count, "read", name);
	out[count] = '\0';
	(void)close(fd);
}

/** Nanoseconds that the kernel ran tasks, all processors together. */
static uint64_t busy_ns(int proc)
{
	char text[16384], *line = text;
	uint64_t sum = 0, run;

	read_file(proc, "schedstat", text, sizeof(text));
	while ((line = strstr(line, "\ncpu"))) {
		line++;
		if (sscanf(line, "%*s %*u %*u %*u %*u %*u %*u %" SCNu64, &run) != 1)
			error(1, 0, "/proc/schedstat is not as expected: %s", line);
		sum += run;
	}
	return sum;
}

static uint64_t process_ns(int proc, const char *pid)
{
	char name[64], text[128];
	uint64_t sum = 0, run;

	(void)snprintf(name, sizeof(name), "%s/task", pid);
	int fd = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *tasks = fd < 0 ? NULL : fdopendir(fd);

	if (!tasks)
		error(1, errno, "the tool %s is gone", pid);
	for (struct dirent *entry = readdir(tasks); entry; entry = readdir(tasks)) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof(name), "%.16s/schedstat", entry->d_name);
		read_file(fd, name, text, sizeof(text));
		if (sscanf(text, "%" SCNu64, &run) == 1)
			sum += run;
	}
	(void)closedir(tasks);
	return sum;
}

static void sleep_ms(unsigned ms)
{
	struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&time, &time) < 0)
		;
}

/** What this process ran is accounted when it leaves the processor: to be called after a sleep. */
static struct usage usage(int proc, char **pids)
{
	struct usage result = { .busy_ns = busy_ns(proc), .self_ns = process_ns(proc, "self") };

	for (; *pids; pids++)
		result.tool_ns += process_ns(proc, *pids);
	return result;
}

/** Until the tool has rested for `tail_ms`: it took less than a tenth of that. */
static struct usage drained(int proc, unsigned tail_ms, char **pids)
{
	struct usage now = usage(proc, pids), last;

	for (unsigned i = 0; i < TAILS; i++) {
		last = now;
		sleep_ms(tail_ms);
		now = usage(proc, pids);
		if (now.tool_ns - last.tool_ns < UINT64_C(100000) * tail_ms)
			break;
	}
	return now;
}

static void run_phase(const struct phase *phase, int proc, unsigned tail_ms, char **pids)
{
	phase->prepare(phase);
	sync();
	struct usage before = drained(proc, tail_ms, pids);

	check(prctl(PR_SET_NAME, phase->name), "name", phase->name);
	uint64_t start = now_ns();

	for (unsigned i = 0; i < phase->operations; i++)
		phase->operate(phase, i);
	uint64_t end = now_ns();

	check(prctl(PR_SET_NAME, "workload"), "name", "workload");
	struct usage after = drained(proc, tail_ms, pids);

	(void)printf("{\"phase\":\"%s\",\"operations\":%u,\"wall_ns\":%" PRIu64 ",\"busy_ns\":%" PRIu64
		     ",\"self_ns\":%" PRIu64 ",\"tool_ns\":%" PRIu64 "}\n",
		     phase->name, phase->operations, end - start, after.busy_ns - before.busy_ns,
		     after.self_ns - before.self_ns, after.tool_ns - before.tool_ns);
	(void)fflush(stdout);
	if (phase->finish)
		phase->finish();
}

/* ---- the verbs ---- */

static void make(const char *directory)
{
	union_make(directory);
	for (unsigned i = 0; i < PHASES; i++) {
		struct phase phase = scaled(&phases[i]);
		/* A directory that is renamed holds one file. */
		unsigned step = phase.bytes ? 1 : FILES_PER_DIRECTORY;

		for (unsigned file = 0; file < phase.files; file += step) {
			char *path = file_path(phase.name, file);

			union_add(directory, path, block, phase.bytes);
			free(path);
		}
	}
	union_mount(directory);
}

static void run(const char *directory, unsigned tail_ms, char **pids)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	check(proc, "open", "/proc");
	paths = calloc(WRITE_BYTES * 8, sizeof(*paths));
	targets = calloc(WRITE_BYTES * 8, sizeof(*targets));
	if (!paths || !targets)
		error(1, ENOMEM, "run");
	union_enter(directory);
	for (unsigned i = 0; i < PHASES; i++) {
		struct phase phase = scaled(&phases[i]);

		run_phase(&phase, proc, tail_ms, pids);
	}
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";

	/* Not all zeroes: a hole would be copied faster. */
	memset(block, 'x', sizeof(block));
	if (argc > 3 && strcmp(verb, "run") != 0)
		scale = (unsigned)atoi(argv[3]);
	if (argc > 4)
		scale = (unsigned)atoi(argv[4]);
	if (scale == 0)
		error(2, 0, "the scale is a number");
	if (strcmp(verb, "make") == 0)
		make(argv[2]);
	else if (strcmp(verb, "run") == 0 && argc > 3)
		run(argv[2], (unsigned)atoi(argv[3]), argv + (argc > 5 ? 5 : argc));
	else if (strcmp(verb, "drop") == 0)
		union_drop(argv[2]);
	else
		error(2, 0, "usage: workload make|drop DIRECTORY [SCALE] | run DIRECTORY TAIL_MS [SCALE [PID…]]");
	return 0;
}
