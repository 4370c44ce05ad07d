// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "runtime/options.h"

void mica_words_free(struct mica_words *words)
{
	free(words->items);
	*words = (struct mica_words){};
}

int mica_words_add(struct mica_words *words, const char *word)
{
	const char **items = reallocarray(words->items, words->count + 2, sizeof(*items));

	if (!items)
		return -ENOMEM;
	words->items = items;
	items[words->count++] = word;
	items[words->count] = NULL;
	return 0;
}
