/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/name.h"

#include <criterion/criterion.h>
#include <string.h>

Test(store_name, valid)
{
	char longest[MICA_NAME_MAX + 2];

	cr_assert(mica_name_valid("ab"));
	cr_assert(mica_name_valid("0-"));
	cr_assert(mica_name_valid("A_b.c-d"));
	(void)memset(longest, 'a', sizeof(longest));
	longest[MICA_NAME_MAX] = '\0';
	cr_assert(mica_name_valid(longest));
}

Test(store_name, refused)
{
	static const char *const names[] = { "",     "a",  ".",    "..",  ".a",   "-rf",      "_a",   "a/b",
					     "../x", "/x", "a\nb", "a b", "a%2e", "\xc3\xa9", "a\xff" };
	char longest[MICA_NAME_MAX + 2];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert_not(mica_name_valid(names[i]), "%s", names[i]);
	(void)memset(longest, 'a', sizeof(longest) - 1);
	longest[MICA_NAME_MAX + 1] = '\0';
	cr_assert_not(mica_name_valid(longest));
}

Test(store_name, random)
{
	char a[33], b[33];

	cr_assert_eq(mica_name_random(a, 16), 0);
	cr_assert_eq(mica_name_random(b, 16), 0);
	cr_assert_eq(strlen(a), 32);
	cr_assert_eq(strspn(a, "0123456789abcdef"), 32);
	cr_assert_str_neq(a, b);
}
