/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/state_files.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "container/watch.h"
#include "taken.h"

static char root[64];
static struct mica_host host;
static struct mica_state_files files;
static unsigned parsed;

static void shell(const char *command)
{
	char line[1024];

	(void)snprintf(line, sizeof(line), "set -e; cd %s; %s", root, command);
	cr_assert_eq(system(line), 0);
}

/** The content is the name, and "bad" makes no sense. */
static int parse(const char *id, const char *directory, const char *data, size_t size,
		 struct mica_engine_container **ret)
{
	parsed++;
	if (strncmp(data, "bad", 3) == 0)
		return -EBADMSG;
	*ret = calloc(1, sizeof(**ret));
	(*ret)->id = strdup(id);
	(*ret)->name = strndup(data, size);
	(*ret)->bundle_directory = strdup(directory);
	return 0;
}

static void setup(void)
{
	(void)snprintf(root, sizeof(root), "/tmp/mica-state-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	cr_assert_eq(mica_host_init(&host, root), 0);
	files = (struct mica_state_files){ .host = &host, .parse = parse };
}

static void teardown(void)
{
	mica_state_files_free(&files);
	mica_host_free(&host);
	shell("rm -rf \"$PWD\"");
}

TestSuite(state_files, .init = setup, .fini = teardown);

static int follow(void)
{
	mica_state_files_begin(&files);
	cr_assert_eq(mica_state_files_look(&files, "/a", "f"), 0);
	cr_assert_eq(mica_state_files_look(&files, "/b", "f"), 0);
	return mica_state_files_end(&files);
}

Test(state_files, only_what_changed_is_parsed)
{
	struct taken taken = {};

	cr_assert_eq(follow(), 0);
	shell("mkdir -p a/1 a/2 b/1 a/.hidden; printf x >a/1/f; printf y >a/2/f; printf z >b/1/f; printf h "
	      ">a/.hidden/f");
	cr_assert_eq(follow(), 1);
	cr_assert_eq(parsed, 3);
	cr_assert_eq(follow(), 0);
	cr_assert_eq(parsed, 3);
	shell("printf longer >a/2/f");
	cr_assert_eq(follow(), 1);
	cr_assert_eq(parsed, 4);
	cr_assert_eq(mica_state_files_each(&files, taken_take, &taken), 0);
	cr_assert_eq(taken.count, 3);
	cr_assert_str_eq(taken_find(&taken, "2")->name, "longer");
	cr_assert_str_eq(taken_find(&taken, "2")->bundle_directory, "/a/2");
	taken_free(&taken);
}

Test(state_files, gone_and_not_yet_there)
{
	shell("mkdir -p a/1 a/2; printf x >a/1/f");
	cr_assert_eq(follow(), 1);
	cr_assert(mica_state_files_has(&files, "/a", "1"));
	cr_assert_not(mica_state_files_has(&files, "/a", "2"));
	cr_assert_not(mica_state_files_has(&files, "/b", "1"));
	shell(": >a/2/f");
	cr_assert_eq(follow(), 1);
	cr_assert_not(mica_state_files_has(&files, "/a", "2"), "an empty file is one that is being made");
	cr_assert_eq(files.errors, 0);
	shell("printf y >a/2/f; rm a/1/f");
	cr_assert_eq(follow(), 1);
	cr_assert_null(mica_state_files_find(&files, "1"));
	cr_assert_str_eq(mica_state_files_find(&files, "2")->name, "y");
	shell("rm -r a");
	cr_assert_eq(follow(), 1);
	cr_assert_null(mica_state_files_find(&files, "2"));
	cr_assert_eq(files.files.count, 0);
	cr_assert_eq(follow(), 0);
}

Test(state_files, nonsense_is_counted_once)
{
	shell("mkdir -p a/1 a/2; printf bad >a/1/f; printf y >a/2/f");
	cr_assert_eq(follow(), 1);
	cr_assert_eq(follow(), 0);
	cr_assert_eq(files.errors, 1);
	cr_assert_null(mica_state_files_find(&files, "1"));
	shell("printf good >a/1/f");
	cr_assert_eq(follow(), 1);
	cr_assert_str_eq(mica_state_files_find(&files, "1")->name, "good");
}

Test(state_files, named_by_their_directory)
{
	struct taken taken = {};

	files.named_by_directory = true;
	shell("mkdir -p a/made b");
	cr_assert_eq(follow(), 1);
	cr_assert_eq(mica_state_files_each(&files, taken_take, &taken), 0);
	cr_assert_eq(taken.count, 1);
	cr_assert_str_eq(taken.containers[0]->id, "made");
	cr_assert_str_eq(taken.containers[0]->name, "made");
	taken_free(&taken);
	cr_assert_eq(follow(), 0);
	shell("printf told >a/made/f");
	cr_assert_eq(follow(), 1);
	cr_assert_str_eq(mica_state_files_find(&files, "made")->name, "told");
	/* Unmade, file first: what it said stays. */
	shell("rm a/made/f");
	cr_assert_eq(follow(), 1);
	cr_assert_str_eq(mica_state_files_find(&files, "made")->name, "told");
	shell("rmdir a/made");
	cr_assert_eq(follow(), 1);
	cr_assert_null(mica_state_files_find(&files, "made"));
	cr_assert_eq(follow(), 0);
}

Test(state_files, came_and_went_between_two_rounds)
{
	struct mica_watch watch;

	mica_watch_init(&watch);
	if (watch.fd < 0)
		cr_skip_test("no inotify here");
	host.watch = &watch;
	files.named_by_directory = true;
	shell("mkdir a");
	cr_assert_eq(follow(), 0);
	shell("mkdir a/brief a/.hidden; rmdir a/brief a/.hidden");
	cr_assert(mica_watch_read(&watch));
	cr_assert_eq(follow(), 1);
	cr_assert_str_eq(mica_state_files_find(&files, "brief")->name, "brief");
	cr_assert_null(mica_state_files_find(&files, ".hidden"));
	cr_assert_eq(follow(), 1);
	cr_assert_null(mica_state_files_find(&files, "brief"));
	/* That of a container is told when it is written. */
	shell("mkdir a/slow");
	cr_assert_eq(follow(), 1);
	(void)mica_watch_read(&watch);
	shell("printf x >a/slow/f");
	cr_assert(mica_watch_read(&watch));
	mica_watch_free(&watch);
}
