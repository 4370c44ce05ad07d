/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buffer.h"

#include <criterion/criterion.h>
#include <stdint.h>

Test(base_buffer, appends_and_grows)
{
	_cleanup_buffer_ struct mica_buffer buffer = {};

	for (int i = 0; i < 1000; i++)
		cr_assert_eq(mica_buffer_append(&buffer, "0123456789", 10), 0);
	cr_assert_eq(buffer.size, 10000u);
	cr_assert_arr_eq(buffer.data + 9990, "0123456789", 10);
}

Test(base_buffer, appends_formatted_text)
{
	_cleanup_buffer_ struct mica_buffer buffer = {};

	cr_assert_eq(mica_buffer_appendf(&buffer, "%d-%s", 42, "x"), 0);
	cr_assert_eq(mica_buffer_append_byte(&buffer, '!'), 0);
	cr_assert_str_eq(mica_buffer_string(&buffer), "42-x!");
	cr_assert_eq(buffer.size, 5u);
}

Test(base_buffer, empty_is_an_empty_string)
{
	_cleanup_buffer_ struct mica_buffer buffer = {};

	cr_assert_eq(mica_buffer_append(&buffer, NULL, 0), 0);
	cr_assert_str_eq(mica_buffer_string(&buffer), "");
}

Test(base_buffer, failure_is_sticky_until_reset)
{
	_cleanup_buffer_ struct mica_buffer buffer = {};

	cr_assert_eq(mica_buffer_append(&buffer, "a", 1), 0);
	cr_assert_eq(mica_buffer_reserve(&buffer, SIZE_MAX), -ENOMEM);
	cr_assert_eq(mica_buffer_append(&buffer, "b", 1), -ENOMEM);
	cr_assert_eq(mica_buffer_appendf(&buffer, "c"), -ENOMEM);
	cr_assert_null(mica_buffer_string(&buffer));
	mica_buffer_reset(&buffer);
	cr_assert_eq(mica_buffer_append(&buffer, "d", 1), 0);
	cr_assert_str_eq(mica_buffer_string(&buffer), "d");
}
