// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "cmd/trace.h"
#include "container/image.h"

/** Digits of an id that are enough to name a container or a volume, as engines print it. */
#define SHORT_ID 12
/** An anonymous volume's name is a number of so many digits. */
#define ID_DIGITS 64

int mica_trace_narrow_events(struct mica_trace_options *options)
{
	uint64_t allowed = UINT64_MAX;

	if (options->volumes || options->unions)
		allowed = (options->volumes ? MICA_TRACE_VOLUME_EVENTS : 0) |
			  (options->unions ? MICA_TRACE_UNION_EVENTS : 0);
	if (options->path_globs)
		allowed &= MICA_TRACE_PATH_EVENTS;
	if (options->min_bytes)
		allowed &= MICA_TRACE_BYTES_EVENTS;
	if (options->min_latency_ns)
		allowed &= MICA_TRACE_LATENCY_EVENTS;
	if (allowed == UINT64_MAX)
		return 0;
	if (options->events) {
		allowed &= options->events;
	} else if (allowed == 1ULL << MICA_EVENT_LOST) {
		/* Nobody asked for losses alone. */
		allowed = 0;
	}
	if (!allowed)
		return -ENOENT;
	options->events = allowed;
	return 0;
}

bool mica_trace_container_matches(const char *name, const struct mica_container *container)
{
	size_t size = strlen(name);

	if (container->name && strcmp(container->name, name) == 0)
		return true;
	return container->id && size >= SHORT_ID && strncmp(container->id, name, size) == 0;
}

/** Without slashes at the end. */
static size_t path_length(const char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	return length;
}

static bool is_same_path(const char *a, const char *b)
{
	size_t length = path_length(a);

	return length == path_length(b) && memcmp(a, b, length) == 0;
}

bool mica_trace_volume_matches(const char *pattern, const char *name, const char *directory)
{
	size_t size = strlen(pattern);

	if (pattern[0] == '/')
		return (directory && is_same_path(pattern, directory)) ||
		       (name[0] == '/' && is_same_path(pattern, name));
	/* A bind mount's name is its directory: no "*" is meant to be that. */
	if (name[0] == '/')
		return false;
	if (fnmatch(pattern, name, 0) == 0)
		return true;
	return size >= SHORT_ID && strlen(name) == ID_DIGITS && strspn(name, "0123456789abcdef") == ID_DIGITS &&
	       strncmp(name, pattern, size) == 0;
}

/** Is the union that the object lies in mounted at a directory of the host? */
static bool is_mounted_at(const char *directory, const struct mica_event *event)
{
	size_t length = path_length(directory);
	const char *rest = event->host_path;

	if (!rest || strncmp(rest, directory, length) != 0)
		return false;
	rest += length > 1 ? length : 0;
	/* A mount of the host's has the path there and no other. */
	if (event->record.flags & MICA_RECORD_HOST && event->record.type >= MICA_EVENT_MOUNT)
		return !*rest || *rest == '/';
	if (event->path.size == 1) /* the union itself */
		return !*rest || strcmp(rest, "/") == 0;
	return strlen(rest) == event->path.size && memcmp(rest, event->path.data, event->path.size) == 0;
}

bool mica_trace_union_matches(const char *pattern, const struct mica_event *event)
{
	const struct mica_container *container = event->union_container;

	if (!event->record.union_id)
		return false;
	if (pattern[0] == '/')
		return (event->union_upper && is_same_path(pattern, event->union_upper)) ||
		       is_mounted_at(pattern, event);
	return container && (mica_trace_container_matches(pattern, container) ||
			     (container->name && fnmatch(pattern, container->name, 0) == 0));
}

static bool passes_names(char *const *names, const struct mica_container *container)
{
	for (size_t i = 0; names[i]; i++)
		if (mica_trace_container_matches(names[i], container))
			return true;
	return false;
}

