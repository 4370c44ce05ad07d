/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/decide.h"

#include <criterion/criterion.h>
#include <errno.h>

#define GLOB(string)                                \
	{                                           \
		.text = (string), .place = { 1, 1 } \
	}

static struct mica_policy_subject everyone[] = { { .is_default = true } };
static struct mica_policy_subject web[] = { { .container = GLOB("web-*") } };

static struct mica_policy_rule rules[] = {
	{ .name = "usr", .operations = MICA_OPERATIONS_MODIFY, .verdict = MICA_VERDICT_DENY, .path = GLOB("/usr/**") },
	{ .name = "local",
	  .operations = MICA_OPERATION_BIT(MICA_OPERATION_WRITE),
	  .verdict = MICA_VERDICT_ALLOW,
	  .path = GLOB("/usr/local/**") },
	{ .name = "wal",
	  .operations = MICA_OPERATION_BIT(MICA_OPERATION_DELETE),
	  .object = MICA_POLICY_VOLUME,
	  .object_name = GLOB("db-*"),
	  .verdict = MICA_VERDICT_DENY,
	  .error = EROFS,
	  .path = GLOB("/wal/**") },
};

static struct mica_policy policies[] = {
	{ .name = "all",
	  .subjects = { everyone, 1 },
	  .rules = rules,
	  .rule_count = 3,
	  .isolation = { .unions = true } },
	{ .name = "web", .mode = MICA_POLICY_AUDIT, .subjects = { web, 1 }, .rules = rules, .rule_count = 1 },
};

static struct mica_policy_answer ask(const struct mica_policy_question *question)
{
	struct mica_policy_set set = { .policies = policies, .count = 2 };
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	struct mica_policy_refusal refusal;
	struct mica_policy_answer answer;

	cr_assert_eq(mica_policy_compile(&set, &compiled, &refusal), 0);
	cr_assert_eq(mica_policy_decide(&compiled, question, &answer), 0);
	return answer;
}

Test(policy_decide, the_longest_literal_prefix_wins)
{
	struct mica_policy_question question = { .who.container = "x",
						 .operation = MICA_OPERATION_WRITE,
						 .path = "/usr/local/x" };
	struct mica_policy_answer answer = ask(&question);

	cr_assert_eq(answer.verdict, MICA_VERDICT_ALLOW);
	cr_assert_eq(answer.index, (size_t)1);
	question.path = "/usr";
	answer = ask(&question);
	cr_assert_eq(answer.verdict, MICA_VERDICT_DENY);
	cr_assert_eq(answer.error, EACCES);
	question.operation = MICA_OPERATION_COPY_UP;
	cr_assert_eq(ask(&question).error, EROFS);
	question.operation = MICA_OPERATION_READ;
	cr_assert_eq(ask(&question).voice, MICA_POLICY_VOICE_NONE);
}

Test(policy_decide, isolation_is_not_lifted_by_a_rule)
{
	struct mica_policy_question question = {
		.who.container = "x", .operation = MICA_OPERATION_WRITE, .foreign = true, .path = "/usr/local/x"
	};
	struct mica_policy_answer answer = ask(&question);

	cr_assert_eq(answer.verdict, MICA_VERDICT_DENY);
	cr_assert_eq(answer.voice, MICA_POLICY_VOICE_ISOLATION);
}

Test(policy_decide, default_is_for_whom_no_other_policy_chooses_and_audit_denies_nothing)
{
	struct mica_policy_question question = { .who.container = "web-1",
						 .operation = MICA_OPERATION_WRITE,
						 .path = "/usr/bin/x" };
	struct mica_policy_answer answer = ask(&question);

	cr_assert_eq(answer.verdict, MICA_VERDICT_AUDIT);
	cr_assert_eq(answer.error, EACCES);
	cr_assert_str_eq(answer.policy->name, "web");
}

Test(policy_decide, a_volume_is_told_by_its_name)
{
	struct mica_policy_question question = { .operation = MICA_OPERATION_DELETE,
						 .object = MICA_POLICY_VOLUME,
						 .object_name = "db-1",
						 .path = "/wal/0" };

	cr_assert_eq(ask(&question).error, EROFS);
	question.object_name = "logs";
	cr_assert_eq(ask(&question).voice, MICA_POLICY_VOICE_NONE);
	question.object_name = NULL;
	cr_assert_eq(ask(&question).voice, MICA_POLICY_VOICE_NONE);
}
