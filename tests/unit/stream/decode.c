/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/decode.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct mica_decoder decoder;

/* A record in the making; strings are put behind it. */
struct raw {
	struct mica_record record;
	char strings[2 * MICA_PATH_BYTES + 8];
};

static struct raw raw_new(enum mica_event_type type, const char *path, size_t path_bytes, const char *source,
			  size_t source_bytes)
{
	struct raw raw = { .record = { .abi = MICA_EVENT_ABI, .type = type, .time_ns = 12345, .pid = 1 } };

	memcpy(raw.strings, path, path_bytes);
	memcpy(raw.strings + path_bytes, source, source_bytes);
	raw.record.path_bytes = (__u16)path_bytes;
	raw.record.source_bytes = (__u16)source_bytes;
	raw.record.size = (__u32)(sizeof(raw.record) + path_bytes + source_bytes);
	return raw;
}

/* Decodes from memory of exactly that size, so that ASan sees any read behind it. */
static int decode(const struct raw *raw, size_t size, struct mica_event *event)
{
	char *copy = malloc(size ? size : 1);
	cr_assert_not_null(copy);
	memcpy(copy, raw, size);
	int r = mica_decode(&decoder, copy, size, event);
	free(copy);
	return r;
}

#define RAW(type, path, source) raw_new(type, path, sizeof(path) - 1, source, sizeof(source) - 1)

static void assert_bytes(struct mica_bytes bytes, const char *expected)
{
	cr_assert_eq(bytes.size, strlen(expected), "%.*s", (int)bytes.size, bytes.data);
	cr_assert_arr_eq(bytes.data ? bytes.data : "", expected, bytes.size);
}

Test(stream_decode, components_become_an_absolute_path)
{
	struct raw raw = RAW(MICA_EVENT_COPY_UP, "nginx.conf\0nginx\0etc\0", "");
	struct mica_event event;

	raw.record.copy_up.reason = MICA_REASON_OPEN_WRITE;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.path, "/etc/nginx/nginx.conf");
	assert_bytes(event.source, "");
	cr_assert_eq(event.time_ns, 12345u);
	cr_assert_eq(event.record.copy_up.reason, (__u32)MICA_REASON_OPEN_WRITE);
	cr_assert_null(event.container);
	cr_assert_eq(event.object.kind, MICA_OBJECT_NONE);
}

Test(stream_decode, no_component_is_the_root_or_nothing)
{
	struct raw raw = RAW(MICA_EVENT_MOUNT, "", "");
	struct mica_event event;

	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.path, "/");
	assert_bytes(event.source, "");
	raw.record.flags = MICA_RECORD_SOURCE_IS_PATH;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.source, "/");
	raw = RAW(MICA_EVENT_NAMESPACE_GONE, "", "");
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.path, "");
	raw = RAW(MICA_EVENT_UNION_UP, "merged\0", "");
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.path, "/merged");
}

Test(stream_decode, truncated_has_no_leading_slash)
{
	struct raw raw = RAW(MICA_EVENT_RENAME, "c\0b\0", "z\0y\0");
	struct mica_event event;

	raw.record.flags = MICA_RECORD_PATH_TRUNCATED | MICA_RECORD_SOURCE_IS_PATH | MICA_RECORD_SOURCE_TRUNCATED;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.path, "b/c");
	assert_bytes(event.source, "y/z");
	raw = RAW(MICA_EVENT_CREATE, "", "");
	raw.record.flags = MICA_RECORD_PATH_TRUNCATED;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.path, "");
}

Test(stream_decode, source_is_a_path_or_plain)
{
	struct raw raw = RAW(MICA_EVENT_MOUNT, "tmp\0", "../a//b");
	struct mica_event event;

	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.source, "../a//b");
	raw = RAW(MICA_EVENT_MOUNT, "tmp\0", "a\0b");
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG, "NUL in a plain string");
	raw = RAW(MICA_EVENT_RENAME, "new\0tmp\0", "old\0var\0");
	raw.record.flags = MICA_RECORD_SOURCE_IS_PATH;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.path, "/tmp/new");
	assert_bytes(event.source, "/var/old");
}

Test(stream_decode, largest)
{
	static char path[MICA_PATH_BYTES], source[MICA_PATH_BYTES + 1];
	struct mica_event event;

	for (size_t i = 0; i < sizeof(path); i += 2)
		path[i] = 'x';
	memset(source, 'y', sizeof(source));
	struct raw raw = raw_new(MICA_EVENT_LINK, path, sizeof(path), source, MICA_PATH_BYTES);
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	cr_assert_eq(event.path.size, (size_t)MICA_PATH_BYTES);
	cr_assert_eq(event.source.size, (size_t)MICA_PATH_BYTES);
	raw = raw_new(MICA_EVENT_LINK, path, 2, source, MICA_PATH_BYTES + 1);
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
}

