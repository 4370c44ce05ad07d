/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/archive_path.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static void assert_clean(const char *path, const char *expected)
{
	_cleanup_buffer_ struct mica_buffer clean = {};

	cr_assert_eq(mica_archive_path_clean(path, &clean), 0, "%s", path);
	cr_assert_str_eq(clean.data, expected);
}

Test(archive_path, clean)
{
	assert_clean("a", "a");
	assert_clean("a/b/c", "a/b/c");
	assert_clean("./a//b/./c/", "a/b/c");
	assert_clean("", "");
	assert_clean(".", "");
	assert_clean("./", "");
	assert_clean("...", "...");
	assert_clean("..a/b..", "..a/b..");
	assert_clean("a\\..\\b", "a\\..\\b");
	assert_clean("\xff\n", "\xff\n");
}

Test(archive_path, leads_out)
{
	static const char *const paths[] = { "/", "/a", "//a", "..", "../a", "a/..", "a/../b", "./..", "a//..//b" };
	_cleanup_buffer_ struct mica_buffer clean = {};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		cr_assert_eq(mica_archive_path_clean(paths[i], &clean), -EINVAL, "%s", paths[i]);
}

Test(archive_path, too_long)
{
	_cleanup_buffer_ struct mica_buffer clean = {};
	char component[258], path[5000];

	(void)memset(component, 'a', sizeof(component));
	component[256] = '\0';
	cr_assert_eq(mica_archive_path_clean(component, &clean), -ENAMETOOLONG);
	component[255] = '\0';
	cr_assert_eq(mica_archive_path_clean(component, &clean), 0);
	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = i % 2 ? '/' : 'a';
	path[sizeof(path) - 1] = '\0';
	cr_assert_eq(mica_archive_path_clean(path, &clean), -ENAMETOOLONG);
}
