/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random policies and globs against the plain evaluator and matcher. A million cases each in build/cases, fewer with
 * the sanitizers. MICA_SEED=N draws others, MICA_CASES=N more.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "mica/policy_match.h"
#include "policy/automaton.h"
#include "reference.h"

#define OPERATIONS 3
/** Paths asked of a set of globs, questions of a set of policies. */
#define PATHS 200
#define QUESTIONS 100

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

Test(policy_random, globs_decide_as_the_reference_says)
{
	struct lottery lottery = { lottery_seed(3) };
	unsigned cases = lottery_cases(1000000), decided = 0;

	for (unsigned i = 0; i < cases; i += PATHS) {
		_cleanup_tables_ struct mica_tables tables = {};
		struct mica_automaton_rule rules[24];
		struct mica_automaton_limit limit;
		size_t count = 1 + draw(&lottery, 24);
		char globs[24][96], path[64];
		uint32_t root;

		draw_rules(&lottery, rules, globs, count, OPERATIONS);
		cr_assert_eq(mica_automaton_build(&tables, rules, count, &root, &limit), 0);
		cr_assert_eq(mica_tables_check(&tables, root), 0);
		for (unsigned j = 0; j < PATHS; j++) {
			uint32_t operation = 1U << draw(&lottery, OPERATIONS), expected, got;

			draw_path(&lottery, path, sizeof(path));
			expected = reference_rule(rules, count, path, operation);
			got = ask(&tables, root, path, operation);
			cr_assert_eq(MICA_POLICY_OUTCOME_RULE(got), expected, "%s: %u, not %u (%s); case %u", path,
				     MICA_POLICY_OUTCOME_RULE(got), expected, expected ? globs[expected - 1] : "", i);
			if (expected)
				cr_assert_eq(MICA_POLICY_OUTCOME_VERDICT(got), rules[expected - 1].verdict);
			decided += expected != 0;
		}
	}
	cr_assert_gt(decided, cases / 10, "the cases prove little: %u decided", decided);
}

static void expect_equal(const struct mica_policy_answer *got, const struct mica_policy_answer *expected,
			 const struct mica_policy_question *question, unsigned number)
{
	bool equal = got->verdict == expected->verdict && got->error == expected->error &&
		     got->voice == expected->voice && got->policy == expected->policy &&
		     got->index == expected->index && got->place.line == expected->place.line;

	cr_assert(equal, "case %u: %s of %s %s by %s: %s, verdict %d, errno %d, line %u; not %s, %d, %d, %u", number,
		  mica_operation_describe(question->operation)->name, mica_policy_object_name(question->object),
		  question->path ? question->path : "(none)", question->who.container ? question->who.container : "?",
		  mica_policy_voice_name(got->voice), got->verdict, got->error, got->place.line,
		  mica_policy_voice_name(expected->voice), expected->verdict, expected->error, expected->place.line);
}

Test(policy_random, policies_decide_as_the_reference_says)
{
	struct lottery lottery = { lottery_seed(5) };
	unsigned cases = lottery_cases(1000000), voices[_MICA_POLICY_VOICE_MAX] = {};
	static struct drawn_set drawn;

	for (unsigned i = 0; i < cases; i += QUESTIONS) {
		_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
		struct mica_policy_refusal refusal;

		draw_set(&lottery, &drawn);
		cr_assert_eq(mica_policy_compile(&drawn.set, &compiled, &refusal), 0);
		for (unsigned j = 0; j < QUESTIONS; j++) {
			struct mica_policy_question question;
			struct mica_policy_answer expected, got;
			char path[64];

			draw_question(&lottery, path, sizeof(path), &question);
			reference_decide(&drawn.set, &question, &expected);
			cr_assert_eq(mica_policy_decide(&compiled, &question, &got), 0);
			expect_equal(&got, &expected, &question, i + j);
			voices[expected.voice]++;
		}
	}
	for (unsigned voice = 0; voice < _MICA_POLICY_VOICE_MAX; voice++)
		cr_assert_gt(voices[voice], cases / 100, "the cases prove little: '%s' decided %u",
			     mica_policy_voice_name(voice), voices[voice]);
}