Test(stream_decode, bad_components)
{
	static const struct {
		const char *path;
		size_t size;
	} cases[] = {
		{ "unterminated", 12 },
		{ "ok\0unterminated", 15 },
		{ "\0", 1 },
		{ "ok\0\0", 4 },
		{ "a/b\0", 4 },
		{ "/\0", 2 },
		{ ".\0", 2 },
		{ "..\0", 3 },
		{ "a\0..\0b\0", 7 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct raw raw = raw_new(MICA_EVENT_CREATE, cases[i].path, cases[i].size, "", 0);
		struct mica_event event = { .time_ns = 99 };
		cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG, "%zu", i);
		cr_assert_eq(event.time_ns, 99u, "untouched");
	}
	struct raw raw = RAW(MICA_EVENT_CREATE, "...\0.a\0..b\0", "");
	struct mica_event event;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.path, "/..b/.a/...");
}

Test(stream_decode, sizes_must_agree)
{
	struct raw raw = RAW(MICA_EVENT_CREATE, "a\0", "");
	struct mica_event event;

	for (size_t size = 0; size < raw.record.size; size++)
		cr_assert_eq(decode(&raw, size, &event), -EBADMSG, "%zu", size);
	cr_assert_eq(decode(&raw, raw.record.size + 6, &event), 0, "room behind the record");
	raw.record.size++;
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
	raw.record.size -= 2;
	cr_assert_eq(decode(&raw, raw.record.size + 1, &event), -EBADMSG);
}

Test(stream_decode, numbers_must_be_known)
{
	struct mica_event event;
	struct raw raw;

	raw = RAW(MICA_EVENT_CREATE, "", "");
	raw.record.abi = MICA_EVENT_ABI + 1;
	raw.record.type = 999;
	cr_assert_eq(decode(&raw, 8, &event), -EPROTO, "the version is looked at first");
	raw = RAW(MICA_EVENT_NONE, "", "");
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
	raw = RAW(_MICA_EVENT_MAX, "", "");
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
	raw = RAW(MICA_EVENT_COPY_UP, "", "");
	raw.record.copy_up.reason = _MICA_REASON_MAX;
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
	raw = RAW(MICA_EVENT_CREATE, "", "");
	raw.record.flags = 1u << 31;
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
	raw = RAW(MICA_EVENT_CREATE, "", "");
	raw.record.error = 1;
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
	raw.record.error = -4096;
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
	raw.record.error = -28;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	raw.record.layer = 3;
	raw.record.layers = 2;
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
	raw.record.layers = 0;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0, "number of layers not known");
}

/* What decode_path must do, byte by byte. */
static bool decode_slowly(const char *components, size_t size, char *out)
{
	size_t start = size;

	out[size] = '\0';
	for (size_t i = 0; i < size;) {
		size_t length = strnlen(components + i, size - i);
		const char *name = components + i;
		if (length == 0 || length == size - i || memchr(name, '/', length) || (length == 1 && name[0] == '.') ||
		    (length == 2 && name[0] == '.' && name[1] == '.'))
			return false;
		start -= length + 1;
		out[start] = '/';
		memcpy(out + start + 1, name, length);
		i += length + 1;
	}
	return true;
}

/* Components of all lengths at all places of a word and of a block, sometimes with something wrong in one. */
Test(stream_decode, as_byte_by_byte)
{
	static const char odd[] = { '\0', '/', '.', '\x80', '\xff', '\x01' };
	unsigned good = 0, bad = 0;
	uint64_t state = 7;

	for (int round = 0; round < 20000; round++) {
		char path[300], expected[sizeof(path) + 1];
		size_t size = 0;
		struct mica_event event;

		while (size < 200 && (size == 0 || (state >> 40) % 8)) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			size_t length = 1 + (state >> 33) % ((state >> 50) % 4 ? 12 : 90);
			memset(path + size, 'a' + (int)((state >> 44) % 26), length);
			path[size + length] = '\0';
			size += length + 1;
		}
		state = state * 6364136223846793005u + 1442695040888963407u;
		if ((state >> 33) % 2)
			path[(state >> 34) % size] = odd[(state >> 50) % sizeof(odd)];
		struct raw raw = raw_new(MICA_EVENT_CREATE, path, size, "", 0);
		int r = decode(&raw, raw.record.size, &event);
		if (decode_slowly(path, size, expected)) {
			cr_assert_eq(r, 0, "round %d", round);
			assert_bytes(event.path, expected);
			cr_assert_eq(event.path.data[event.path.size], '\0');
			good++;
		} else {
			cr_assert_eq(r, -EBADMSG, "round %d", round);
			bad++;
		}
	}
	cr_assert_gt(good, 5000u);
	cr_assert_gt(bad, 2000u);
}

