// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>

#include "policy/automaton_internal.h"

int mica_array_reserve(struct array *array, size_t count)
{
	size_t capacity = array->capacity ? array->capacity : 16;
	uint32_t *items;

	if (array->capacity - array->count >= count)
		return 0;
	while (capacity - array->count < count)
		capacity += capacity / 2;
	items = realloc(array->items, capacity * sizeof(*items));
	if (!items)
		return -ENOMEM;
	array->items = items;
	array->capacity = capacity;
	return 0;
}

void mica_array_free(struct array *array)
{
	free(array->items);
	*array = (struct array){};
}

static int compare(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

void mica_array_sort(struct array *array)
{
	size_t kept = 0;

	if (array->count > 32) {
		qsort(array->items, array->count, sizeof(array->items[0]), compare);
	} else {
		for (size_t i = 1; i < array->count; i++) {
			uint32_t item = array->items[i];
			size_t at = i;

			for (; at && array->items[at - 1] > item; at--)
				array->items[at] = array->items[at - 1];
			array->items[at] = item;
		}
	}
	for (size_t i = 0; i < array->count; i++)
		if (!i || array->items[i] != array->items[i - 1])
			array->items[kept++] = array->items[i];
	array->count = kept;
}
