/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/overlay_options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* What overlayfs and the security modules show, Linux 6.1 to 7.2. */
static const char *const option_names[] = {
	"lowerdir", "lowerdir+", "datadir+",     "upperdir",    "workdir",        "default_permissions",
	"index",    "uuid",      "redirect_dir", "nfs_export",  "xino",           "metacopy",
	"verity",   "volatile",  "userxattr",    "fsync",       "override_creds", "nooverride_creds",
	"context",  "fscontext", "defcontext",   "rootcontext", "seclabel",       "ro",
	"rw",
};

/** Length of the option name that `text` begins with; 0: none. */
static size_t name_length(const char *text)
{
	size_t length = strcspn(text, "=,");

	for (size_t i = 0; i < sizeof(option_names) / sizeof(option_names[0]); i++)
		if (strlen(option_names[i]) == length && memcmp(text, option_names[i], length) == 0)
			return length;
	return 0;
}

/** Length of a value: up to the comma before the next option, or to the end. */
static size_t value_length(const char *value)
{
	size_t length = 0;

	for (; value[length]; length++) {
		if (value[length] == '\\' && value[length + 1]) {
			length++;
			continue;
		}
		if (value[length] == ',' && name_length(value + length + 1))
			break;
	}
	return length;
}

static char *unescape(const char *text, size_t size)
{
	char *copy = malloc(size + 1), *end = copy;

	for (size_t i = 0; copy && i < size; i++) {
		if (text[i] == '\\' && i + 1 < size)
			i++;
		*end++ = text[i];
	}
	if (copy)
		*end = '\0';
	return copy;
}

static int add(struct mica_overlay_directories *list, enum mica_overlay_part part, unsigned layer, const char *value,
	       size_t size, bool escaped)
{
	struct mica_overlay_directory *items, *item;

	if (!size)
		return 0;
	items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	item = &items[list->count];
	*item = (struct mica_overlay_directory){
		.part = part,
		.layer = layer,
		.path = escaped ? unescape(value, size) : strndup(value, size),
	};
	if (!item->path)
		return -ENOMEM;
	list->count++;
	if (part == MICA_OVERLAY_LOWER || strlen(item->path) == size)
		return 0;
	item->other = strndup(value, size);
	return item->other ? 0 : -ENOMEM;
}

/** lowerdir=A:B::C, whose last ones, behind a double colon, are layers of data alone. */
static int add_lowers(struct mica_overlay_directories *list, const char *value, size_t size, unsigned *layer)
{
	size_t start = 0, end;
	int r = 0;

	while (r == 0 && start < size) {
		for (end = start; end < size && value[end] != ':'; end++)
			if (value[end] == '\\' && end + 1 < size)
				end++;
		if (end > start)
			r = add(list, MICA_OVERLAY_LOWER, ++*layer, value + start, end - start, true);
		start = end + 1;
	}
	return r;
}

static int add_option(struct mica_overlay_directories *list, const char *name, size_t name_size, const char *value,
		      size_t size, unsigned *layer)
{
	if (name_size == 8 && memcmp(name, "upperdir", 8) == 0)
		return add(list, MICA_OVERLAY_UPPER, 0, value, size, true);
	if (name_size == 7 && memcmp(name, "workdir", 7) == 0)
		return add(list, MICA_OVERLAY_WORK, 0, value, size, true);
	if (name_size == 8 && memcmp(name, "lowerdir", 8) == 0)
		return add_lowers(list, value, size, layer);
	if ((name_size == 9 && memcmp(name, "lowerdir+", 9) == 0) ||
	    (name_size == 8 && memcmp(name, "datadir+", 8) == 0))
		return add(list, MICA_OVERLAY_LOWER, ++*layer, value, size, false);
	return 0;
}

int mica_overlay_options_parse(const char *options, struct mica_overlay_directories *ret)
{
	_cleanup_overlay_directories_ struct mica_overlay_directories list = {};
	unsigned layer = 0;
	int r = 0;

	while (r == 0 && *options) {
		const char *value = options + strcspn(options, "=,");
		size_t size = 0;

		if (*value == '=') {
			size = value_length(value + 1);
			r = add_option(&list, options, (size_t)(value - options), value + 1, size, &layer);
			value += 1 + size;
		}
		options = value + (*value == ',');
	}
	if (r < 0)
		return r;
	*ret = list;
	list = (struct mica_overlay_directories){};
	return 0;
}

void mica_overlay_directories_free(struct mica_overlay_directories *directories)
{
	for (size_t i = 0; i < directories->count; i++) {
		free(directories->items[i].path);
		free(directories->items[i].other);
	}
	free(directories->items);
	*directories = (struct mica_overlay_directories){};
}
