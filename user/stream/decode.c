/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/decode.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/types.h>

#define KNOWN_FLAGS                                                                                                 \
	(MICA_RECORD_PATH_TRUNCATED | MICA_RECORD_SOURCE_TRUNCATED | MICA_RECORD_SOURCE_IS_PATH |                   \
	 MICA_RECORD_DIRECTORY | MICA_RECORD_UPPER | MICA_RECORD_METADATA_ONLY | MICA_RECORD_NO_DURATION |          \
	 MICA_RECORD_PATH_RACED | MICA_RECORD_EXCHANGE | MICA_RECORD_HOST | MICA_RECORD_WHITEOUT_MOVED |            \
	 MICA_RECORD_CLOSED | MICA_RECORD_PATH_AS_WRITTEN | MICA_RECORD_SOURCE_AS_WRITTEN | MICA_RECORD_UNDECIDED | \
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
	case MICA_RECORD_CGROUP:
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

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Bit 7 of each byte that is zero is set; of the bytes above the lowest zero it may be set for nothing. */
static uint64_t zero_bytes(uint64_t word)
{
	return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

/* The first eight bytes of `text`, the first in the lowest bits; zeroes behind its end. There are readable bytes before
 * any text: the head of its record. */
static uint64_t first_bytes(const char *text, size_t size)
{
	uint64_t word;

	if (size >= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		return le64toh(word);
	}
	memcpy(&word, text + size - sizeof(word), sizeof(word));
	return le64toh(word) >> (sizeof(word) - size) * 8;
}

/* Writes a slash and a name of up to seven bytes, the lowest of `word`. What is behind it stays as it is. */
static void put_short(char *at, uint64_t word, size_t length)
{
	uint64_t kept, mask = UINT64_MAX >> (7 - length) * 8;

	memcpy(&kept, at, sizeof(kept));
	word = htole64(((word << 8 | '/') & mask) | (le64toh(kept) & ~mask));
	memcpy(at, &word, sizeof(word));
}

/* The same for a longer name. */
static void put_long(char *at, const char *name, size_t length)
{
	*at++ = '/';
	for (size_t i = 0; i + sizeof(uint64_t) <= length; i += sizeof(uint64_t))
		memcpy(at + i, name + i, sizeof(uint64_t));
	/* The rest, together with bytes that were copied before. */
	memcpy(at + length - sizeof(uint64_t), name + length - sizeof(uint64_t), sizeof(uint64_t));
}

/* Writes a slash and the name that `text` begins with before `end`. Its length; -EBADMSG: it is none that a directory
 * entry can have, or has no end. */
static ssize_t put_component(char *end, const char *text, size_t size)
{
	uint64_t word, ends = 0;
	size_t length = 0;

	/* Words rather than memchr: names are short. */
	for (; length < size; length += sizeof(word)) {
		word = first_bytes(text + length, size - length);
		ends = zero_bytes(word) | zero_bytes(word ^ EACH_BYTE('/'));
		if (ends)
			break;
	}
	length += ends ? (unsigned)__builtin_ctzll(ends) / 8 : 0;
	if (length == 0 || length >= size || text[length])
		return -EBADMSG;
	if (text[0] == '.' && (length == 1 || (length == 2 && text[1] == '.')))
		return -EBADMSG;
	if (length < sizeof(word))
		put_short(end - length - 1, word, length);
	else
		put_long(end - length - 1, text, length);
	return (ssize_t)length;
}

/*
 * Turns "c\0b\0a\0" into "/a/b/c", or into "a/b/c" when the root end is missing, with a NUL behind. The result is as
 * long as the input (each NUL becomes a slash), so it is filled from its end. Up to seven bytes behind the NUL are
 * written to, with what they are.
 */
static int decode_path(const char *components, size_t size, bool truncated, char *out, struct mica_bytes *ret)
{
	char *start = out + size;

	*start = '\0';
	for (size_t i = 0; i < size;) {
		ssize_t length = put_component(start, components + i, size - i);
		if (length < 0)
			return (int)length;
		start -= length + 1;
		i += (size_t)length + 1;
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
