/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/decode.h"

#include <errno.h>
#include <string.h>

#define KNOWN_FLAGS                                                                                        \
	(MICA_RECORD_PATH_TRUNCATED | MICA_RECORD_SOURCE_TRUNCATED | MICA_RECORD_SOURCE_IS_PATH |          \
	 MICA_RECORD_DIRECTORY | MICA_RECORD_UPPER | MICA_RECORD_METADATA_ONLY | MICA_RECORD_NO_DURATION | \
	 MICA_RECORD_PATH_RACED | MICA_RECORD_EXCHANGE | MICA_RECORD_HOST | MICA_RECORD_WHITEOUT_MOVED |   \
	 MICA_RECORD_PATH_AS_WRITTEN | MICA_RECORD_SOURCE_AS_WRITTEN | MICA_RECORD_UNDECIDED |             \
	 MICA_RECORD_MOUNT_ATTR | MICA_RECORD_DETACHED)

/* MAX_ERRNO of include/linux/err.h */
#define LARGEST_ERRNO 4095

/* For an event without path bytes: is its path "/", or does it have none? */
static bool type_has_path(enum mica_event_type type)
{
	switch (type) {
	case MICA_EVENT_UNION_UP:
	case MICA_EVENT_UNION_DOWN:
	case MICA_EVENT_NAMESPACE_CREATED:
	case MICA_EVENT_NAMESPACE_GONE:
	case MICA_EVENT_LOST:
	case MICA_EVENT_FSOPEN:
	case MICA_EVENT_FSCONFIG:
	case MICA_EVENT_FSMOUNT:
		return false;
	default:
		return true;
	}
}

static bool has_mount_body(const struct mica_record *record)
{
	return ((record->type >= MICA_EVENT_MOUNT && record->type <= MICA_EVENT_PIVOT_ROOT) ||
		(record->type >= MICA_EVENT_FSOPEN && record->type <= MICA_EVENT_FSMOUNT)) &&
	       !(record->flags & MICA_RECORD_MOUNT_ATTR);
}

static int check_numbers(const struct mica_record *record)
{
	if (record->type == MICA_EVENT_NONE || record->type >= _MICA_EVENT_MAX)
		return -EBADMSG;
	if (record->flags & ~(__u32)KNOWN_FLAGS)
		return -EBADMSG;
	if (record->error > 0 || record->error < -LARGEST_ERRNO)
		return -EBADMSG;
	if (record->layers && record->layer > record->layers)
		return -EBADMSG;
	if (record->type == MICA_EVENT_COPY_UP && record->copy_up.reason >= _MICA_REASON_MAX)
		return -EBADMSG;
	if (record->flags & MICA_RECORD_MOUNT_ATTR && record->type != MICA_EVENT_MOUNT_SETATTR &&
	    record->type != MICA_EVENT_OPEN_TREE)
		return -EBADMSG;
	if (has_mount_body(record) && record->mount.flags_kind >= MICA_MOUNT_FLAGS_ATTR)
		return -EBADMSG;
	return 0;
}

/* A name that a directory entry can have. */
static bool component_is_valid(const char *name, size_t size)
{
	if (size == 0 || memchr(name, '/', size))
		return false;
	return !(name[0] == '.' && (size == 1 || (size == 2 && name[1] == '.')));
}

/*
 * Turns "c\0b\0a\0" into "/a/b/c", or into "a/b/c" when the root end is missing, with a NUL behind. The result is as
 * long as the input (each NUL becomes a slash), so it is filled from its end.
 */
static int decode_path(const char *components, size_t size, bool truncated, char *out, struct mica_bytes *ret)
{
	char *start = out + size;

	*start = '\0';
	for (size_t i = 0; i < size;) {
		const char *name = components + i;
		const char *end = memchr(name, '\0', size - i);
		if (!end || !component_is_valid(name, (size_t)(end - name)))
			return -EBADMSG;
		size_t length = (size_t)(end - name);
		start -= length + 1;
		start[0] = '/';
		memcpy(start + 1, name, length);
		i += length + 1;
	}

	if (truncated) {
		size_t skipped = size > 0;
		*ret = (struct mica_bytes){ .data = out + skipped, .size = size - skipped };
	} else if (size == 0) {
		memcpy(out, "/", 2);
		*ret = (struct mica_bytes){ .data = out, .size = 1 };
	} else {
		*ret = (struct mica_bytes){ .data = out, .size = size };
	}
	return 0;
}

