// SPDX-License-Identifier: BSD-2-Clause
/*
 * The store's C API beside the bare system calls, in turns: `bench-store FOLDER ROUNDS`. FOLDER is an empty directory
 * of the file system to be measured. Prints a JSON object: name to microseconds of each round.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/layer.h"
#include "store/store.h"
#include "store/union_mount.h"

#define LOWERS_MAX 500

static char *lowers[LOWERS_MAX];
static json_t *results;

static double now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void note(const char *name, double begun)
{
	double took = now() - begun;
	json_t *list = json_object_get(results, name);

	if (!list) {
		list = json_array();
		(void)json_object_set_new(results, name, list);
	}
	(void)json_array_append_new(list, json_real(took));
}

static void must(int r, const char *what)
{
	if (r == 0)
		return;
	(void)fprintf(stderr, "bench-store: %s: %s\n", what, strerror(r < 0 ? -r : errno));
	exit(1);
}

static void must_call(int r, const char *what)
{
	must(r < 0 ? -errno : 0, what);
}

/* fsopen to move_mount, as short as it can be. */
static void mount_bare(size_t count, const char *upper, const char *work, const char *target)
{
	int context_fd = fsopen("overlay", FSOPEN_CLOEXEC);
	int mount_fd;

	must_call(context_fd, "fsopen");
	for (size_t i = 0; i < count; i++)
		must_call(fsconfig(context_fd, FSCONFIG_SET_STRING, "lowerdir+", lowers[i], 0), "lowerdir+");
	must_call(fsconfig(context_fd, FSCONFIG_SET_STRING, "upperdir", upper, 0), "upperdir");
	must_call(fsconfig(context_fd, FSCONFIG_SET_STRING, "workdir", work, 0), "workdir");
	must_call(fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "create");
	mount_fd = fsmount(context_fd, FSMOUNT_CLOEXEC, 0);
	must_call(mount_fd, "fsmount");
	must_call(move_mount(mount_fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH), "move_mount");
	(void)close(mount_fd);
	(void)close(context_fd);
}

static void bare_layer(void)
{
	double begun = now();

	must_call(mkdir("raw", 0700), "mkdir");
	must_call(mkdir("raw/diff", 0755), "mkdir");
	must_call(mkdir("raw/work", 0700), "mkdir");
	must_call(mkdir("raw/merged", 0700), "mkdir");
	mount_bare(1, "raw/diff", "raw/work", "raw/merged");
	must_call(umount2("raw/merged", 0), "umount");
	must_call(rmdir("raw/work/work"), "rmdir");
	must_call(rmdir("raw/work"), "rmdir");
	must_call(rmdir("raw/diff"), "rmdir");
	must_call(rmdir("raw/merged"), "rmdir");
	must_call(rmdir("raw"), "rmdir");
	note("layer, bare system calls", begun);
}

static void store_layer(struct mica_store *store, const char *name)
{
	double begun = now();
	char *path = NULL;

	must(mica_layer_create(store, "top", "base"), "create");
	must(mica_layer_get(store, "top", NULL, &path), "get");
	must(mica_layer_put(store, "top"), "put");
	must(mica_layer_remove(store, "top"), "remove");
	note(name, begun);
	free(path);
}

static void unions(size_t count)
{
	char name[60];
	struct mica_union_reason reason;
	double begun;

	(void)snprintf(name, sizeof(name), "union of %zu, bare system calls", count);
	begun = now();
	mount_bare(count, "upper", "work", "merged");
	note(name, begun);
	must_call(umount2("merged", 0), "umount");
	(void)snprintf(name, sizeof(name), "union of %zu, mica", count);
	begun = now();
	must(mica_union_mount(&(struct mica_union_specification){ .lowers = (const char *const *)lowers,
								  .lower_count = count,
								  .upper = "upper",
								  .work = "work" },
			      "merged", &reason),
	     reason.text);
	note(name, begun);
	must_call(umount2("merged", 0), "umount");
}

int main(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *durable = NULL, *relaxed = NULL;
	static const size_t counts[] = { 2, 50, 120, 500 };
	int rounds = argc == 3 ? atoi(argv[2]) : 0;

	if (rounds < 1 || chdir(argv[1]) < 0) {
		(void)fprintf(stderr, "usage: bench-store FOLDER ROUNDS\n");
		return 2;
	}
	results = json_object();
	for (size_t i = 0; i < LOWERS_MAX; i++) {
		must_call(asprintf(&lowers[i], "l%zu", i), "asprintf");
		must_call(mkdir(lowers[i], 0755), "mkdir");
	}
	must_call(mkdir("upper", 0755), "mkdir");
	must_call(mkdir("work", 0700), "mkdir");
	must_call(mkdir("merged", 0700), "mkdir");
	must(mica_store_open("store", &durable), "open");
	must(mica_store_open("store", &relaxed), "open");
	mica_store_relax(relaxed);
	must(mica_layer_create(durable, "base", NULL), "create");
	for (int round = 0; round < rounds; round++) {
		bare_layer();
		store_layer(relaxed, "layer, C API, synchronous=NORMAL");
		store_layer(durable, "layer, C API, on the disk");
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
			unions(counts[i]);
	}
	(void)json_dumpf(results, stdout, JSON_INDENT(1));
	(void)putchar('\n');
	json_decref(results);
	for (size_t i = 0; i < LOWERS_MAX; i++)
		free(lowers[i]);
	return 0;
}
