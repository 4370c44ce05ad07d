// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/policy.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "policy/check.h"

static const struct mica_command *const verbs[] = {
	&mica_policy_command_check,   &mica_policy_command_test,
	&mica_policy_command_explain, &mica_policy_command_dump,
	&mica_policy_command_load,    &mica_policy_command_unload,
	&mica_policy_command_show,    NULL,
};

int mica_policy_open(const char *const *files, size_t count, struct mica_policy_set *ret)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	int r = mica_policy_load(files, count, ret, &messages);

	if (r == 0)
		return MICA_EXIT_OK;
	const char *text = mica_policy_messages_text(&messages);
	if (r == -ENOMEM || !text) {
		mica_log_error("out of memory");
		return MICA_EXIT_FAILURE;
	}
	(void)fputs(text, stderr);
	return MICA_EXIT_USAGE;
}

int mica_policy_open_compiled(const struct mica_policy_set *set, struct mica_policy_compiled *ret)
{
	struct mica_policy_refusal refusal = {};
	int r = mica_policy_compile(set, ret, &refusal);

	if (r == 0)
		return MICA_EXIT_OK;
	if (r == -E2BIG) {
		mica_log_error("%s: policy '%s' is too large: more than %llu %s (see LIMITS in mica-policy(5))",
			       refusal.policy->file, refusal.policy->name, (unsigned long long)refusal.limit.most,
			       refusal.limit.what);
		return MICA_EXIT_USAGE;
	}
	mica_log_error_errno(r, "cannot compile the policies");
	return MICA_EXIT_FAILURE;
}

static int run(int argc, char **argv)
{
	static const struct mica_command_group group = {
		.name = "mica policy",
		.summary = "Says what policies mean, and puts them in force.",
		.more = "`mica policy VERB --help` and mica-policy(8) tell more; mica-policy(5) is the language.",
		.verbs = verbs,
	};

	return mica_cmd_run_group(&group, argc, argv);
}

const struct mica_command mica_command_policy = {
	.name = "policy",
	.summary = "check, ask, explain, load and show policies",
	.run = run,
};
