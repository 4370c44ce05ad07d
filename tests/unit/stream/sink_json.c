/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <sys/mount.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "hostile.h"
#include "stream/sink.h"

static const char *cgroup_path(uint64_t cgroup_id, void *userdata)
{
	cr_assert_eq(userdata, NULL);
	return cgroup_id == 7 ? "/system.slice/docker-9f86.scope" : NULL;
}

static char *print(const struct mica_event *event)
{
	struct mica_sink_context context = { .cgroup_path = cgroup_path };
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	cr_assert_not_null(out);
	cr_assert_eq(mica_sink_json(out, event, &context), 0);
	cr_assert_eq(fclose(out), 0);
	cr_assert_eq(strlen(line), size, "no NUL in a line");
	cr_assert_eq(strchr(line, '\n'), line + size - 1, "one line");
	return line;
}

/* The parsed line, checked for what every line must be: one line, no duplicate key, no null, no "". */
static void assert_no_empty(const json_t *value)
{
	const char *key;
	json_t *member;

	cr_assert_not(json_is_null(value));
	if (json_is_string(value))
		cr_assert_gt(json_string_length(value), 0u);
	json_object_foreach((json_t *)value, key, member) assert_no_empty(member);
}

static json_t *parse(const struct mica_event *event)
{
	char *line = print(event);
	json_error_t error;
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);

	cr_assert_not_null(object, "%s: %s", error.text, line);
	assert_no_empty(object);
	free(line);
	return object;
}

static struct mica_bytes bytes(const char *text)
{
	return (struct mica_bytes){ .data = text, .size = strlen(text) };
}

static struct mica_event sample(void)
{
	static char id[] = "9f86d08", name[] = "web", image[] = "nginx:1.27";
	static struct mica_container web = { .id = id, .name = name, .image = image, .engine = "docker" };

	return (struct mica_event){
		.record = {
			.type = MICA_EVENT_COPY_UP, .action = 81234, .mnt_ns_id = 12, .cgroup_id = 7, .inode = 99,
			.mnt_ns = 4026532281u, .pid = 4711, .tid = 4712, .comm = "sed",
			.copy_up = { .size = 4097, .bytes = 4096, .duration_ns = 212000, .reason = MICA_REASON_OPEN_WRITE },
		},
		.time_ns = UINT64_C(1795550400123456789),
		.path = bytes("/etc/nginx/nginx.conf"),
		.container = &web,
		.object = { .kind = MICA_OBJECT_LAYER, .layer = 2, .layers = 5, .digest = "sha256:ab", .directory = "/l/diff" },
		.host_path = "/var/lib/merged/etc/nginx/nginx.conf",
	};
}

/* Byte for byte: the names and their order are the contract. */
Test(stream_sink_json, the_example_of_the_design)
{
	struct mica_event event = sample();
	char *line = print(&event);

	cr_assert_str_eq(
		line,
		"{\"v\":1,\"time\":\"2026-11-24T20:00:00.123456789Z\",\"event\":\"copy-up\","
		"\"container\":{\"id\":\"9f86d08\",\"name\":\"web\",\"image\":\"nginx:1.27\",\"engine\":\"docker\"},"
		"\"mnt_ns\":4026532281,\"mnt_ns_id\":12,\"cgroup\":\"/system.slice/docker-9f86.scope\","
		"\"process\":{\"pid\":4711,\"tid\":4712,\"comm\":\"sed\",\"uid\":0},"
		"\"object\":{\"kind\":\"layer\",\"layer\":2,\"layers\":5,\"digest\":\"sha256:ab\","
		"\"directory\":\"/l/diff\"},"
		"\"path\":\"/etc/nginx/nginx.conf\",\"host_path\":\"/var/lib/merged/etc/nginx/nginx.conf\","
		"\"inode\":\"99\",\"action\":81234,\"reason\":\"open-write\",\"bytes\":4096,\"size\":4097,"
		"\"duration_ns\":212000,\"errno\":0}\n");
	free(line);
}

static void assert_body(const struct mica_event *event, const char *expected)
{
	char *line = print(event);

	cr_assert_not_null(strstr(line, expected), "%s is not in %s", expected, line);
	free(line);
}

