/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A glob, and a path behind its first NUL: checked, expanded, matched by the plain matcher and by a compiled rule,
 * which say the same.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/decide.h"
#include "policy/glob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Whether a policy of one rule denies the path; -1: the rule is refused by a limit. */
static int is_denied(const char *glob, const char *path)
{
	struct mica_policy_subject subject = { .is_default = true };
	struct mica_policy_rule rule = {
		.name = "r",
		.operations = MICA_OPERATION_BIT(MICA_OPERATION_WRITE),
		.verdict = MICA_VERDICT_DENY,
		.path.text = glob,
	};
	struct mica_policy policy = {
		.name = "p", .file = "f", .subjects = { &subject, 1 }, .rules = &rule, .rule_count = 1
	};
	struct mica_policy_set set = { .policies = &policy, .count = 1, .rule_count = 1 };
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	const struct mica_policy_question question = { .operation = MICA_OPERATION_WRITE, .path = path };
	struct mica_policy_refusal refusal = {};
	struct mica_policy_answer answer;
	int r = mica_policy_compile(&set, &compiled, &refusal);

	if (r == -E2BIG)
		return -1;
	if (r < 0 || mica_policy_decide(&compiled, &question, &answer) < 0)
		abort();
	return answer.verdict == MICA_VERDICT_DENY;
}

static void compare(const char *glob, const char *path)
{
	size_t offset = SIZE_MAX;
	const char *why = NULL;
	bool exact;
	int r = mica_glob_check(glob, MICA_GLOB_PATH, &offset, &why), matches, denied;

	if (r < 0) {
		/* The place is in the glob, or at its end. */
		if (r == -EINVAL && (!why || offset > strlen(glob)))
			abort();
		return;
	}
	if (mica_glob_literal_prefix(glob, &exact) > strlen(glob))
		abort();
	matches = mica_glob_match(glob, path);
	/* As in mica_policy_decide: a path has no '/' at its end, and begins with one. */
	if (path[0] != '/' || (path[1] && path[strlen(path) - 1] == '/'))
		return;
	denied = is_denied(glob, path);
	if (denied >= 0 && matches != denied)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = calloc(1, size + 2);
	size_t glob;

	if (!text || size > 8192)
		return 0;
	memcpy(text, data, size);
	glob = strlen(text);
	/* What is behind the second NUL is not looked at. */
	const char *path = glob < size ? text + glob + 1 : "/";
	if (strlen(path) <= MICA_POLICY_PATH_BYTES)
		compare(text, path);
	return 0;
}
