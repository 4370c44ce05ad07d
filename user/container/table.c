/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t slot_of(const struct mica_table *table, uint64_t key)
{
	/* Keys are often small and consecutive: multiply, then take the well-mixed upper half. */
	return (size_t)((key * 0x9e3779b97f4a7c15ULL) >> 32) & (table->capacity - 1);
}

/** Slot of the key, or the free slot where it belongs; the table has at least one free slot. */
static struct mica_table_slot *find_slot(const struct mica_table *table, uint64_t key)
{
	size_t i = slot_of(table, key);

	while (table->slots[i].value && table->slots[i].key != key)
		i = (i + 1) & (table->capacity - 1);
	return &table->slots[i];
}

void *mica_table_get(const struct mica_table *table, uint64_t key)
{
	return table->capacity ? find_slot(table, key)->value : NULL;
}

static int resize(struct mica_table *table, size_t capacity)
{
	struct mica_table larger = { .capacity = capacity, .count = table->count };

	larger.slots = calloc(capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->capacity; i++)
		if (table->slots[i].value)
			*find_slot(&larger, table->slots[i].key) = table->slots[i];
	free(table->slots);
	*table = larger;
	return 0;
}

int mica_table_put(struct mica_table *table, uint64_t key, void *value)
{
	struct mica_table_slot *slot;

	if (table->count >= table->capacity - table->capacity / 4) {
		int r = resize(table, table->capacity ? table->capacity * 2 : 16);
		if (r < 0)
			return r;
	}
	slot = find_slot(table, key);
	if (!slot->value)
		table->count++;
	*slot = (struct mica_table_slot){ .key = key, .value = value };
	return 0;
}

void *mica_table_remove(struct mica_table *table, uint64_t key)
{
	size_t mask = table->capacity - 1, hole, i;
	void *value;

	if (!table->capacity)
		return NULL;
	hole = (size_t)(find_slot(table, key) - table->slots);
	value = table->slots[hole].value;
	if (!value)
		return NULL;

	/* Move back each follower that may not stand behind a free slot: one whose home lies at or before the hole. */
	for (i = (hole + 1) & mask; table->slots[i].value; i = (i + 1) & mask) {
		size_t home = slot_of(table, table->slots[i].key);

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			table->slots[hole] = table->slots[i];
			hole = i;
		}
	}
	table->slots[hole] = (struct mica_table_slot){};
	table->count--;
	return value;
}

void mica_table_free(struct mica_table *table, void (*release)(void *value))
{
	if (release)
		for (size_t i = 0; i < table->capacity; i++)
			if (table->slots[i].value)
				release(table->slots[i].value);
	free(table->slots);
	*table = (struct mica_table){};
}

uint64_t mica_hash_bytes(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	uint64_t hash = 0xcbf29ce484222325ULL, word;

	for (; size >= sizeof(word); bytes += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
		/* A product carries upwards only. */
		hash ^= hash >> 32;
	}
	for (; size; bytes++, size--)
		hash = (hash ^ *bytes) * 0x100000001b3ULL;
	return hash;
}