static void assert_as_written(const char *strings, size_t size, bool truncated, const char *expected)
{
	struct raw raw = raw_new(MICA_EVENT_MOVE_MOUNT, strings, size, strings, size);
	struct mica_event event;

	raw.record.flags = MICA_RECORD_PATH_AS_WRITTEN | MICA_RECORD_SOURCE_AS_WRITTEN;
	if (truncated)
		raw.record.flags |= MICA_RECORD_PATH_TRUNCATED | MICA_RECORD_SOURCE_TRUNCATED;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0, "%s", expected);
	assert_bytes(event.path, expected);
	assert_bytes(event.source, expected);
	cr_assert_eq(event.path.data[event.path.size], '\0');
}

Test(stream_decode, paths_as_written_stand_behind_what_they_are_relative_to)
{
#define AS_WRITTEN(strings, truncated, expected) assert_as_written(strings, sizeof(strings) - 1, truncated, expected)
	AS_WRITTEN("../x//.\0b\0a\0", false, "/a/b/../x//.");
	AS_WRITTEN("x\0", false, "/x");
	AS_WRITTEN("/etc/x\0", false, "/etc/x");
	AS_WRITTEN("/etc/x\0jail\0srv\0", false, "/srv/jail/etc/x");
	AS_WRITTEN("/\0", false, "/");
	AS_WRITTEN("\0b\0a\0", false, "/a/b");
	AS_WRITTEN("\0", false, "/");
	/* The directory is cut, or not known at all. */
	AS_WRITTEN("x\0b\0a\0", true, "a/b/x");
	AS_WRITTEN("/x\0b\0a\0", true, "a/b/x");
	AS_WRITTEN("x/y\0", true, "x/y");
	AS_WRITTEN("//x\0", true, "x");
	AS_WRITTEN("\0", true, "");
#undef AS_WRITTEN
}

Test(stream_decode, bad_paths_as_written)
{
	static char longest[MICA_PATH_BYTES];
	struct mica_event event;
	struct raw raw = RAW(MICA_EVENT_UMOUNT, "unterminated", "");

	raw.record.flags = MICA_RECORD_PATH_AS_WRITTEN;
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
	raw = RAW(MICA_EVENT_UMOUNT, "", "");
	raw.record.flags = MICA_RECORD_PATH_AS_WRITTEN;
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
	raw = RAW(MICA_EVENT_UMOUNT, "x\0..\0", "");
	raw.record.flags = MICA_RECORD_PATH_AS_WRITTEN;
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG, "the directory is a real one");
	memset(longest, 'x', sizeof(longest) - 1);
	raw = raw_new(MICA_EVENT_UMOUNT, longest, sizeof(longest), "", 0);
	raw.record.flags = MICA_RECORD_PATH_AS_WRITTEN;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	cr_assert_eq(event.path.size, (size_t)MICA_PATH_BYTES);
}

Test(stream_decode, parameters_are_no_paths)
{
	struct raw raw = RAW(MICA_EVENT_FSCONFIG, "lowerdir", "/a:/b");
	struct mica_event event;

	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.path, "");
	assert_bytes(event.source, "");
	assert_bytes(event.key, "lowerdir");
	assert_bytes(event.value, "/a:/b");
	raw = RAW(MICA_EVENT_FSCONFIG, "", "");
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.key, "");
	raw = RAW(MICA_EVENT_FSCONFIG, "a\0b", "");
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
	raw = RAW(MICA_EVENT_FSOPEN, "", "");
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.path, "");
	raw = RAW(MICA_EVENT_FSPICK, "", "");
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.path, "/");
}

Test(stream_decode, bodies_of_mount_calls)
{
	struct mica_event event;
	struct raw raw = RAW(MICA_EVENT_MOUNT, "", "");

	raw.record.mount.flags_kind = MICA_MOUNT_FLAGS_AUX;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	raw.record.mount.flags_kind = MICA_MOUNT_FLAGS_ATTR;
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG, "not in a record");
	raw.record.flags = MICA_RECORD_MOUNT_ATTR;
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG, "not of this call");
	raw.record.type = MICA_EVENT_OPEN_TREE;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	raw.record.type = MICA_EVENT_MOUNT_SETATTR;
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
}

Test(stream_decode, a_cgroup_has_a_plain_path)
{
	struct raw raw = RAW(MICA_RECORD_CGROUP, "", "/machine.slice/libpod-1.scope");
	struct mica_event event;

	raw.record.cgroup = (struct mica_cgroup){ .id = 77, .parent = 1 };
	cr_assert_eq(decode(&raw, raw.record.size, &event), 0);
	assert_bytes(event.source, "/machine.slice/libpod-1.scope");
	assert_bytes(event.path, "");
	cr_assert_eq(event.record.cgroup.id, 77u);
	cr_assert_eq(event.record.cgroup.parent, 1u);
	raw = RAW(MICA_RECORD_CGROUP, "", "/a\0b");
	cr_assert_eq(decode(&raw, raw.record.size, &event), -EBADMSG);
}
