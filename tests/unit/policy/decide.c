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

static struct mica_policy_answer ask_set(struct mica_policy *of, size_t count,
					 const struct mica_policy_question *question)
{
	struct mica_policy_set set = { .policies = of, .count = count };
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	struct mica_policy_refusal refusal;
	struct mica_policy_answer answer;

	cr_assert_eq(mica_policy_compile(&set, &compiled, &refusal), 0);
	cr_assert_eq(mica_policy_decide(&compiled, question, &answer), 0);
	return answer;
}

static struct mica_policy_answer ask(const struct mica_policy_question *question)
{
	return ask_set(policies, 2, question);
}

static struct mica_policy_answer ask_one(struct mica_policy *policy, const struct mica_policy_question *question)
{
	return ask_set(policy, 1, question);
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

Test(policy_decide, a_glob_of_any_name_is_about_those_without_one)
{
	struct mica_policy_rule layers = { .name = "layers",
					   .operations = MICA_OPERATIONS_MODIFY,
					   .object = MICA_POLICY_LAYER,
					   .object_name = GLOB("**"),
					   .verdict = MICA_VERDICT_DENY,
					   .error = EPERM,
					   .path = GLOB("/**") };
	struct mica_policy policy = {
		.name = "layers", .subjects = { everyone, 1 }, .rules = &layers, .rule_count = 1
	};
	struct mica_policy_question question = { .operation = MICA_OPERATION_DELETE,
						 .object = MICA_POLICY_LAYER,
						 .path = "/x" };

	cr_assert_eq(ask_one(&policy, &question).error, EPERM);
	question.object_name = "sha256:ab";
	cr_assert_eq(ask_one(&policy, &question).error, EPERM);
}

Test(policy_decide, a_slash_at_the_end_is_not_of_the_path)
{
	static struct mica_policy_mount mount[] = { { .verdict = MICA_VERDICT_DENY, .at = GLOB("/a") } };
	struct mica_policy policy = { .name = "mounts",
				      .subjects = { everyone, 1 },
				      .mounts = { .place = { 1, 1 }, .items = mount, .count = 1 } };
	struct mica_policy_question question = { .operation = MICA_OPERATION_PIVOT_ROOT, .path = "/a/" };

	cr_assert_eq(ask_one(&policy, &question).verdict, MICA_VERDICT_DENY);
	question.path = "/a/b/";
	cr_assert_eq(ask_one(&policy, &question).verdict, MICA_VERDICT_ALLOW);
}

/** mica-policy(5): the longest literal prefix, then ro. That one of them is a name and no pattern does not count. */
Test(policy_decide, of_volumes_with_the_same_prefix_read_only_decides)
{
	static struct mica_policy_volume volumes[] = { { .volume = GLOB("db") },
						       { .volume = GLOB("db*"), .read_only = true } };
	struct mica_policy policy = {
		.name = "volumes", .subjects = { everyone, 1 }, .volumes = volumes, .volume_count = 2
	};
	struct mica_policy_question question = {
		.operation = MICA_OPERATION_WRITE, .object = MICA_POLICY_VOLUME, .object_name = "db", .path = "/x"
	};

	cr_assert_eq(ask_one(&policy, &question).error, EROFS);
}
