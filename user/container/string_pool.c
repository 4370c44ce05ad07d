/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/string_pool.h"

#include <stdlib.h>
#include <string.h>

struct pooled {
	/** Another string with the same hash. */
	struct pooled *next;
	char text[];
};

const char *mica_string_pool_add(struct mica_string_pool *pool, const char *string)
{
	struct pooled *first, *added;
	size_t size;
	uint64_t key;

	if (!string)
		return NULL;
	size = strlen(string) + 1;
	key = mica_hash_bytes(string, size);
	first = mica_table_get(&pool->strings, key);
	for (struct pooled *p = first; p; p = p->next)
		if (strcmp(p->text, string) == 0)
			return p->text;

	if (pool->limit && pool->bytes + sizeof(*added) + size > pool->limit) {
		pool->refused++;
		return NULL;
	}
	added = malloc(sizeof(*added) + size);
	if (!added)
		return NULL;
	added->next = first;
	memcpy(added->text, string, size);
	if (mica_table_put(&pool->strings, key, added) < 0) {
		free(added);
		return NULL;
	}
	pool->bytes += sizeof(*added) + size;
	return added->text;
}

static void release_chain(void *value)
{
	struct pooled *next;

	for (struct pooled *p = value; p; p = next) {
		next = p->next;
		free(p);
	}
}

void mica_string_pool_free(struct mica_string_pool *pool)
{
	mica_table_free(&pool->strings, release_chain);
	*pool = (struct mica_string_pool){};
}
