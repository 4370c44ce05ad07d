/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/glob.h"

#include <criterion/criterion.h>
#include <string.h>

#include "reference.h"

struct wrong {
	const char *glob;
	size_t offset;
	const char *why;
};

Test(policy_glob, says_what_is_wrong_and_where)
{
	static const struct wrong wrongs[] = {
		{ "", 0, "an empty glob" },
		{ "a", 0, "a path begins with '/' or '**'" },
		{ "/a[bc", 2, "'[' without ']'" },
		{ "/a[!", 2, "'[' without ']'" },
		{ "/[^a]", 1, "'[^' is not negation: write '[!', or '\\^' for the byte" },
		{ "/[z-a]", 1, "a range of bytes that ends before it begins" },
		{ "/[/]", 1, "a class never matches '/'" },
		{ "/a\\", 2, "'\\' at the end" },
		{ "/a{b", 2, "'{' without '}'" },
		{ "/a}b", 2, "'}' without '{'" },
		{ "/{}", 1, "empty braces" },
		{ "/a***", 2, "more than two stars" },
		{ "{/a,b}", 0, "a path begins with '/' or '**'" },
		{ "/{{{{{{{{{a}}}}}}}}}", 9, "braces nested more than 8 deep" },
		{ "/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", 1, "braces that stand for more than 256 globs" },
	};

	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const char *why = NULL;
		size_t offset = 99;

		cr_assert_eq(mica_glob_check(wrongs[i].glob, MICA_GLOB_PATH, &offset, &why), -EINVAL, "%s",
			     wrongs[i].glob);
		cr_assert_str_eq(why, wrongs[i].why);
		cr_assert_eq(offset, wrongs[i].offset, "%s: %zu", wrongs[i].glob, offset);
	}
}

Test(policy_glob, names_may_begin_with_anything)
{
	const char *why;
	size_t offset;

	cr_assert_eq(mica_glob_check("db-*", MICA_GLOB_NAME, &offset, &why), 0);
	cr_assert_eq(mica_glob_check("{a,}", MICA_GLOB_NAME, &offset, &why), -EINVAL);
	cr_assert_str_eq(why, "an alternative that is empty");
}

Test(policy_glob, is_no_longer_than_a_path)
{
	char glob[MICA_GLOB_MAX_BYTES + 2];
	const char *why;
	size_t offset;

	memset(glob, 'a', sizeof(glob));
	glob[0] = '/';
	glob[MICA_GLOB_MAX_BYTES] = '\0';
	cr_assert_eq(mica_glob_check(glob, MICA_GLOB_PATH, &offset, &why), 0);
	glob[MICA_GLOB_MAX_BYTES] = 'a';
	glob[MICA_GLOB_MAX_BYTES + 1] = '\0';
	cr_assert_eq(mica_glob_check(glob, MICA_GLOB_PATH, &offset, &why), -EINVAL);
	cr_assert_eq(offset, (size_t)MICA_GLOB_MAX_BYTES);
}

struct pair {
	const char *glob;
	const char *text;
	int matches;
};

Test(policy_glob, matches_as_the_manual_page_says)
{
	static const struct pair pairs[] = {
		{ "/a/**", "/a", 1 },     { "/a/**", "/a/b/c", 1 },    { "/a/**", "/ab", 0 },
		{ "/**/x", "/x", 1 },     { "/**/x", "/a/b/x", 1 },    { "/**/x", "/ax", 0 },
		{ "/a/**/b", "/a/b", 1 }, { "/a/**/b", "/a/c/b", 1 },  { "/a/**/b", "/a/cb", 0 },
		{ "/a*", "/a", 1 },       { "/a*", "/a/b", 0 },        { "/a**", "/a/b", 1 },
		{ "/?", "/a", 1 },        { "/a?b", "/a/b", 0 },       { "/[!a]", "/b", 1 },
		{ "/a[!b]c", "/a/c", 0 }, { "/a[+-9]c", "/a/c", 0 },   { "/[]a]", "/]", 1 },
		{ "/[a-]", "/-", 1 },     { "/{a,b{c,d}}", "/bd", 1 }, { "/{a,b{c,d}}", "/b", 0 },
		{ "/\\*", "/*", 1 },      { "/\\*", "/a", 0 },         { "/*", "/.hidden", 1 },
		{ "**", "/a/b", 1 },      { "**/b", "/a/b", 1 },       { "/a{/**,}", "/a/b", 1 },
		{ "/[\\]]", "/]", 1 },    { "/[{]", "/{", 1 },         { "/**", "/", 1 },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		cr_assert_eq(mica_glob_match(pairs[i].glob, pairs[i].text), pairs[i].matches, "%s %s", pairs[i].glob,
			     pairs[i].text);
		cr_assert_eq(reference_glob(pairs[i].glob, pairs[i].text), pairs[i].matches, "reference: %s %s",
			     pairs[i].glob, pairs[i].text);
	}
}

Test(policy_glob, random_ones_match_as_the_reference_says)
{
	struct lottery lottery = { lottery_seed(1) };
	unsigned matched = 0, cases = lottery_cases(1000000);
	const char *why;
	size_t offset;

	for (unsigned i = 0; i < cases; i++) {
		char glob[96], path[64];
		bool expected;

		do
			draw_glob(&lottery, glob, sizeof(glob));
		while (mica_glob_check(glob, MICA_GLOB_PATH, &offset, &why) < 0);
		draw_path(&lottery, path, sizeof(path));
		expected = reference_glob(glob, path);
		cr_assert_eq(mica_glob_match(glob, path), expected, "%s %s: %d", glob, path, expected);
		matched += expected;
	}
	cr_assert_gt(matched, cases / 200, "the cases prove little: %u match", matched);
}

Test(policy_glob, the_literal_prefix_is_counted_without_backslashes)
{
	struct lottery lottery = { lottery_seed(2) };
	bool exact, expected_exact;
	const char *why;
	size_t offset;

	cr_assert_eq(mica_glob_literal_prefix("/a\\*b", &exact), (size_t)4);
	cr_assert(exact);
	cr_assert_eq(mica_glob_literal_prefix("/a/*b", &exact), (size_t)3);
	cr_assert(!exact);
	for (unsigned i = 0; i < 10000; i++) {
		char glob[96];

		draw_glob(&lottery, glob, sizeof(glob));
		if (mica_glob_check(glob, MICA_GLOB_PATH, &offset, &why) < 0)
			continue;
		cr_assert_eq(mica_glob_literal_prefix(glob, &exact), reference_prefix(glob, &expected_exact));
		cr_assert_eq(exact, expected_exact);
	}
}
