/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>

#include "container/container.h"

Test(object, names)
{
	cr_assert_null(mica_object_kind_name(MICA_OBJECT_NONE));
	cr_assert_str_eq(mica_object_kind_name(MICA_OBJECT_LAYER), "layer");
	cr_assert_str_eq(mica_object_kind_name(MICA_OBJECT_UPPER), "upper");
	cr_assert_str_eq(mica_object_kind_name(MICA_OBJECT_VOLUME), "volume");
	cr_assert_str_eq(mica_object_kind_name(MICA_OBJECT_TMPFS), "tmpfs");
	cr_assert_str_eq(mica_object_kind_name(MICA_OBJECT_HOST), "host");
}
