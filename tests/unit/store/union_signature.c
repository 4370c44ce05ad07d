/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/union_signature.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const lowers[] = { "/a,b", "/c" };

Test(union_signature, names_what_the_union_is_made_of)
{
	char text[MICA_UNION_SIGNATURE_SIZE], other[MICA_UNION_SIGNATURE_SIZE];

	mica_union_signature(lowers, 2, "/upper", "/work", text);
	cr_assert_eq(strlen(text), MICA_UNION_SIGNATURE_SIZE - 1);
	cr_assert_eq(strspn(text + 5, "0123456789abcdef:"), strlen(text + 5));
	mica_union_signature(lowers, 2, "/upper", "/work", other);
	cr_assert_str_eq(text, other);
	mica_union_signature(lowers, 1, "/upper", "/work", other);
	cr_assert_str_neq(text, other);
	mica_union_signature(lowers, 2, "/upper", "/other", other);
	cr_assert_str_neq(text, other);
	/* A lower is not taken for an upper. */
	mica_union_signature((const char *const[]){ "/a,b", "/c", "/upper", "/work" }, 4, NULL, NULL, other);
	cr_assert_str_neq(text, other);
}

Test(union_signature, tells_the_upper)
{
	char text[MICA_UNION_SIGNATURE_SIZE];

	mica_union_signature(lowers, 2, "/upper", "/work", text);
	cr_assert(mica_union_signature_has_upper(text, "/upper"));
	cr_assert_not(mica_union_signature_has_upper(text, "/uppe"));
	mica_union_signature(lowers, 2, NULL, NULL, text);
	cr_assert_not(mica_union_signature_has_upper(text, "/upper"));
	cr_assert_not(mica_union_signature_has_upper("mica", "/upper"));
	cr_assert_not(mica_union_signature_has_upper("", "/upper"));
}