Test(stream_sink_json, totals_of_writes)
{
	struct mica_event event = sample();

	event.record.type = MICA_EVENT_WRITE;
	event.record.action = 0;
	event.record.write = (struct mica_write){ .bytes = 4096, .size = 5000, .calls = 2 };
	assert_body(&event, "\"inode\":\"99\",\"bytes\":4096,\"calls\":2,\"size\":5000,\"errno\":0}\n");
	event.record.write = (struct mica_write){ .bytes_requested = UINT64_MAX, .dirty_pages = UINT32_MAX };
	event.record.flags = MICA_RECORD_CLOSED;
	assert_body(&event, "\"inode\":\"99\",\"bytes_requested\":18446744073709551615,\"dirty_pages\":4294967295,"
			    "\"size\":0,\"closed\":true,\"errno\":0}\n");
}

/* The path's value must be the name; or the name must be in path_bytes, and the path be what replaces it. */
static void assert_name(const json_t *object, const char *key, const char *key_bytes, const char *name)
{
	const char *text = json_string_value(json_object_get(object, key));
	const char *encoded = json_string_value(json_object_get(object, key_bytes));

	cr_assert_not_null(text);
	if (mica_utf8_valid(name, strlen(name))) {
		cr_assert_str_eq(text, name);
		cr_assert_null(encoded);
		return;
	}
	_cleanup_buffer_ struct mica_buffer expected = {};
	cr_assert_eq(mica_base64_append(&expected, name, strlen(name)), 0);
	cr_assert_not_null(encoded);
	cr_assert_str_eq(encoded, mica_buffer_string(&expected));
	cr_assert_not_null(strstr(text, MICA_UTF8_REPLACEMENT));
}

Test(stream_sink_json, every_type_with_every_hostile_name)
{
	for (int type = 1; type < _MICA_EVENT_MAX; type++) {
		if (type == MICA_RECORD_UNION_LAYER || type == MICA_RECORD_CGROUP)
			continue;
		for (size_t i = 0; i < HOSTILE_COUNT; i++) {
			const char *name = hostile_names[i];
			struct mica_event event = sample();
			event.record.type = (__u16)type;
			event.path = event.source = bytes(name);
			event.host_path = event.container_path = event.object.directory = name;
			memcpy(memset(event.record.comm, 0, MICA_COMM_BYTES), name,
			       strnlen(name, MICA_COMM_BYTES)); /* also without a NUL */
			json_t *object = parse(&event);
			cr_assert_str_eq(json_string_value(json_object_get(object, "event")),
					 mica_event_type_name(type));
			assert_name(object, "path", "path_bytes", name);
			assert_name(object, "source", "source_bytes", name);
			assert_name(object, "host_path", "host_path_bytes", name);
			assert_name(object, "container_path", "container_path_bytes", name);
			assert_name(json_object_get(object, "object"), "directory", "directory_bytes", name);
			char comm[MICA_COMM_BYTES + 1] = {};
			memcpy(comm, event.record.comm, MICA_COMM_BYTES);
			assert_name(json_object_get(object, "process"), "comm", "comm_bytes", comm);
			json_decref(object);
		}
	}
}

static void assert_number(const json_t *object, const char *key, json_int_t expected)
{
	const json_t *value = json_object_get(object, key);

	cr_assert(json_is_integer(value), "%s", key);
	cr_assert_eq(json_integer_value(value), expected, "%s", key);
}

static void assert_text(const json_t *object, const char *key, const char *expected)
{
	const char *text = json_string_value(json_object_get(object, key));

	cr_assert_not_null(text, "%s", key);
	cr_assert_str_eq(text, expected, "%s", key);
}

static void assert_absent(const json_t *object, const char *key)
{
	cr_assert_null(json_object_get(object, key), "%s", key);
}

Test(stream_sink_json, what_does_not_apply_is_absent)
{
	struct mica_event event = { .record = { .type = MICA_EVENT_CREATE } };
	char *line = print(&event);

	cr_assert_str_eq(line,
			 "{\"v\":1,\"time\":\"1970-01-01T00:00:00.000000000Z\",\"event\":\"create\",\"errno\":0}\n");
	free(line);
}

Test(stream_sink_json, times)
{
	struct mica_event event = { .record = { .type = MICA_EVENT_CREATE } };

	event.time_ns = UINT64_C(1709164800) * 1000000000 + 5; /* a leap day */
	json_t *object = parse(&event);
	assert_text(object, "time", "2024-02-29T00:00:00.000000005Z");
	json_decref(object);
	event.time_ns = UINT64_MAX;
	object = parse(&event);
	assert_text(object, "time", "2554-07-21T23:34:33.709551615Z");
	json_decref(object);
}

