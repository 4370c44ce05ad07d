/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/suggest.h"

#include <criterion/criterion.h>

static const char *const verbs[] = { "trace", "doctor", "help", "version", "top", NULL };

Test(base_suggest, finds_the_nearest)
{
	cr_assert_str_eq(mica_suggest("trcae", verbs), "trace");   /* swap */
	cr_assert_str_eq(mica_suggest("trac", verbs), "trace");    /* missing */
	cr_assert_str_eq(mica_suggest("ttrace", verbs), "trace");  /* one more */
	cr_assert_str_eq(mica_suggest("docter", verbs), "doctor"); /* wrong */
	cr_assert_str_eq(mica_suggest("verison", verbs), "version");
	cr_assert_str_eq(mica_suggest("trace", verbs), "trace");
}

Test(base_suggest, is_silent_when_nothing_is_close)
{
	static const char *const none[] = { NULL };
	char longest[200];

	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	cr_assert_null(mica_suggest("policy", verbs));
	cr_assert_null(mica_suggest("", verbs));
	cr_assert_null(mica_suggest("x", verbs));
	cr_assert_null(mica_suggest(longest, verbs));
	cr_assert_null(mica_suggest("trace", none));
}

Test(base_suggest, distance)
{
	cr_assert_eq(mica_suggest_distance("", "", 5), 0u);
	cr_assert_eq(mica_suggest_distance("abc", "", 5), 3u);
	cr_assert_eq(mica_suggest_distance("kitten", "sitting", 5), 3u);
	cr_assert_eq(mica_suggest_distance("ab", "ba", 5), 1u);
	cr_assert_eq(mica_suggest_distance("kitten", "sitting", 2), 3u, "bounded: limit + 1");
	cr_assert_eq(mica_suggest_distance("a", "abcdefgh", 2), 3u);
}
