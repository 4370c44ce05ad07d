// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "policy/check.h"

static const struct mica_command *const verbs[] = {
	&mica_policy_command_check,
	&mica_policy_command_test,
	&mica_policy_command_explain,
	&mica_policy_command_dump,
	NULL,
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

static void print_usage(FILE *out)
{
	(void)fputs("Usage: mica policy VERB ...\n\nSays what policies mean, without a container. Verbs:\n", out);
	for (size_t i = 0; verbs[i]; i++)
		(void)fprintf(out, "  %-9s %s\n", verbs[i]->name, verbs[i]->summary);
	(void)fputs("\n`mica policy VERB --help` and mica-policy(8) tell more; mica-policy(5) is the language.\n", out);
}

static int run(int argc, char **argv)
{
	_cleanup_free_ char *title = NULL;
	const struct mica_command *verb;

	if (argc < 2) {
		print_usage(stderr);
		return MICA_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "-?") == 0) {
		print_usage(stdout);
		return MICA_EXIT_OK;
	}
	verb = mica_cmd_find(verbs, argv[1]);
	if (!verb) {
		const char *near = mica_cmd_suggest(verbs, argv[1]);
		mica_log_error("there is no 'mica policy %s'%s%s%s", argv[1], near ? "; did you mean '" : "",
			       near ? near : "", near ? "'?" : "");
		return MICA_EXIT_USAGE;
	}
	if (asprintf(&title, "mica policy %s", verb->name) < 0) {
		title = NULL;
		mica_log_error("out of memory");
		return MICA_EXIT_FAILURE;
	}
	argv[1] = title;
	return verb->run(argc - 1, argv + 1);
}

const struct mica_command mica_command_policy = {
	.name = "policy",
	.summary = "check, ask and explain policies",
	.run = run,
};
