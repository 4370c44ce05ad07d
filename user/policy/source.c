// SPDX-License-Identifier: BSD-2-Clause
#include "policy/source.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/owned_file.h"
#include "policy/check.h"
#include "policy/parse.h"

void mica_policy_sources_free(struct mica_policy_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		free(sources->items[i].name);
		free(sources->items[i].text);
	}
	free(sources->items);
	*sources = (struct mica_policy_sources){};
}

/** Takes the text, also when it fails. */
static int take_text(struct mica_policy_sources *sources, const char *name, char *text, size_t size)
{
	struct mica_policy_source *items;
	char *copy = strdup(name);

	items = copy ? realloc(sources->items, (sources->count + 1) * sizeof(*items)) : NULL;
	if (!items) {
		free(copy);
		free(text);
		return -ENOMEM;
	}
	sources->items = items;
	items[sources->count++] = (struct mica_policy_source){ .name = copy, .text = text, .size = size };
	return 0;
}

int mica_policy_sources_add(struct mica_policy_sources *sources, const char *name, const char *text, size_t size)
{
	char *copy = malloc(size + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	copy[size] = '\0';
	return take_text(sources, name, copy, size);
}

/** `owned`: only what nobody but root and the caller can change; else `why` says who can. */
static int read_text(const char *file, bool owned, char **ret, size_t *ret_size, char *why)
{
	_cleanup_close_ int fd = -EBADF;

	if (!owned)
		return mica_file_read(file, MICA_POLICY_MAX_FILE, ret, ret_size);
	fd = mica_owned_file_open(file, why);
	return fd < 0 ? fd : mica_file_read_fd(fd, MICA_POLICY_MAX_FILE, ret, ret_size);
}

/** 0; -EINVAL: told; -ENOMEM. */
static int read_file(struct mica_policy_sources *sources, const char *file, bool owned,
		     struct mica_policy_messages *messages)
{
	char *text = NULL, why[MICA_OWNED_FILE_WHY_BYTES] = "";
	size_t size;
	int r = read_text(file, owned, &text, &size, why);

	if (r == 0)
		return take_text(sources, file, text, size);
	if (r == -ENOMEM)
		return r;
	if (*why)
		mica_policy_message(messages, file, (struct mica_policy_place){}, "%s", why);
	else if (r == -EFBIG)
		mica_policy_message(messages, file, (struct mica_policy_place){}, "more than %u MiB",
				    MICA_POLICY_MAX_FILE >> 20);
	else
		mica_policy_message(messages, file, (struct mica_policy_place){}, "cannot be read: %s", strerror(-r));
	return -EINVAL;
}

int mica_policy_sources_read(const char *const *files, size_t count, struct mica_policy_sources *ret,
			     struct mica_policy_messages *messages)
{
	_cleanup_policy_sources_ struct mica_policy_sources sources = {};
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		int r = read_file(&sources, files[i], true, messages);

		if (r == -ENOMEM)
			return r;
		if (r < 0)
			result = r;
	}
	if (result < 0)
		return result;
	*ret = sources;
	sources = (struct mica_policy_sources){};
	return 0;
}

static int parse(const struct mica_policy_source *source, struct mica_policy_set *set,
		 struct mica_policy_messages *messages)
{
	return mica_policy_parse(set, source->name, source->text, source->size, messages);
}

/** Checks a set if all went well so far (`result`), and hands it over. */
static int finish(struct mica_policy_set *set, int result, struct mica_policy_set *ret,
		  struct mica_policy_messages *messages)
{
	if (result == 0)
		result = mica_policy_check(set, messages);
	if (result < 0)
		return result;
	*ret = *set;
	*set = (struct mica_policy_set){};
	return 0;
}

int mica_policy_sources_load(const struct mica_policy_sources *sources, struct mica_policy_set *ret,
			     struct mica_policy_messages *messages)
{
	_cleanup_policy_set_ struct mica_policy_set set = {};
	int result = 0;

	for (size_t i = 0; i < sources->count; i++) {
		int r = parse(&sources->items[i], &set, messages);

		if (r == -ENOMEM)
			return r;
		if (r < 0)
			result = r;
	}
	return finish(&set, result, ret, messages);
}

int mica_policy_load(const char *const *files, size_t count, struct mica_policy_set *ret,
		     struct mica_policy_messages *messages)
{
	_cleanup_policy_set_ struct mica_policy_set set = {};
	int result = 0;

	/* One file after the other, so that messages come in their order. */
	for (size_t i = 0; i < count; i++) {
		_cleanup_policy_sources_ struct mica_policy_sources one = {};
		int r = read_file(&one, files[i], false, messages);

		if (r == 0)
			r = parse(&one.items[0], &set, messages);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			result = r;
	}
	return finish(&set, result, ret, messages);
}
