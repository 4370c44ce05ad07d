/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table from a number to a pointer: open addressing, linear probing, no tombstones (removal shifts back), so
 * that coming and going leaves no trace. It owns none of the pointers. Initialise with {}.
 */
#ifndef MICA_CONTAINER_TABLE_H
#define MICA_CONTAINER_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct mica_table {
	struct mica_table_slot *slots;
	/** A power of two, or 0. */
	size_t capacity;
	size_t count;
};

struct mica_table_slot {
	uint64_t key;
	/** NULL: the slot is free. */
	void *value;
};

/** NULL: no such key. */
void *mica_table_get(const struct mica_table *table, uint64_t key);
/** Sets the value (not NULL) of a key. 0 or -ENOMEM; then the table is unchanged. */
int mica_table_put(struct mica_table *table, uint64_t key, void *value);
/** Takes a key out; returns its value, or NULL. */
void *mica_table_remove(struct mica_table *table, uint64_t key);
/** Frees the table's own memory; `release` (may be NULL) is called for each value. */
void mica_table_free(struct mica_table *table, void (*release)(void *value));

/** To key a table by bytes (the caller compares them: two strings may share a number). */
uint64_t mica_hash_bytes(const void *data, size_t size);

#endif
