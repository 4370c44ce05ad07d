// SPDX-License-Identifier: BSD-2-Clause
#include "policy/precedence.h"

#include "policy/glob.h"

static uint32_t weight(const struct mica_policy_glob *glob)
{
	bool exact;
	size_t prefix;

	if (!glob->text)
		return 0;
	prefix = mica_glob_literal_prefix(glob->text, &exact);
	return (uint32_t)prefix * 2 + exact;
}

struct mica_policy_precedence mica_policy_precedence_of(const struct mica_policy_rule *rule, size_t index)
{
	return (struct mica_policy_precedence){
		.path = weight(&rule->path),
		.object = weight(&rule->object_name),
		.verdict = rule->verdict,
		.index = (uint32_t)index,
	};
}

/** The greater first. */
static int descending(uint32_t a, uint32_t b)
{
	return a > b ? -1 : a < b;
}

int mica_policy_precedence_compare(const struct mica_policy_precedence *a, const struct mica_policy_precedence *b)
{
	if (a->path != b->path)
		return descending(a->path, b->path);
	if (a->object != b->object)
		return descending(a->object, b->object);
	if (a->verdict != b->verdict)
		return descending(a->verdict, b->verdict);
	return descending(b->index, a->index);
}