Test(stream_sink_json, inode_numbers_keep_all_their_bits)
{
	struct mica_event event = sample();

	event.record.inode = UINT64_MAX; /* xino */
	json_t *object = parse(&event);
	assert_text(object, "inode", "18446744073709551615");
	json_decref(object);
}

Test(stream_sink_json, marks)
{
	struct mica_event event = sample();

	event.record.flags = MICA_RECORD_PATH_TRUNCATED | MICA_RECORD_SOURCE_TRUNCATED | MICA_RECORD_PATH_RACED |
			     MICA_RECORD_METADATA_ONLY | MICA_RECORD_DIRECTORY | MICA_RECORD_NO_DURATION;
	event.record.error = -ENOSPC;
	json_t *object = parse(&event);
	static const char *const keys[] = { "path_truncated", "source_truncated", "path_raced", "metadata_only",
					    "is_directory" };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		cr_assert(json_is_true(json_object_get(object, keys[i])), "%s", keys[i]);
	assert_absent(object, "duration_ns");
	assert_absent(object, "exchange");
	assert_text(object, "errno", "ENOSPC");
	json_decref(object);

	event.record.type = MICA_EVENT_RENAME;
	event.record.flags = MICA_RECORD_EXCHANGE;
	event.record.error = -512; /* ERESTARTSYS */
	object = parse(&event);
	cr_assert(json_is_true(json_object_get(object, "exchange")));
	assert_absent(object, "reason");
	assert_text(object, "errno", "E512");
	json_decref(object);
}

Test(stream_sink_json, mounts)
{
	struct mica_event event = sample();

	event.record.type = MICA_EVENT_MOUNT;
	event.record.mount = (struct mica_mount){ .flags = MS_BIND | MS_REC | MS_RDONLY | UINT64_C(1) << 40,
						  .fstype = "sixteen-bytes-xx" };
	json_t *object = parse(&event);
	assert_text(object, "type", "sixteen-bytes-xx");
	json_t *expected = json_pack("[ssss]", "ro", "bind", "rec", "0x10000000000");
	cr_assert(json_equal(json_object_get(object, "flags"), expected));
	json_decref(expected);
	json_decref(object);

	event.record.type = MICA_EVENT_UMOUNT;
	event.record.mount = (struct mica_mount){ .flags = MNT_DETACH, .flags_kind = MICA_MOUNT_FLAGS_UMOUNT };
	object = parse(&event);
	assert_absent(object, "type");
	expected = json_pack("[s]", "detach");
	cr_assert(json_equal(json_object_get(object, "flags"), expected));
	json_decref(expected);
	json_decref(object);

	event.record.mount.flags = 0;
	object = parse(&event);
	assert_absent(object, "flags");
	json_decref(object);
}

static void assert_array(const json_t *object, const char *key, json_t *expected)
{
	cr_assert(json_equal(json_object_get(object, key), expected), "%s", key);
	json_decref(expected);
}

Test(stream_sink_json, attributes_of_mounts)
{
	struct mica_event event = sample();

	event.record.type = MICA_EVENT_MOUNT_SETATTR;
	event.record.flags = MICA_RECORD_MOUNT_ATTR | MICA_RECORD_PATH_AS_WRITTEN | MICA_RECORD_DETACHED;
	event.record.mount_attr =
		(struct mica_mount_attr){ .set = 0x1, .cleared = 0x70, .propagation = MS_PRIVATE, .flags = 0x8000 };
	json_t *object = parse(&event);
	assert_array(object, "flags", json_pack("[ss]", "recursive", "ro"));
	assert_array(object, "flags_cleared", json_pack("[s]", "atime"));
	assert_array(object, "propagation", json_pack("[s]", "private"));
	assert_absent(object, "type");
	cr_assert(json_is_true(json_object_get(object, "path_as_written")));
	cr_assert(json_is_true(json_object_get(object, "path_detached")));
	assert_absent(object, "source_as_written");
	json_decref(object);

	event.record.flags = MICA_RECORD_SOURCE_AS_WRITTEN;
	event.record.type = MICA_EVENT_PIVOT_ROOT;
	event.record.mount = (struct mica_mount){ .fstype = "overlay" };
	object = parse(&event);
	assert_text(object, "type", "overlay");
	assert_absent(object, "flags");
	assert_absent(object, "flags_cleared");
	assert_absent(object, "propagation");
	cr_assert(json_is_true(json_object_get(object, "source_as_written")));
	json_decref(object);
}

