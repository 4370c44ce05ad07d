// SPDX-License-Identifier: BSD-2-Clause
#include "enforce/objects.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/string.h"
#include "enforce/keep.h"

#define OBJECTS_NAME "objects.json"
#define OBJECTS_BYTES ((size_t)512 << 20)
#define OBJECTS_VERSION 1

static void json_cleanup(json_t **json)
{
	json_decref(*json);
}

void mica_objects_free(struct mica_numbered_objects *objects)
{
	for (size_t i = 0; i < objects->count; i++) {
		free(objects->items[i].name);
		free(objects->items[i].directory);
	}
	free(objects->items);
	*objects = (struct mica_numbered_objects){};
}

void mica_objects_forget_registered(struct mica_numbered_objects *objects)
{
	for (size_t i = 0; i < objects->count; i++)
		objects->items[i].registered = false;
}

/** The last of a directory: it had other names before. */
struct mica_numbered *mica_objects_find(const struct mica_numbered_objects *objects, enum mica_enforce_kind kind,
					const char *directory)
{
	for (size_t i = objects->count; i > 0; i--) {
		struct mica_numbered *object = &objects->items[i - 1];

		if (object->kind == kind && strcmp(object->directory, directory) == 0)
			return object;
	}
	return NULL;
}

const struct mica_numbered *mica_objects_by_number(const struct mica_numbered_objects *objects,
						   enum mica_enforce_kind kind, uint32_t number)
{
	for (size_t i = 0; i < objects->count; i++)
		if (objects->items[i].kind == kind && objects->items[i].number == number)
			return &objects->items[i];
	return NULL;
}

static int add(struct mica_numbered_objects *objects, const struct mica_numbered *object)
{
	struct mica_numbered copy = { .kind = object->kind, .number = object->number };
	struct mica_numbered *items = reallocarray(objects->items, objects->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	objects->items = items;
	if (mica_string_copy(object->name, &copy.name) < 0 ||
	    mica_string_copy(object->directory, &copy.directory) < 0) {
		free(copy.name);
		return -ENOMEM;
	}
	items[objects->count++] = copy;
	return 0;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int mica_objects_get(struct mica_numbered_objects *objects, enum mica_enforce_kind kind, const char *name,
		     const char *directory, struct mica_numbered **ret)
{
	struct mica_numbered *found = mica_objects_find(objects, kind, directory);
	struct mica_numbered object = { .kind = kind, .name = (char *)name, .directory = (char *)directory };
	int r;

	if (found && same(found->name, name)) {
		*ret = found;
		return 0;
	}
	if (objects->count == MICA_OBJECTS_MAX)
		return -E2BIG;
	/* One sequence for both kinds: a number never means two things. */
	object.number = (uint32_t)objects->count + 1;
	r = add(objects, &object);
	if (r < 0)
		return r;
	objects->changed = true;
	*ret = &objects->items[objects->count - 1];
	return 0;
}

int mica_objects_encode(const struct mica_numbered_objects *objects, struct mica_buffer *out)
{
	_cleanup_(json_cleanup) json_t *list = json_array();
	_cleanup_(json_cleanup) json_t *document = NULL;
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; list && i < objects->count; i++) {
		const struct mica_numbered *object = &objects->items[i];

		/* A path that is no UTF-8 is kept as a place of its number, which nobody else gets. */
		if (json_array_append_new(list, json_pack("{s:i, s:i, s:s*, s:s*}", "kind", (int)object->kind, "number",
							  (int)object->number, "name", object->name, "directory",
							  object->directory)) < 0 &&
		    json_array_append_new(list, json_pack("{s:i, s:i}", "kind", (int)object->kind, "number",
							  (int)object->number)) < 0)
			return -ENOMEM;
	}
	document = json_pack("{s:i, s:O*}", "v", OBJECTS_VERSION, "objects", list);
	text = list && document ? json_dumps(document, JSON_COMPACT) : NULL;
	return text ? mica_buffer_append_string(out, text) : -ENOMEM;
}

static int decode_object(const json_t *json, struct mica_numbered_objects *objects)
{
	const char *directory = json_string_value(json_object_get(json, "directory"));
	json_int_t kind = json_integer_value(json_object_get(json, "kind"));
	json_int_t number = json_integer_value(json_object_get(json, "number"));
	const struct mica_numbered object = {
		.kind = (enum mica_enforce_kind)kind,
		.number = (uint32_t)number,
		.name = (char *)json_string_value(json_object_get(json, "name")),
		.directory = (char *)(directory ? directory : ""),
	};

	if ((kind != MICA_ENFORCE_VOLUME && kind != MICA_ENFORCE_LAYER) || number != (json_int_t)objects->count + 1)
		return -EBADMSG;
	return add(objects, &object);
}

int mica_objects_decode(const char *text, size_t size, struct mica_numbered_objects *ret)
{
	_cleanup_(json_cleanup) json_t *document = json_loadb(text, size, 0, NULL);
	_cleanup_(mica_objects_free) struct mica_numbered_objects objects = {};
	const json_t *list = json_object_get(document, "objects"), *object;
	size_t i;

	if (json_integer_value(json_object_get(document, "v")) != OBJECTS_VERSION || !json_is_array(list) ||
	    json_array_size(list) > MICA_OBJECTS_MAX)
		return -EBADMSG;
	json_array_foreach(list, i, object)
	{
		int r = decode_object(object, &objects);

		if (r < 0)
			return r;
	}
	*ret = objects;
	objects = (struct mica_numbered_objects){};
	return 0;
}

int mica_objects_read(int directory_fd, struct mica_numbered_objects *objects)
{
	_cleanup_(mica_objects_free) struct mica_numbered_objects read = {};
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = mica_file_read_at(directory_fd, OBJECTS_NAME, OBJECTS_BYTES, &text, &size);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = mica_objects_decode(text, size, &read);
	if (r < 0)
		return r;
	for (size_t i = 0; i < read.count && i < objects->count; i++) {
		read.items[i].registered = objects->items[i].registered;
		read.items[i].device = objects->items[i].device;
		read.items[i].inode = objects->items[i].inode;
		read.items[i].born_ns = objects->items[i].born_ns;
	}
	mica_objects_free(objects);
	*objects = read;
	read = (struct mica_numbered_objects){};
	return 0;
}

int mica_objects_write(int directory_fd, struct mica_numbered_objects *objects)
{
	_cleanup_buffer_ struct mica_buffer text = {};
	int r;

	if (!objects->changed || directory_fd < 0)
		return 0;
	r = mica_objects_encode(objects, &text);
	if (r == 0)
		r = mica_keep_write_file(directory_fd, OBJECTS_NAME, text.data, text.size);
	if (r == 0)
		objects->changed = false;
	return r;
}
