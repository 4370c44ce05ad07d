/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "container/whiteout.h"
#include "fixture.h"

static char top[64];

static const char *at(const char *path)
{
	static char joined[256];

	(void)snprintf(joined, sizeof(joined), "%s/%s", top, path);
	return joined;
}

static void make_file(const char *path)
{
	int fd = open(at(path), O_CREAT | O_WRONLY, 0600);

	cr_assert_geq(fd, 0);
	close(fd);
}

static void make_directory(const char *path)
{
	cr_assert_eq(mkdir(at(path), 0700), 0);
}

static void make_whiteout(const char *path)
{
	if (mknod(at(path), S_IFCHR | 0600, makedev(0, 0)) < 0)
		cr_skip("no permission to make a whiteout");
}

static void setup(void)
{
	(void)snprintf(top, sizeof(top), "/tmp/mica-whiteout-XXXXXX");
	cr_assert_not_null(mkdtemp(top));
	make_directory("1");
	make_directory("2");
	make_directory("3");
	make_file("2/two");
	make_file("3/two");
	make_file("3/three");
	make_directory("3/d");
	make_file("3/d/file");
	cr_assert_eq(symlink("/", at("1/link")), 0);
}

static void teardown(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf %s", top);
	cr_assert_eq(system(command), 0);
}

TestSuite(whiteout, .init = setup, .fini = teardown);

static unsigned layer_of(const char *path)
{
	struct mica_branch branches[4] = {};
	struct mica_union u = { .branches = branches, .branch_count = 4 };
	char names[4][16] = { "", "/1", "/2", "/3" };
	struct mica_host host;
	unsigned layer;

	for (int i = 1; i < 4; i++) {
		branches[i].path = names[i];
		branches[i].directory = names[i];
	}
	cr_assert_eq(mica_host_init(&host, top), 0);
	layer = mica_whiteout_layer(&host, &u, bytes(path));
	mica_host_free(&host);
	return layer;
}

Test(whiteout, topmost_layer_that_has_it)
{
	cr_assert_eq(layer_of("/two"), 2);
	cr_assert_eq(layer_of("/three"), 3);
	cr_assert_eq(layer_of("/d/file"), 3);
	cr_assert_eq(layer_of("/link"), 1);
	cr_assert_eq(layer_of("/none"), 0);
	cr_assert_eq(layer_of("/d/none/none"), 0);
	cr_assert_eq(layer_of("/"), 0);
	cr_assert_eq(layer_of(""), 0);
	cr_assert_eq(layer_of("/d/../two"), 0);
}

Test(whiteout, no_way_through_links_and_files)
{
	make_directory("3/link");
	make_file("3/link/x");
	make_file("1/d");
	cr_assert_eq(layer_of("/link/x"), 0);
	cr_assert_eq(layer_of("/link/etc"), 0);
	cr_assert_eq(layer_of("/d/file"), 0);
}

Test(whiteout, hidden_already)
{
	make_whiteout("2/three");
	cr_assert_eq(layer_of("/three"), 0);
	make_whiteout("2/d");
	cr_assert_eq(layer_of("/d/file"), 0);
}

Test(whiteout, opaque_directory)
{
	make_directory("2/d");
	make_directory("2/d/sub");
	make_directory("3/d/sub");
	make_file("3/d/sub/x");
	cr_assert_eq(layer_of("/d/sub/x"), 3);
	if (setxattr(at("2/d"), "trusted.overlay.opaque", "y", 1, 0) < 0)
		cr_skip("no permission for trusted attributes");
	cr_assert_eq(layer_of("/d/file"), 0);
	cr_assert_eq(layer_of("/d/sub/x"), 0);
	cr_assert_eq(layer_of("/two"), 2);
}
