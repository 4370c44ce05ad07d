/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/strings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void mica_strings_free(struct mica_strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
	*strings = (struct mica_strings){};
}

int mica_strings_give(struct mica_strings *strings, char *string)
{
	_cleanup_free_ char *given = string;

	if (!given)
		return -ENOMEM;
	if (strings->count == strings->capacity) {
		size_t capacity = strings->capacity ? 2 * strings->capacity : 8;
		char **items = reallocarray(strings->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		strings->items = items;
		strings->capacity = capacity;
	}
	strings->items[strings->count++] = TAKE_PTR(given);
	return 0;
}

int mica_strings_add(struct mica_strings *strings, const char *string)
{
	return mica_strings_give(strings, string ? strdup(string) : NULL);
}