/*
 * Turns "../x\0b\0a\0" into "/a/b/../x", a text behind the directory that it is relative to; or into "../x" when that
 * is not known. As long as the input: the text's NUL becomes the slash before it.
 */
static int decode_as_written(const char *written, size_t size, bool truncated, char *out, struct mica_bytes *ret)
{
	const char *end = memchr(written, '\0', size);
	struct mica_bytes base = {};
	size_t length, slash;
	int r;

	if (!end)
		return -EBADMSG;
	length = (size_t)(end - written);
	if (size > length + 1 || !truncated) {
		r = decode_path(end + 1, size - length - 1, truncated, out, &base);
		if (r < 0)
			return r;
	}
	/* A path that is not cut begins with a slash, and "/" alone is nothing before another one. */
	if (base.size == 1 && base.data[0] == '/')
		base.size = 0;
	if (base.size)
		memmove(out, base.data, base.size);
	/* Whose root that is, is not known. */
	for (; truncated && base.size == 0 && written[0] == '/'; length--)
		written++;
	slash = (base.size ? length > 0 : !truncated) && written[0] != '/';
	if (slash)
		out[base.size] = '/';
	memcpy(out + base.size + slash, written, length + 1);
	*ret = (struct mica_bytes){ .data = out, .size = base.size + slash + length };
	return 0;
}

static int decode_plain(const char *text, size_t size, char *out, struct mica_bytes *ret)
{
	if (memchr(text, '\0', size))
		return -EBADMSG;
	memcpy(out, text, size);
	out[size] = '\0';
	*ret = (struct mica_bytes){ .data = out, .size = size };
	return 0;
}

static int decode_strings(struct mica_decoder *decoder, const struct mica_record *record, const char *strings,
			  struct mica_bytes *ret_path, struct mica_bytes *ret_source)
{
	const char *source = strings + record->path_bytes;
	bool truncated = record->flags & MICA_RECORD_PATH_TRUNCATED;
	bool source_truncated = record->flags & MICA_RECORD_SOURCE_TRUNCATED;
	int r = 0;

	if (record->type == MICA_EVENT_FSCONFIG)
		r = decode_plain(strings, record->path_bytes, decoder->path, ret_path);
	else if (record->flags & MICA_RECORD_PATH_AS_WRITTEN)
		r = decode_as_written(strings, record->path_bytes, truncated, decoder->path, ret_path);
	else if (record->path_bytes || type_has_path(record->type))
		r = decode_path(strings, record->path_bytes, truncated, decoder->path, ret_path);
	if (r < 0)
		return r;

	if (record->flags & MICA_RECORD_SOURCE_AS_WRITTEN)
		return decode_as_written(source, record->source_bytes, source_truncated, decoder->source, ret_source);
	if (record->flags & MICA_RECORD_SOURCE_IS_PATH)
		return decode_path(source, record->source_bytes, source_truncated, decoder->source, ret_source);
	if (record->source_bytes)
		return decode_plain(source, record->source_bytes, decoder->source, ret_source);
	return 0;
}

int mica_decode(struct mica_decoder *decoder, const void *data, size_t size, struct mica_event *ret_event)
{
	const char *bytes = data;
	struct mica_record record;
	__u16 abi;

	/* The version first: the rest of another version may have any shape. */
	if (size < offsetof(struct mica_record, abi) + sizeof(abi))
		return -EBADMSG;
	memcpy(&abi, bytes + offsetof(struct mica_record, abi), sizeof(abi));
	if (abi != MICA_EVENT_ABI)
		return -EPROTO;

	if (size < sizeof(record))
		return -EBADMSG;
	memcpy(&record, bytes, sizeof(record));
	if (record.path_bytes > MICA_PATH_BYTES || record.source_bytes > MICA_PATH_BYTES)
		return -EBADMSG;
	/* What carries the record may have room behind it (a reservation of a fixed size), but not less. */
	if (record.size != sizeof(record) + record.path_bytes + record.source_bytes || record.size > size)
		return -EBADMSG;
	int r = check_numbers(&record);
	if (r < 0)
		return r;

	struct mica_bytes path = {}, source = {};
	r = decode_strings(decoder, &record, bytes + sizeof(record), &path, &source);
	if (r < 0)
		return r;
	*ret_event = (struct mica_event){ .record = record, .time_ns = record.time_ns };
	if (record.type == MICA_EVENT_FSCONFIG) {
		ret_event->key = path;
		ret_event->value = source;
	} else {
		ret_event->path = path;
		ret_event->source = source;
	}
	return 0;
}
