// SPDX-License-Identifier: BSD-2-Clause
#include "policy/tables.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static int add_chunks(struct mica_tables *tables, uint32_t count)
{
	uint32_t capacity = tables->chunk_capacity ? tables->chunk_capacity : 1;
	struct mica_policy_chunk *chunks;

	if (count > MICA_POLICY_MAX_CHUNKS)
		return -E2BIG;
	/* A quarter more, not twice as much: the limit of memory counts what is not used, too. */
	while (capacity < count)
		capacity += capacity / 4 + 1;
	if (capacity > tables->chunk_capacity) {
		chunks = realloc(tables->chunks, capacity * sizeof(*chunks));
		if (!chunks)
			return -ENOMEM;
		tables->chunks = chunks;
		tables->chunk_capacity = capacity;
	}
	if (count > tables->chunk_count) {
		memset(&tables->chunks[tables->chunk_count], 0, (count - tables->chunk_count) * sizeof(*chunks));
		tables->chunk_count = count;
	}
	return 0;
}

int mica_tables_take(struct mica_tables *tables, uint32_t count, uint32_t align, uint32_t *ret)
{
	uint32_t begin = tables->used, left;
	int r;

	/* The first word is the magic: no reference is 0. */
	if (!begin) {
		r = add_chunks(tables, 1);
		if (r < 0)
			return r;
		tables->chunks[0].words[0] = MICA_POLICY_MAGIC;
		begin = 1;
	}
	begin = (begin + align - 1) & ~(align - 1);
	left = MICA_POLICY_CHUNK_WORDS - begin % MICA_POLICY_CHUNK_WORDS;
	if (count > left && count <= MICA_POLICY_CHUNK_WORDS)
		begin += left;
	if (count > MICA_POLICY_MAX_CHUNKS * MICA_POLICY_CHUNK_WORDS)
		return -E2BIG;
	r = add_chunks(tables, (begin + count + MICA_POLICY_CHUNK_WORDS - 1) / MICA_POLICY_CHUNK_WORDS);
	if (r < 0)
		return r;
	tables->used = begin + count;
	*ret = begin;
	return 0;
}

/** Whether `count` words at a reference lie within, and in one chunk if they fit into one. */
static bool lies_within(const struct mica_tables *tables, uint64_t reference, uint64_t count)
{
	uint64_t words = (uint64_t)tables->chunk_count * MICA_POLICY_CHUNK_WORDS;

	if (!reference || reference + count > words)
		return false;
	return count > MICA_POLICY_CHUNK_WORDS ||
	       reference / MICA_POLICY_CHUNK_WORDS == (reference + count - 1) / MICA_POLICY_CHUNK_WORDS;
}

/** Whether a mask and 1 are a power of two. */
static bool is_mask(uint64_t mask)
{
	return (mask & (mask + 1)) == 0;
}

int mica_tables_check(const struct mica_tables *tables, uint32_t root)
{
	uint64_t head, filter, pilots, classes, whole, lines;

	if (!tables->chunk_count || tables->chunk_count > MICA_POLICY_MAX_CHUNKS ||
	    tables->chunks[0].words[0] != MICA_POLICY_MAGIC || !lies_within(tables, root, MICA_POLICY_ROOT_WORDS))
		return -EBADMSG;
	head = *mica_tables_word(tables, root + MICA_POLICY_ROOT_HEAD);
	filter = *mica_tables_word(tables, root + MICA_POLICY_ROOT_FILTER);
	pilots = *mica_tables_word(tables, root + MICA_POLICY_ROOT_PILOTS);
	lines = *mica_tables_word(tables, root + MICA_POLICY_ROOT_LINES);
	classes = *mica_tables_word(tables, root + MICA_POLICY_ROOT_CLASSES);
	whole = *mica_tables_word(tables, root + MICA_POLICY_ROOT_WHOLE);
	if ((uint32_t)head != MICA_POLICY_ROOT_MARK || head >> 32 > MICA_POLICY_MAX_LANES)
		return -EBADMSG;
	if (!is_mask(filter >> 32) || filter >> 32 >= MICA_POLICY_CHUNK_WORDS ||
	    !lies_within(tables, (uint32_t)filter, (filter >> 32) + 1))
		return -EBADMSG;
	if (!is_mask(pilots >> 32) || !lies_within(tables, (uint32_t)pilots, ((pilots >> 32) + 8) / 8))
		return -EBADMSG;
	if (!is_mask(whole >> 32) || !lies_within(tables, (uint32_t)whole, (whole >> 32) + 1))
		return -EBADMSG;
	if (lines % MICA_POLICY_LINE_WORDS || !(classes >> 32) ||
	    !lies_within(tables, lines, (classes >> 32) * MICA_POLICY_LINE_WORDS))
		return -EBADMSG;
	if ((uint32_t)classes && !lies_within(tables, (uint32_t)classes, 256 / 8))
		return -EBADMSG;
	return 0;
}

void mica_tables_free(struct mica_tables *tables)
{
	free(tables->chunks);
	*tables = (struct mica_tables){};
}
