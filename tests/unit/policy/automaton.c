/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/automaton.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "mica/policy_match.h"
#include "policy/glob.h"
#include "reference.h"

#define OPERATIONS 3

static struct mica_policy_match match;

static uint32_t ask(const struct mica_tables *tables, uint32_t root, const char *path, uint32_t operations)
{
	match.chunks = tables->chunks;
	match.chunk_count = tables->chunk_count;
	match.path_bytes = strlen(path);
	match.operations = operations;
	memcpy(match.path, path, match.path_bytes);
	return mica_policy_match(&match, root);
}

/** The first rule that matches; 0: none. */
static uint32_t reference_rule(const struct mica_automaton_rule *rules, size_t count, const char *path,
			       uint32_t operations)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].operations & operations && reference_glob(rules[i].path, path))
			return rules[i].number;
	return 0;
}

/** Rules from a format with numbers. */
static struct mica_automaton_rule *many(const char *const formats[], size_t format_count, size_t count)
{
	struct mica_automaton_rule *rules = calloc(count, sizeof(*rules));
	char *glob = NULL;

	cr_assert_not_null(rules);
	for (size_t i = 0; i < count; i++) {
		cr_assert_geq(asprintf(&glob, formats[i % format_count], i / 1000, i), 0);
		rules[i] = (struct mica_automaton_rule){
			.path = glob, .number = i + 1, .operations = 1, .verdict = MICA_VERDICT_DENY
		};
	}
	return rules;
}

static void free_many(struct mica_automaton_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)rules[i].path);
	free(rules);
}

Test(policy_automaton, a_hundred_thousand_literals)
{
	static const char *const formats[] = { "/usr/share/directory-%zu/file-%zu.so" };
	_cleanup_tables_ struct mica_tables tables = {};
	struct mica_automaton_rule *rules = many(formats, 1, 100000);
	struct mica_automaton_limit limit;
	uint32_t root;

	cr_assert_eq(mica_automaton_build(&tables, rules, 100000, &root, &limit), 0);
	for (unsigned i = 0; i < 100000; i += 7)
		cr_assert_eq(MICA_POLICY_OUTCOME_RULE(ask(&tables, root, rules[i].path, 1)), i + 1);
	cr_assert_eq(ask(&tables, root, "/usr/share/directory-3/file-3.so", 1), 0U);
	cr_assert_eq(ask(&tables, root, "/usr/share/directory-0/file-3.so/x", 1), 0U);
	cr_assert_eq(ask(&tables, root, "/usr/share/directory-0/file-3.s", 1), 0U);
	free_many(rules, 100000);
}

/** Builds, or is refused with a limit; never anything else. When it builds, some paths are asked. */
static int thousand(const char *const formats[], size_t format_count, const char *const paths[])
{
	_cleanup_tables_ struct mica_tables tables = {};
	struct mica_automaton_rule *rules = many(formats, format_count, 1000);
	struct mica_automaton_limit limit = {};
	uint32_t root;
	int r = mica_automaton_build(&tables, rules, 1000, &root, &limit);

	if (r == -E2BIG) {
		cr_assert_not_null(limit.what);
		cr_assert_gt(limit.most, 0U);
	} else {
		cr_assert_eq(r, 0);
		for (; *paths; paths++)
			cr_assert_eq(MICA_POLICY_OUTCOME_RULE(ask(&tables, root, *paths, 1)),
				     reference_rule(rules, 1000, *paths, 1), "%s", *paths);
	}
	free_many(rules, 1000);
	return r;
}

static const char *const asked[] = { "/a",
				     "/srv/data-0/x/y/file-17",
				     "/srv/data-0/file-17",
				     "/x/y/name-0-555/z",
				     "/srv/data-0/a/b/part-0/c/d/leaf-900.log",
				     "/srv/name-0-5/q",
				     NULL };

Test(policy_automaton, a_thousand_with_two_stars)
{
	static const char *const suffixes[] = { "/**/data-%zu-name-%zu.log" };
	static const char *const directories[] = { "/srv/data-%zu/**/file-%zu" };

	cr_assert_eq(thousand(suffixes, 1, asked), 0);
	cr_assert_eq(thousand(directories, 1, asked), 0);
}

Test(policy_automaton, what_would_explode_is_refused_with_the_limit)
{
	static const char *const within[] = { "/srv/data-%zu/**/file-%zu", "/**/name-%zu-%zu/**" };

	/* States remember the best of the 500 names that came by: too many of them. */
	cr_assert_eq(thousand(within, 2, asked), -E2BIG);
}

Test(policy_automaton, tables_that_are_damaged_are_never_read_outside)
{
	struct lottery lottery = { lottery_seed(4) };
	unsigned cases = lottery_cases(20000);
	struct mica_automaton_rule rules[24];
	struct mica_automaton_limit limit;
	_cleanup_tables_ struct mica_tables tables = {};
	char globs[24][96], path[64];
	uint32_t root;

	draw_rules(&lottery, rules, globs, 24, OPERATIONS);
	cr_assert_eq(mica_automaton_build(&tables, rules, 24, &root, &limit), 0);
	for (unsigned i = 0; i < cases; i++) {
		__u64 *word = mica_tables_word(&tables, draw(&lottery, tables.used)), kept = *word;

		*word ^= 1ULL << draw(&lottery, 64);
		draw_path(&lottery, path, sizeof(path));
		(void)ask(&tables, draw(&lottery, 4) ? root : draw(&lottery, UINT32_MAX), path, 1);
		*word = kept;
	}
}
