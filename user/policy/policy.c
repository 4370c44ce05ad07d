// SPDX-License-Identifier: BSD-2-Clause
#include "policy/policy.h"

#include <string.h>

/* Strings are many, short and freed together: they lie behind each other in blocks. */
#define BLOCK_BYTES 65536

struct mica_policy_block {
	struct mica_policy_block *next;
	size_t used;
	size_t size;
	char data[];
};

const char *mica_policy_set_string(struct mica_policy_set *set, const char *text, size_t size)
{
	struct mica_policy_block *block = set->blocks;

	if (!block || block->size - block->used < size + 1) {
		size_t block_size = size + 1 > BLOCK_BYTES ? size + 1 : BLOCK_BYTES;
		block = malloc(sizeof(*block) + block_size);
		if (!block)
			return NULL;
		*block = (struct mica_policy_block){ .next = set->blocks, .size = block_size };
		set->blocks = block;
	}
	char *copy = block->data + block->used;
	memcpy(copy, text, size);
	copy[size] = '\0';
	block->used += size + 1;
	return copy;
}

void mica_policy_set_free(struct mica_policy_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct mica_policy *policy = &set->policies[i];
		free(policy->subjects.items);
		free(policy->rules);
		free(policy->mounts.items);
		for (size_t j = 0; j < policy->volume_count; j++)
			free(policy->volumes[j].who.items);
		free(policy->volumes);
	}
	free(set->policies);
	while (set->blocks) {
		struct mica_policy_block *next = set->blocks->next;
		free(set->blocks);
		set->blocks = next;
	}
	*set = (struct mica_policy_set){};
}

const char *mica_policy_object_name(enum mica_policy_object object)
{
	static const char *const names[_MICA_POLICY_OBJECT_MAX] = {
		[MICA_POLICY_UNION] = "union",
		[MICA_POLICY_VOLUME] = "volume",
		[MICA_POLICY_LAYER] = "layer",
	};
	return names[object];
}