static bool passes_images(char *const *images, const struct mica_container *container)
{
	for (size_t i = 0; images[i]; i++)
		if (mica_image_matches(images[i], container->image, container->image_id))
			return true;
	return false;
}

enum mica_trace_match mica_trace_match_container(const struct mica_trace_options *options,
						 const struct mica_container *container)
{
	if (!options->containers && !options->images)
		return MICA_TRACE_YES;
	if (!container)
		return MICA_TRACE_PERHAPS;
	if ((!options->containers || passes_names(options->containers, container)) &&
	    (!options->images || passes_images(options->images, container)))
		return MICA_TRACE_YES;
	/* Docker is creating it: it has an id, and will have a name and an image. */
	return container->name ? MICA_TRACE_NO : MICA_TRACE_PERHAPS;
}

static bool passes_volumes(char *const *volumes, const struct mica_event *event)
{
	const struct mica_object *object = &event->object;

	/* Without its root end, a path does not tell which volume it is in. */
	if (object->kind == MICA_OBJECT_HOST && event->record.flags & MICA_RECORD_PATH_TRUNCATED)
		return true;
	if (object->kind != MICA_OBJECT_VOLUME || !object->volume)
		return false;
	for (size_t i = 0; volumes[i]; i++)
		if (mica_trace_volume_matches(volumes[i], object->volume, object->directory))
			return true;
	return false;
}

static bool passes_unions(char *const *unions, const struct mica_event *event)
{
	for (size_t i = 0; unions[i]; i++)
		if (mica_trace_union_matches(unions[i], event))
			return true;
	return false;
}

/** Is what an event is about in one of the objects that were asked for? Both options name objects: either will do. */
static bool passes_objects(const struct mica_trace_options *options, const struct mica_event *event)
{
	return (options->volumes && passes_volumes(options->volumes, event)) ||
	       (options->unions && passes_unions(options->unions, event));
}

/** Either name of what has two; of a mount's source, one that is a path. */
static bool passes_paths(struct mica_path_set *paths, const struct mica_event *event)
{
	const struct mica_bytes names[] = { event->path, event->source };

	/* Without its root end, a path is any that ends so. */
	if (event->record.flags & (MICA_RECORD_PATH_TRUNCATED | MICA_RECORD_SOURCE_TRUNCATED))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].size && names[i].data[0] == '/' && mica_path_set_has(paths, names[i].data, names[i].size))
			return true;
	return false;
}

static bool passes_bytes(uint64_t least, const struct mica_record *record)
{
	uint64_t bytes;

	switch (record->type) {
	case MICA_EVENT_COPY_UP:
		/* Where the start was not seen, bytes were not counted: it may have been the whole file. */
		if (record->flags & MICA_RECORD_NO_DURATION)
			return record->copy_up.size >= least;
		return record->copy_up.bytes >= least;
	case MICA_EVENT_WRITE:
		if (__builtin_add_overflow(record->write.bytes, record->write.bytes_requested, &bytes))
			bytes = UINT64_MAX;
		return bytes >= least;
	default:
		return false;
	}
}

static bool passes_latency(uint64_t least_ns, const struct mica_record *record)
{
	return record->type == MICA_EVENT_COPY_UP &&
	       (record->flags & MICA_RECORD_NO_DURATION || record->copy_up.duration_ns >= least_ns);
}

bool mica_trace_match_event(const struct mica_trace_options *options, const struct mica_event *event)
{
	const struct mica_record *record = &event->record;

	if (record->type == MICA_EVENT_LOST)
		return true;
	if (options->events && !(options->events >> record->type & 1))
		return false;
	if (options->min_bytes && !passes_bytes(options->min_bytes, record))
		return false;
	if (options->min_latency_ns && !passes_latency(options->min_latency_ns, record))
		return false;
	if ((options->volumes || options->unions) && !passes_objects(options, event))
		return false;
	return !options->paths || passes_paths(options->paths, event);
}
