/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/path_set.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mica/policy.h"
#include "reference.h"

static struct mica_path_set *make(const char *const *globs, size_t count)
{
	struct mica_automaton_limit limit;
	struct mica_path_set *set = NULL;

	cr_assert_eq(mica_path_set_new(globs, count, &set, &limit), 0);
	return set;
}

static bool has(struct mica_path_set *set, const char *path)
{
	return mica_path_set_has(set, path, strlen(path));
}

Test(policy_path_set, a_path_is_in_it_when_any_glob_matches)
{
	static const char *const globs[] = { "/etc/**", "/usr/lib/*.so", "**/core", "/var/{log,spool}/?" };
	static const char *const paths[] = {
		"/",
		"/etc",
		"/etc/passwd",
		"/etc/a/b",
		"/etcetera",
		"/usr/lib/a.so",
		"/usr/lib",
		"/usr/lib/x/a.so",
		"/usr/lib/.so",
		"/core",
		"/home/x/core",
		"/home/core/x",
		"/var/log/a",
		"/var/spool/b",
		"/var/log/ab",
		"/var/tmp/a",
		"/etc/\xff\xfe",
		"/var/log//",
	};
	_cleanup_path_set_ struct mica_path_set *set = make(globs, 4);

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		bool expected = false;

		for (size_t j = 0; j < 4; j++)
			expected |= reference_glob(globs[j], paths[i]);
		cr_expect_eq(has(set, paths[i]), expected, "%s", paths[i]);
	}
}

Test(policy_path_set, a_slash_at_the_end_is_the_same_directory)
{
	static const char *const globs[] = { "/cache", "/" };
	_cleanup_path_set_ struct mica_path_set *set = make(globs, 2);

	cr_expect(has(set, "/cache/"));
	cr_expect(has(set, "/cache"));
	cr_expect(has(set, "/"));
	cr_expect_not(has(set, "/cache/x"));
}

Test(policy_path_set, the_bytes_behind_a_path_do_not_count)
{
	static const char *const globs[] = { "/a/*", "/b" };
	_cleanup_path_set_ struct mica_path_set *set = make(globs, 2);

	cr_expect(has(set, "/a/a-name-that-is-rather-long-for-a-name"));
	cr_expect(mica_path_set_has(set, "/bcd", 2));
	cr_expect_not(mica_path_set_has(set, "/bcd", 3));
}

Test(policy_path_set, nothing_is_in_an_empty_one)
{
	_cleanup_path_set_ struct mica_path_set *set = make(NULL, 0);

	cr_expect_not(has(set, "/"));
	cr_expect_not(has(set, "/etc"));
}

Test(policy_path_set, what_is_too_long_may_be_in_it)
{
	static const char *const globs[] = { "/a" };
	_cleanup_path_set_ struct mica_path_set *set = make(globs, 1);
	char path[MICA_POLICY_PATH_BYTES + 1];

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	cr_expect_not(mica_path_set_has(set, path, sizeof(path) - 1));
	cr_expect(mica_path_set_has(set, path, sizeof(path)));
}

Test(policy_path_set, a_limit_is_named)
{
	/* 256 globs each of 4 kB. */
	enum { GLOBS = MICA_AUTOMATON_MAX_BYTES / (256 * 4000) + 2 };
	static char texts[GLOBS][4096];
	const char *globs[GLOBS];
	struct mica_automaton_limit limit = {};
	struct mica_path_set *set = NULL;

	for (size_t i = 0; i < GLOBS; i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}/%zu/%03990d", i,
			       0);
		globs[i] = texts[i];
	}
	cr_assert_eq(mica_path_set_new(globs, GLOBS, &set, &limit), -E2BIG);
	cr_expect_null(set);
	cr_expect_str_eq(limit.what, "bytes of globs with their braces expanded");
	cr_expect_eq(limit.most, MICA_AUTOMATON_MAX_BYTES);
}
