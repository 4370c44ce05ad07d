// SPDX-License-Identifier: BSD-2-Clause
/*
 * The path walk in the kernel, through BPF_PROG_TEST_RUN: the task walks its own working directory.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream/decode.h"
#include "walk.skel.h"

static struct walk_bpf *skeleton;
static struct ring_buffer *ring;
static struct mica_decoder decoder;
static struct mica_event event;
static int events;

static int take(void *context, void *data, size_t size)
{
	(void)context;
	events++;
	return mica_decode(&decoder, data, size, &event);
}

static void set_up(void)
{
	cpu_set_t one;

	/* One CPU, so that its slots are the ones that are looked at; a namespace of its own, to mount in. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	cr_assert_eq(unshare(CLONE_NEWNS), 0, "needs root: %s", strerror(errno));
	cr_assert_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_eq(mount("walk", "/mnt", "tmpfs", 0, NULL), 0);
	cr_assert_eq(chdir("/mnt"), 0);
	skeleton = walk_bpf__open();
	cr_assert_not_null(skeleton);
	bpf_map__set_max_entries(skeleton->maps.events, 1 << 20);
	bpf_map__set_max_entries(skeleton->maps.scratches, libbpf_num_possible_cpus() * 8);
	cr_assert_eq(walk_bpf__load(skeleton), 0, "the kernel refuses the program");
	ring = ring_buffer__new(bpf_map__fd(skeleton->maps.events), take, NULL, NULL);
	cr_assert_not_null(ring);
	events = 0;
}

static void tear_down(void)
{
	ring_buffer__free(ring);
	walk_bpf__destroy(skeleton);
}

TestSuite(bpf_walk, .init = set_up, .fini = tear_down);

static int run(struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);

	cr_assert_eq(bpf_prog_test_run_opts(bpf_program__fd(program), &options), 0);
	return options.retval;
}

/** Walks; path and source of the event are the same directory. */
static void walk(struct bpf_program *program)
{
	cr_assert_eq(run(program), 0);
	cr_assert_eq(ring_buffer__consume(ring), 1);
	cr_assert_eq(event.path.size, event.source.size);
	cr_assert_eq(memcmp(event.path.data, event.source.data, event.path.size), 0);
}

static void expect_path(const char *path)
{
	cr_expect_eq(event.path.size, strlen(path), "%.*s", (int)event.path.size, event.path.data);
	cr_expect_eq(memcmp(event.path.data, path, event.path.size), 0);
	cr_expect_eq(event.record.flags & (MICA_RECORD_PATH_TRUNCATED | MICA_RECORD_SOURCE_TRUNCATED), 0);
}

static void enter(const char *name)
{
	cr_assert_eq(mkdir(name, 0755), 0, "mkdir: %s", strerror(errno));
	cr_assert_eq(chdir(name), 0);
}

Test(bpf_walk, the_root_of_a_file_system)
{
	walk(skeleton->progs.walk_file_system);
	expect_path("/");
	walk(skeleton->progs.walk_namespace);
	expect_path("/mnt");
}

Test(bpf_walk, names_with_any_byte)
{
	enter("a\nb\"c\\\t\x1b[31m\xff");
	enter(" ");
	walk(skeleton->progs.walk_file_system);
	expect_path("/a\nb\"c\\\t\x1b[31m\xff/ ");
}

Test(bpf_walk, mounts_upon_mounts)
{
	enter("a");
	cr_assert_eq(mount("upper", ".", "tmpfs", 0, NULL), 0);
	cr_assert_eq(chdir("/mnt/a"), 0);
	cr_assert_eq(mount("upper", ".", "tmpfs", 0, NULL), 0);
	cr_assert_eq(chdir("/mnt/a"), 0);
	enter("b");
	walk(skeleton->progs.walk_namespace);
	expect_path("/mnt/a/b");
	walk(skeleton->progs.walk_file_system);
	expect_path("/b");
}

Test(bpf_walk, three_hundred_deep)
{
	char path[PATH_MAX] = "";

	for (int i = 0; i < 300; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "d%d", i);
		enter(name);
		(void)strcat(strcat(path, "/"), name);
	}
	walk(skeleton->progs.walk_file_system);
	expect_path(path);
}

Test(bpf_walk, the_longest_path_that_fits)
{
	char path[PATH_MAX + 1] = "", name[256] = { [0 ... 254] = 'x' };

	/* 15 * (255 + 1) = 3840 bytes, and 255 + 1 more: 4096 */
	for (int i = 0; i < 16; i++) {
		name[0] = 'a' + i;
		enter(name);
		(void)strcat(strcat(path, "/"), name);
	}
	cr_assert_eq(strlen(path), MICA_PATH_BYTES);
	walk(skeleton->progs.walk_file_system);
	expect_path(path);
}

Test(bpf_walk, a_longer_one_is_cut_at_its_root_and_says_so)
{
	char name[256] = { [0 ... 254] = 'x' }, expected[PATH_MAX + 1] = "";

	for (int i = 0; i < 17; i++) {
		name[0] = 'a' + i;
		enter(name);
		if (i > 0)
			(void)strcat(strcat(expected, i > 1 ? "/" : ""), name);
	}
	walk(skeleton->progs.walk_file_system);
	cr_expect_eq(event.record.flags & MICA_RECORD_PATH_TRUNCATED, MICA_RECORD_PATH_TRUNCATED);
	cr_expect_eq(event.record.flags & MICA_RECORD_SOURCE_TRUNCATED, MICA_RECORD_SOURCE_TRUNCATED);
	cr_expect_eq(event.path.size, strlen(expected));
	cr_expect_eq(memcmp(event.path.data, expected, strlen(expected)), 0);
}

Test(bpf_walk, no_free_slot_is_no_record)
{
	cr_expect_eq(run(skeleton->progs.take_all_slots), 8);
	cr_expect_eq(run(skeleton->progs.walk_file_system), 1);
	cr_expect_eq(ring_buffer__consume(ring), 0);
}
