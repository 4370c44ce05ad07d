/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/branches.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/** "+/a -/b": + is writable. */
static void assert_parsed(const char *text, const char *expected)
{
	_cleanup_branches_ struct mica_branches branches = {};
	char got[200] = "";

	cr_assert_eq(mica_branches_parse(&branches, text), 0, "%s", text);
	for (size_t i = 0; i < branches.count; i++) {
		size_t used = strlen(got);

		(void)snprintf(got + used, sizeof(got) - used, "%s%c%s", i ? " " : "",
			       branches.items[i].writable ? '+' : '-', branches.items[i].path);
	}
	cr_assert_str_eq(got, expected);
}

Test(branches, modes)
{
	assert_parsed("/a=ro:/b=rw", "-/a +/b");
	assert_parsed("/a:/b:/c", "+/a -/b -/c");
	assert_parsed("/a=x=ro", "-/a=x");
	assert_parsed("/a=rox", "+/a=rox");
}

Test(branches, escapes)
{
	assert_parsed("/a\\:b=rw:/c\\\\", "+/a:b -/c\\");
	assert_parsed("/a\\b", "+/a\\b");
	assert_parsed("/a\\", "+/a\\");
}

Test(branches, refused)
{
	static const char *const texts[] = { "", ":", "/a:", ":/a", "=ro", "/a::/b", "/a:=rw" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		_cleanup_branches_ struct mica_branches branches = {};

		cr_assert_eq(mica_branches_add(&branches, "/kept"), 0);
		cr_assert_eq(mica_branches_parse(&branches, texts[i]), -EINVAL, "%s", texts[i]);
		cr_assert_eq(branches.count, 1);
	}
}