Test(stream_sink_json, parameters)
{
	struct mica_event event = sample();

	event.record.type = MICA_EVENT_FSCONFIG;
	event.record.flags = MICA_RECORD_SOURCE_TRUNCATED;
	event.record.mount =
		(struct mica_mount){ .command = 1, .fstype = "overlay", .flags_kind = MICA_MOUNT_FLAGS_AUX };
	event.path = event.source = (struct mica_bytes){};
	event.key = bytes("lowerdir");
	event.value = bytes("/a:/b");
	json_t *object = parse(&event);
	assert_text(object, "event", "fsconfig");
	assert_text(object, "type", "overlay");
	assert_text(object, "command", "set-string");
	assert_text(object, "key", "lowerdir");
	assert_text(object, "value", "/a:/b");
	cr_assert(json_is_true(json_object_get(object, "value_truncated")));
	assert_absent(object, "source_truncated");
	assert_absent(object, "path");
	assert_absent(object, "fd");
	assert_absent(object, "size");
	json_decref(object);
	event.value = (struct mica_bytes){};
	event.record.mount.command = 5;
	event.record.mount.flags = 7;
	object = parse(&event);
	assert_text(object, "command", "set-fd");
	assert_number(object, "fd", 7);
	assert_absent(object, "value");
	assert_absent(object, "flags");
	json_decref(object);
	event.record.mount.command = 2;
	object = parse(&event);
	assert_number(object, "size", 7);
	json_decref(object);
}

Test(stream_sink_json, lost)
{
	struct mica_event event = { .record = { .type = MICA_EVENT_LOST },
				    .lost_count = 12,
				    .lost_of = MICA_EVENT_WRITE };
	json_t *object = parse(&event);

	assert_number(object, "count", 12);
	assert_text(object, "cause", "ring-full");
	assert_text(object, "of", "write");
	assert_absent(object, "errno");
	json_decref(object);
	event.lost_of = MICA_EVENT_NONE;
	object = parse(&event);
	assert_absent(object, "of");
	json_decref(object);
}

Test(stream_sink_json, objects)
{
	struct mica_event event = sample();

	event.object = (struct mica_object){ .kind = MICA_OBJECT_VOLUME, .volume = "db-data", .directory = "/v/_data" };
	json_t *object = parse(&event), *where = json_object_get(object, "object");
	assert_text(where, "kind", "volume");
	assert_text(where, "volume", "db-data");
	assert_absent(where, "layers");
	json_decref(object);
	event.object = (struct mica_object){ .kind = MICA_OBJECT_UPPER, .layers = 5 };
	object = parse(&event), where = json_object_get(object, "object");
	assert_number(where, "layers", 5);
	assert_absent(where, "layer");
	json_decref(object);
}

Test(stream_sink_json, a_full_disk_is_reported)
{
	struct mica_event event = sample();
	FILE *out = fopen("/dev/full", "we");

	cr_assert_not_null(out);
	(void)setvbuf(out, NULL, _IONBF, 0);
	cr_assert_eq(mica_sink_json(out, &event, NULL), -EIO);
	(void)fclose(out);
}

Test(stream_sink_json, decisions)
{
	struct mica_event event = sample();
	json_t *object;

	event.record.type = MICA_EVENT_DENY;
	event.record.error = -EROFS;
	event.decision = (struct mica_event_decision){ "write", "web", "binaries", "a \"b\".yaml:9", 3 };
	object = parse(&event);
	cr_assert_str_eq(json_string_value(json_object_get(object, "event")), "deny");
	cr_assert_str_eq(json_string_value(json_object_get(object, "operation")), "write");
	cr_assert_str_eq(json_string_value(json_object_get(object, "policy")), "web");
	cr_assert_str_eq(json_string_value(json_object_get(object, "rule")), "binaries");
	cr_assert_str_eq(json_string_value(json_object_get(object, "where")), "a \"b\".yaml:9");
	cr_assert_str_eq(json_string_value(json_object_get(object, "errno")), "EROFS");
	json_decref(object);
	event.decision = (struct mica_event_decision){};
	object = parse(&event);
	cr_assert_null(json_object_get(object, "policy"));
	json_decref(object);
}
