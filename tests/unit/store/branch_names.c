// SPDX-License-Identifier: BSD-2-Clause
#include "store/branch_names.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/mica-branch-names.XXXXXX";

static void begin(void)
{
	cr_assert_not_null(mkdtemp(root));
	cr_assert_eq(chdir(root), 0);
	cr_assert_eq(mkdir("ro", 0755), 0);
	cr_assert_eq(mkdir("rw", 0755), 0);
}

static void end(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	(void)!system(command);
}

static void file(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0644);

	cr_assert_geq(fd, 0);
	(void)close(fd);
}

static void check(const char *wanted, size_t count)
{
	_cleanup_buffer_ struct mica_buffer names = {};
	size_t got = 99;

	cr_assert_eq(mica_branch_names_compare("ro", "rw", &names, &got), 0);
	cr_assert_eq(got, count);
	cr_assert_str_eq(mica_buffer_string(&names), wanted);
}

Test(branch_names, compare, .init = begin, .fini = end)
{
	check("", 0);
	file("ro/a");
	file("rw/b");
	(void)mkdir("ro/d", 0755);
	(void)mkdir("rw/d", 0755);
	(void)mkdir("ro/d/e", 0755);
	(void)mkdir("rw/d/e", 0755);
	check("", 0);
	file("ro/d/e/x");
	file("rw/d/e/x");
	check("/d/e/x", 1);
	/* A directory here and a file there; a link is not followed. */
	(void)unlink("ro/d/e/x");
	(void)mkdir("ro/b", 0755);
	check("/b", 1);
	(void)rmdir("ro/b");
	(void)symlink("d", "ro/s");
	(void)mkdir("rw/s", 0755);
	check("/s", 1);
	(void)unlink("ro/s");
	file("ro/two\nlines");
	file("rw/two\nlines");
	check("/two\\nlines", 1);
}

Test(branch_names, many, .init = begin, .fini = end)
{
	_cleanup_buffer_ struct mica_buffer names = {};
	size_t count = 0;

	for (int i = 0; i < 25; i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "ro/%d", i);
		file(path);
		(void)snprintf(path, sizeof(path), "rw/%d", i);
		file(path);
	}
	cr_assert_eq(mica_branch_names_compare("ro", "rw", &names, &count), 0);
	cr_assert_eq(count, 25);
	count = 0;
	for (const char *at = mica_buffer_string(&names); *at; at++)
		count += *at == ',';
	cr_assert_eq(count, MICA_BRANCH_NAMES_SHOWN - 1);
}

Test(branch_names, missing, .init = begin, .fini = end)
{
	_cleanup_buffer_ struct mica_buffer names = {};
	size_t count = 7;

	cr_assert_eq(mica_branch_names_compare("ro", "nothing", &names, &count), -ENOENT);
	cr_assert_eq(count, 7);
}
