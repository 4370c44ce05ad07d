// SPDX-License-Identifier: BSD-2-Clause
#include "policy/path_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mica/policy_match.h"

/** The one question that there is: any operation of the tables would do. */
#define ASKED MICA_OPERATION_BIT(MICA_OPERATION_READ)

struct mica_path_set {
	struct mica_tables tables;
	uint32_t root;
	struct mica_policy_match match;
};

void mica_path_set_free(struct mica_path_set **set)
{
	if (!*set)
		return;
	mica_tables_free(&(*set)->tables);
	free(*set);
	*set = NULL;
}

int mica_path_set_new(const char *const *globs, size_t count, struct mica_path_set **ret,
		      struct mica_automaton_limit *ret_limit)
{
	_cleanup_free_ struct mica_automaton_rule *rules = calloc(count + 1, sizeof(*rules));
	_cleanup_path_set_ struct mica_path_set *set = calloc(1, sizeof(*set));
	int r;

	if (!rules || !set)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		rules[i] = (struct mica_automaton_rule){
			.path = globs[i], .number = (uint32_t)i + 1, .operations = ASKED, .verdict = MICA_VERDICT_ALLOW
		};
	r = mica_automaton_build(&set->tables, rules, count, &set->root, ret_limit);
	if (r < 0)
		return r;
	set->match.operations = ASKED;
	set->match.chunks = set->tables.chunks;
	set->match.chunk_count = set->tables.chunk_count;
	*ret = TAKE_PTR(set);
	return 0;
}

bool mica_path_set_has(struct mica_path_set *set, const char *path, size_t size)
{
	if (size > MICA_POLICY_PATH_BYTES)
		return true;
	while (size > 1 && path[size - 1] == '/')
		size--;
	memcpy(set->match.path, path, size);
	set->match.path_bytes = (__u32)size;
	return mica_policy_match(&set->match, set->root) != 0;
}
