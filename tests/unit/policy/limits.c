/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The largest policies: compiled, or refused with the limit that was hit. How long it took, and how much memory, is
 * printed with MICA_REPORT=1 (by build/cases, which has no sanitizers).
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "policy/decide.h"

/** What compiled policies may take. */
#define MOST_BYTES (64U << 20)

static struct mica_policy_subject everyone[] = { { .is_default = true } };

/** A policy whose rule n is the format of number n % count, with the numbers n / 1000 and n. */
static void fill(struct mica_policy *policy, const char *const formats[], size_t count, size_t rules)
{
	*policy = (struct mica_policy){ .name = "large", .subjects = { everyone, 1 }, .rule_count = rules };
	policy->rules = calloc(rules, sizeof(*policy->rules));
	cr_assert_not_null(policy->rules);
	for (size_t i = 0; i < rules; i++) {
		char *glob;

		cr_assert_geq(asprintf(&glob, formats[i % count], i / 1000, i), 0);
		policy->rules[i] = (struct mica_policy_rule){ .name = "rule",
							      .operations = MICA_OPERATIONS_MODIFY,
							      .verdict = MICA_VERDICT_DENY,
							      .path = { .text = glob, .place = { i + 1, 1 } } };
	}
}

static void empty(struct mica_policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		free((char *)policy->rules[i].path.text);
	free(policy->rules);
}

static void report(const char *what, int r, const struct mica_policy_refusal *refusal, size_t bytes, double seconds)
{
	struct rusage usage;

	if (!getenv("MICA_REPORT"))
		return;
	(void)getrusage(RUSAGE_SELF, &usage);
	(void)fprintf(stderr, "%-50s %s%s: %.2f s, %zu bytes of tables, %ld KiB of memory at most\n", what,
		      r == 0 ? "compiled" : "refused, ", r == 0 ? "" : refusal->limit.what, seconds, bytes,
		      usage.ru_maxrss);
}

/**
 * Compiles rules of the formats. Whether they were accepted; else they were refused with a limit. `path` is matched by
 * the rule of number `rule`, and by no other before it.
 */
static bool compiles(const char *const formats[], size_t count, size_t rules, const char *path, size_t rule)
{
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	struct mica_policy_refusal refusal = {};
	struct mica_policy policy;
	struct mica_policy_set set = { .policies = &policy, .count = 1, .rule_count = rules };
	struct mica_policy_question question = { .operation = MICA_OPERATION_WRITE, .path = path };
	struct mica_policy_answer answer;
	struct timespec begin, end;
	size_t bytes;
	int r;

	fill(&policy, formats, count, rules);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	r = mica_policy_compile(&set, &compiled, &refusal);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	bytes = (size_t)compiled.tables.chunk_count * sizeof(struct mica_policy_chunk);
	report(formats[0], r, &refusal, bytes,
	       (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	if (r == 0) {
		cr_assert_leq(bytes, MOST_BYTES);
		cr_assert_eq(mica_policy_decide(&compiled, &question, &answer), 0);
		cr_assert_eq(answer.verdict, MICA_VERDICT_DENY);
		cr_assert_eq(answer.index, rule);
		question.path = "/none/of/these";
		cr_assert_eq(mica_policy_decide(&compiled, &question, &answer), 0);
		cr_assert_eq(answer.voice, MICA_POLICY_VOICE_NONE);
	} else {
		cr_assert_eq(r, -E2BIG);
		cr_assert_eq(refusal.policy, &policy);
		cr_assert_not_null(refusal.limit.what);
		cr_assert_gt(refusal.limit.most, 0U);
	}
	empty(&policy);
	return r == 0;
}

Test(policy_limits, a_hundred_thousand_literals)
{
	static const char *const formats[] = {
		"/usr/lib/x86_64-linux-gnu/package-%zu/plugins/library-of-things-%zu.so.1"
	};

	cr_assert(compiles(formats, 1, 100000,
			   "/usr/lib/x86_64-linux-gnu/package-99/plugins/library-of-things-99999.so.1", 99999));
}

Test(policy_limits, a_thousand_suffixes_at_any_depth)
{
	static const char *const formats[] = { "/**/data-%zu-name-%zu.log" };

	cr_assert(compiles(formats, 1, 1000, "/srv/x/data-0-name-777.log", 777));
}

Test(policy_limits, a_thousand_directories_at_any_depth)
{
	static const char *const formats[] = { "/**/directory-%zu-%zu/**" };

	/* States remember the best of the names that came by. */
	cr_assert_not(compiles(formats, 1, 1000, "/srv/x/directory-0-777/y/z", 777));
}

Test(policy_limits, a_thousand_below_directories_of_their_own)
{
	static const char *const formats[] = { "/srv/data-%zu-%zu/**/*.log" };

	cr_assert(compiles(formats, 1, 1000, "/srv/data-0-777/y/z.log", 777));
}

Test(policy_limits, what_remembers_too_much_is_refused)
{
	static const char *const formats[] = { "/**/a-%zu*b**/part-%zu/**/leaf*" };

	cr_assert_not(compiles(formats, 1, 1000, "/", 0));
}

Test(policy_limits, a_hundred_thousand_patterns)
{
	static const char *const formats[] = { "/srv/data-%zu/**/file-%zu", "/usr/share/directory-%zu/file-%zu.so",
					       "/opt/%zu/%zu/**" };

	cr_assert_not(compiles(formats, 3, 100000, "/opt/0/2/x", 2));
}
