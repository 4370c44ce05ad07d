// SPDX-License-Identifier: BSD-2-Clause
#include "store/branches.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

void mica_branches_free(struct mica_branches *branches)
{
	for (size_t i = 0; i < branches->count; i++)
		free(branches->items[i].path);
	free(branches->items);
	*branches = (struct mica_branches){};
}

int mica_branches_add(struct mica_branches *branches, const char *text)
{
	const char *mode = strrchr(text, '=');
	bool writable = !branches->count;
	size_t size = strlen(text);
	struct mica_branch *items;
	char *path;

	if (mode && (strcmp(mode, "=ro") == 0 || strcmp(mode, "=rw") == 0)) {
		writable = mode[2] == 'w';
		size = (size_t)(mode - text);
	}
	if (!size)
		return -EINVAL;
	items = reallocarray(branches->items, branches->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	branches->items = items;
	path = strndup(text, size);
	if (!path)
		return -ENOMEM;
	items[branches->count++] = (struct mica_branch){ path, writable };
	return 0;
}

static void drop_from(struct mica_branches *branches, size_t count)
{
	while (branches->count > count)
		free(branches->items[--branches->count].path);
}

int mica_branches_parse(struct mica_branches *branches, const char *text)
{
	_cleanup_buffer_ struct mica_buffer one = {};
	size_t before = branches->count;
	int r = 0;

	for (;; text++) {
		if (*text && *text != ':') {
			if (*text == '\\' && (text[1] == ':' || text[1] == '\\'))
				text++;
			(void)mica_buffer_append_byte(&one, *text);
			continue;
		}
		r = mica_buffer_string(&one) ? mica_branches_add(branches, one.data) : -ENOMEM;
		if (r < 0) {
			drop_from(branches, before);
			return r;
		}
		mica_buffer_reset(&one);
		if (!*text)
			return 0;
	}
}
