/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/strings.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

Test(strings, they_stay_in_order_and_are_copies)
{
	_cleanup_strings_ struct mica_strings strings = {};
	char text[20];

	for (int i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		cr_assert_eq(mica_strings_add(&strings, text), 0);
	}
	cr_assert_eq(strings.count, 1000);
	cr_expect_str_eq(strings.items[0], "0");
	cr_expect_str_eq(strings.items[999], "999");
}

Test(strings, what_is_given_is_theirs)
{
	_cleanup_strings_ struct mica_strings strings = {};
	char *text = strdup("x");

	cr_assert_eq(mica_strings_give(&strings, text), 0);
	cr_expect_eq(strings.items[0], text);
	cr_expect_eq(mica_strings_give(&strings, NULL), -ENOMEM);
	cr_expect_eq(mica_strings_add(&strings, NULL), -ENOMEM);
	cr_expect_eq(strings.count, 1);
}

Test(strings, freed_they_can_be_filled_again)
{
	struct mica_strings strings = {};

	cr_assert_eq(mica_strings_add(&strings, "a"), 0);
	mica_strings_free(&strings);
	cr_expect_eq(strings.count, 0);
	cr_assert_eq(mica_strings_add(&strings, "b"), 0);
	cr_expect_str_eq(strings.items[0], "b");
	mica_strings_free(&strings);
	mica_strings_free(&strings);
}
