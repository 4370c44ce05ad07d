// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enforce/links.h"

static char base[] = "/tmp/mica-unit-links-XXXXXX";

static void setup(void)
{
	cr_assert(mkdtemp(base));
	cr_assert_eq(chdir(base), 0);
	cr_assert_eq(mkdir("tree", 0755) | mkdir("tree/below", 0755) | mkdir("elsewhere", 0755), 0);
}

static void teardown(void)
{
	char command[100];

	(void)snprintf(command, sizeof(command), "rm -rf %s", base);
	cr_expect_eq(system(command), 0);
}

TestSuite(enforce_links, .init = setup, .fini = teardown);

static void make(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0);
	(void)close(fd);
}

static ino_t inode_of(const char *path)
{
	struct stat status;

	cr_assert_eq(lstat(path, &status), 0);
	return status.st_ino;
}

struct seen {
	ino_t inodes[4];
	size_t count;
};

static int note(int fd, void *userdata)
{
	struct seen *seen = userdata;
	struct stat status;

	cr_assert_eq(fstat(fd, &status), 0);
	cr_assert_lt(seen->count, 4);
	seen->inodes[seen->count++] = status.st_ino;
	return 0;
}

Test(enforce_links, names_elsewhere)
{
	struct seen seen = {};

	make("tree/alone");
	make("tree/below/out");
	cr_assert_eq(link("tree/below/out", "elsewhere/out"), 0);
	/* All of its names are in the tree. */
	make("tree/twice");
	cr_assert_eq(link("tree/twice", "tree/below/twice"), 0);
	/* Two of three are. */
	make("tree/three");
	cr_assert_eq(link("tree/three", "tree/below/three"), 0);
	cr_assert_eq(link("tree/three", "elsewhere/three"), 0);
	/* A symbolic link's file is another. */
	make("elsewhere/far");
	cr_assert_eq(link("elsewhere/far", "elsewhere/far2"), 0);
	cr_assert_eq(symlink("../elsewhere/far", "tree/symlink"), 0);
	cr_assert_eq(mica_links_each("tree", note, &seen), 0);
	cr_assert_eq(seen.count, 2);
	cr_expect(seen.inodes[0] == inode_of("elsewhere/out") || seen.inodes[1] == inode_of("elsewhere/out"));
	cr_expect(seen.inodes[0] == inode_of("elsewhere/three") || seen.inodes[1] == inode_of("elsewhere/three"));
}

static int refuse(int fd, void *userdata)
{
	(void)fd;
	++*(int *)userdata;
	return -EPERM;
}

Test(enforce_links, failure_of_the_visitor_ends_it)
{
	int calls = 0;

	make("tree/a");
	make("tree/b");
	cr_assert_eq(link("tree/a", "elsewhere/a") | link("tree/b", "elsewhere/b"), 0);
	cr_expect_eq(mica_links_each("tree", refuse, &calls), -EPERM);
	cr_expect_eq(calls, 1);
}

Test(enforce_links, no_tree)
{
	struct seen seen = {};

	cr_expect_eq(mica_links_each("nothing", note, &seen), -ENOENT);
	cr_expect_eq(seen.count, 0);
}
