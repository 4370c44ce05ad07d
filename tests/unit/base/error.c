/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>

Test(base_error, names)
{
	cr_assert_str_eq(mica_errno_name(ENOSPC), "ENOSPC");
	cr_assert_str_eq(mica_errno_name(-EROFS), "EROFS");
	cr_assert_null(mica_errno_name(0));
	cr_assert_null(mica_errno_name(512));
	cr_assert_null(mica_errno_name(INT_MIN));
	cr_assert_null(mica_errno_name(INT_MAX));
}
