/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/watch.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];
static struct mica_watch watch;

static void shell(const char *command)
{
	char line[1024];

	(void)snprintf(line, sizeof(line), "set -e; cd %s; %s", root, command);
	cr_assert_eq(system(line), 0);
}

static void setup(void)
{
	(void)snprintf(root, sizeof(root), "/tmp/mica-watch-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	mica_watch_init(&watch);
	if (watch.fd < 0)
		cr_skip_test("no inotify here");
}

static void teardown(void)
{
	mica_watch_free(&watch);
	shell("rm -rf \"$PWD\"");
}

TestSuite(watch, .init = setup, .fini = teardown);

static void assert_taken(const char *expected)
{
	char *name = mica_watch_take(&watch, root);

	if (expected)
		cr_assert_str_eq(name, expected);
	else
		cr_assert_null(name);
	free(name);
}

static bool is_readable(void)
{
	struct pollfd fd = { .fd = watch.fd, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

Test(watch, directories_that_came_and_went)
{
	mica_watch_add(&watch, root, true);
	mica_watch_add(&watch, root, true);
	cr_assert(!mica_watch_read(&watch));
	shell("mkdir a b; rmdir a; touch file; mkdir c; mv c d");
	cr_assert(is_readable());
	cr_assert(mica_watch_read(&watch));
	cr_assert(!is_readable());
	assert_taken("a");
	assert_taken("b");
	assert_taken("c");
	assert_taken("d");
	assert_taken(NULL);
	shell("mkdir e");
	cr_assert(mica_watch_read(&watch));
	assert_taken("e");
	cr_assert_null(mica_watch_take(&watch, "/another"));
}

Test(watch, a_directory_that_is_made_again)
{
	mica_watch_add(&watch, "/tmp/mica-watch-none/absent", true);
	mica_watch_add(&watch, root, true);
	shell("mkdir a; cd ..; rm -r $OLDPWD");
	cr_assert(mica_watch_read(&watch));
	assert_taken(NULL);
	cr_assert_eq(watch.directories.count, 0);
	cr_assert_eq(watch.paths.count, 0);
	cr_assert_eq(mkdir(root, 0700), 0);
	mica_watch_add(&watch, root, true);
	shell("mkdir b");
	cr_assert(mica_watch_read(&watch));
	assert_taken("b");
}

Test(watch, names_that_nobody_takes)
{
	mica_watch_add(&watch, root, true);
	for (int i = 0; i < 3; i++) {
		shell("for i in $(seq 2000); do echo $i; done | xargs mkdir; rmdir *");
		cr_assert(mica_watch_read(&watch));
	}
	assert_taken("1");
	for (int i = 2; i <= 4096; i++)
		free(mica_watch_take(&watch, root));
	assert_taken(NULL);
	shell("mkdir again");
	cr_assert(mica_watch_read(&watch));
	assert_taken("again");
}

Test(watch, without_names)
{
	mica_watch_add(&watch, root, false);
	shell("mkdir a");
	cr_assert(mica_watch_read(&watch));
	assert_taken(NULL);
}
