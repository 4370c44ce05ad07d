/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <time.h>

#include "base/utf8.h"
#include "hostile.h"
#include "stream/sink.h"

static void use_utc(void)
{
	cr_assert_eq(setenv("TZ", "UTC", 1), 0);
	tzset();
}

TestSuite(stream_sink_text, .init = use_utc);

static char *print(const struct mica_event *event, unsigned width, bool colour)
{
	struct mica_text_options options = { .colour = colour, .width = width };
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	cr_assert_not_null(out);
	cr_assert_eq(event ? mica_sink_text(out, event, &options) : mica_sink_text_heading(out, &options), 0);
	cr_assert_eq(fclose(out), 0);
	cr_assert_eq(strlen(line), size, "no NUL in a line");
	return line;
}

static struct mica_bytes bytes(const char *text)
{
	return (struct mica_bytes){ .data = text, .size = strlen(text) };
}

static struct mica_event sample(enum mica_event_type type, const char *path)
{
	static char name[] = "web";
	static struct mica_container web = { .name = name };

	return (struct mica_event){
		.record = { .type = (__u16)type, .pid = 4711, .comm = "sed" },
		.time_ns = UINT64_C(1795550400123456789),
		.path = bytes(path),
		.container = &web,
		.object = { .kind = MICA_OBJECT_LAYER, .layer = 2, .layers = 5 },
	};
}

static void assert_line(const struct mica_event *event, const char *expected)
{
	char *line = print(event, 120, false);

	cr_assert_str_eq(line, expected);
	free(line);
}

Test(stream_sink_text, copy_ups)
{
	struct mica_event event = sample(MICA_EVENT_COPY_UP, "/etc/nginx/nginx.conf");

	event.record.copy_up = (struct mica_copy_up){ 4096, 4096, 212000, MICA_REASON_OPEN_WRITE, 0 };
	assert_line(&event,
		    "20:00:00.123  web            sed[4711]       copy-up   layer 2/5    /etc/nginx/nginx.conf     "
		    "4.0 KiB in 212 µs, open-write\n");
	event.record.flags = MICA_RECORD_DIRECTORY | MICA_RECORD_NO_DURATION;
	event.record.copy_up.reason = MICA_REASON_PARENT;
	assert_line(&event,
		    "20:00:00.123  web            sed[4711]       copy-up   layer 2/5    /etc/nginx/nginx.conf/    "
		    "directory, parent\n");
	event.record.flags = 0;
	event.record.copy_up.bytes = 0;
	event.record.error = -ENOSPC;
	assert_line(&event,
		    "20:00:00.123  web            sed[4711]       copy-up   layer 2/5    /etc/nginx/nginx.conf     "
		    "0 B of 4.0 KiB in 212 µs, parent, failed: ENOSPC\n");
}

Test(stream_sink_text, totals_of_writes)
{
	struct mica_event event = sample(MICA_EVENT_WRITE, "/var/log/messages");
	const char *const start =
		"20:00:00.123  web            sed[4711]       write     upper        /var/log/messages         ";
	char line[256];

	event.object = (struct mica_object){ .kind = MICA_OBJECT_UPPER, .layers = 5 };
	event.record.write = (struct mica_write){ .bytes = 4096, .calls = 2 };
	(void)snprintf(line, sizeof(line), "%s%s", start, "4.0 KiB in 2 calls\n");
	assert_line(&event, line);
	event.record.write = (struct mica_write){ .bytes = 1, .bytes_requested = 1024, .dirty_pages = 1, .calls = 1 };
	event.record.flags = MICA_RECORD_CLOSED;
	(void)snprintf(line, sizeof(line), "%s%s", start, "1 B, 1.0 KiB requested in 1 call, 1 page dirtied, closed\n");
	assert_line(&event, line);
}

Test(stream_sink_text, whiteout_lives_in_the_upper)
{
	struct mica_event event = sample(MICA_EVENT_WHITEOUT, "/etc/x");

	assert_line(&event,
		    "20:00:00.123  web            sed[4711]       whiteout  upper        /etc/x                    "
		    "hides layer 2/5\n");
}

Test(stream_sink_text, two_names)
{
	struct mica_event event = sample(MICA_EVENT_RENAME, "/b");

	event.source = bytes("/a");
	event.record.flags = MICA_RECORD_PATH_TRUNCATED;
	assert_line(&event, "20:00:00.123  web            sed[4711]       rename    layer 2/5    /a → …//b\n");
	event.record.flags = MICA_RECORD_EXCHANGE;
	assert_line(&event, "20:00:00.123  web            sed[4711]       rename    layer 2/5    /a ↔ /b\n");
}

Test(stream_sink_text, mounts_and_losses)
{
	struct mica_event event = sample(MICA_EVENT_MOUNT, "/tmp");

	event.source = bytes("none");
	event.object.kind = MICA_OBJECT_TMPFS;
	event.record.mount = (struct mica_mount){ .flags = MS_NOSUID | MS_NODEV, .fstype = "tmpfs" };
	assert_line(&event,
		    "20:00:00.123  web            sed[4711]       mount     tmpfs        none → /tmp               "
		    "tmpfs nosuid,nodev\n");
	event = (struct mica_event){ .record.type = MICA_EVENT_LOST, .lost_count = 3, .lost_of = MICA_EVENT_WRITE };
	assert_line(&event,
		    "00:00:00.000  -              -               lost      -                                      "
		    "3 write events lost: ring-full\n");
}

Test(stream_sink_text, decisions)
{
	struct mica_event deny = sample(MICA_EVENT_DENY, "/usr/bin/x"), audit = sample(MICA_EVENT_AUDIT, "/a");

	deny.record.error = -EROFS;
	deny.decision = (struct mica_event_decision){ "write", "web", "binaries", "web.yaml:9", 0 };
	audit.record.error = -EPERM;
	audit.decision = (struct mica_event_decision){ "mount", "web", "mounts/otherwise", "a\nb.yaml:3", 7 };
	assert_line(&deny,
		    "20:00:00.123  web            sed[4711]       deny      layer 2/5    /usr/bin/x                "
		    "write: EROFS by web/binaries, web.yaml:9\n");
	assert_line(&audit,
		    "20:00:00.123  web            sed[4711]       audit     layer 2/5    /a                        "
		    "mount: would get EPERM by web/mounts/otherwise, a\\nb.yaml:3 (7 more like it not shown)\n");
}

Test(stream_sink_text, mount_api)
{
	struct mica_event event = sample(MICA_EVENT_MOUNT_SETATTR, "/x");

	event.object.kind = MICA_OBJECT_NONE;
	event.record.flags = MICA_RECORD_MOUNT_ATTR | MICA_RECORD_DETACHED | MICA_RECORD_PATH_AS_WRITTEN;
	event.record.mount_attr =
		(struct mica_mount_attr){ .set = 3, .cleared = 0x70, .propagation = MS_SLAVE, .flags = 0x8000 };
	assert_line(&event,
		    "20:00:00.123  web            sed[4711]       mount-setattr  -       /x                        "
		    "recursive,ro,nosuid, not atime, slave, detached, path as written\n");
	event.record.flags = MICA_RECORD_MOUNT_ATTR;
	event.record.mount_attr = (struct mica_mount_attr){ .cleared = 2 };
	event.record.error = -EINVAL;
	assert_line(&event,
		    "20:00:00.123  web            sed[4711]       mount-setattr  -       /x                        "
		    "not nosuid, failed: EINVAL\n");
	event = sample(MICA_EVENT_FSCONFIG, "");
	event.object.kind = MICA_OBJECT_NONE;
	event.record.mount =
		(struct mica_mount){ .fstype = "overlay", .command = 1, .flags_kind = MICA_MOUNT_FLAGS_AUX };
	event.key = bytes("lowerdir");
	event.value = bytes("/a\n:/b");
	assert_line(&event,
		    "20:00:00.123  web            sed[4711]       fsconfig  -                                      "
		    "overlay set-string lowerdir=/a\\n:/b\n");
	event.key = event.value = (struct mica_bytes){};
	event.record.mount = (struct mica_mount){ .command = 6, .flags_kind = MICA_MOUNT_FLAGS_AUX };
	assert_line(&event,
		    "20:00:00.123  web            sed[4711]       fsconfig  -                                      "
		    "create\n");
}

Test(stream_sink_text, volumes)
{
	struct mica_event event = sample(MICA_EVENT_MOUNT, "/data");

	event.object = (struct mica_object){ .kind = MICA_OBJECT_VOLUME, .volume = "db", .directory = "/var/db/_data" };
	event.source = bytes("/var/db/_data");
	event.record.mount.flags = MS_BIND;
	assert_line(&event,
		    "20:00:00.123  web            sed[4711]       mount     volume db    /data                     "
		    "bind\n");
	event.object.volume = "/srv/shop/a";
	event.object.directory = "/srv/shop/a";
	assert_line(&event,
		    "20:00:00.123  web            sed[4711]       mount     volume …/a   /var/db/_data → /data     "
		    "bind\n");
	event.object.volume = "/a";
	event.record.type = MICA_EVENT_CREATE;
	assert_line(&event,
		    "20:00:00.123  web            sed[4711]       create    volume /a    /var/db/_data → /data\n");
	event = sample(MICA_EVENT_MOUNT, "/");
	event.object = (struct mica_object){};
	event.source = bytes("/merged");
	event.host_path = "/merged";
	assert_line(&event, "20:00:00.123  web            sed[4711]       mount     -            /\n");
	event.source = bytes("proc");
	assert_line(&event, "20:00:00.123  web            sed[4711]       mount     -            proc → /\n");
}

Test(stream_sink_text, an_overlong_field_moves_its_neighbours_only)
{
	struct mica_event event = sample(MICA_EVENT_DELETE, "/x");
	struct mica_container container = { .name = (char[]){ "shop_postgres_1" } };

	event.container = &container;
	event.record.pid = 1;
	assert_line(&event, "20:00:00.123  shop_postgres_1  sed[1]        delete    layer 2/5    /x\n");
}

Test(stream_sink_text, heading_is_above_its_columns)
{
	struct mica_event event = sample(MICA_EVENT_WHITEOUT, "/etc/x");
	static const char *const pairs[][2] = { { "CONTAINER", "web" }, { "PROCESS", "sed" }, { "EVENT", "whiteout" },
						{ "OBJECT", "upper" },  { "PATH", "/etc/x" }, { "DETAILS", "hides" } };

	for (unsigned width = 0; width <= 240; width += 40) {
		char *heading = print(NULL, width, false), *line = print(&event, width, false);
		for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
			cr_assert_eq(strstr(heading, pairs[i][0]) - heading, strstr(line, pairs[i][1]) - line,
				     "%s at %u", pairs[i][0], width);
		free(heading);
		free(line);
	}
}

Test(stream_sink_text, colour_changes_nothing_but_colour)
{
	struct mica_event event = sample(MICA_EVENT_DELETE, "/x");
	char *plain = print(&event, 120, false), *coloured = print(&event, 120, true), *end = coloured;

	cr_assert_null(strchr(plain, '\033'));
	cr_assert_not_null(strstr(coloured, "\033[31mdelete\033[0m"));
	for (const char *from = coloured; *from; from++) { /* without its escapes */
		if (*from == '\033')
			from = strchr(from, 'm');
		else
			*end++ = *from;
	}
	*end = '\0';
	cr_assert_str_eq(coloured, plain);
	free(plain);
	free(coloured);
}

Test(stream_sink_text, nothing_forges_a_line)
{
	for (int type = 1; type < _MICA_EVENT_MAX; type++) {
		for (size_t i = 0; i < HOSTILE_COUNT; i++) {
			char *name = (char *)hostile_names[i];
			struct mica_container container = { .name = name };
			struct mica_event event = sample(type, name);
			event.source = bytes(name);
			event.key = event.value = bytes(name);
			event.container = &container;
			event.container_path = name;
			event.object = (struct mica_object){ .kind = MICA_OBJECT_VOLUME, .volume = name };
			memcpy(memset(event.record.comm, 0, MICA_COMM_BYTES), name, strnlen(name, MICA_COMM_BYTES));
			char *line = print(&event, 120, false);
			size_t size = strlen(line) - 1;
			cr_assert_eq(line[size], '\n');
			for (size_t at = 0; at < size;) {
				uint32_t character = 0;
				size_t length = mica_utf8_decode(line + at, size - at, &character);
				cr_assert_gt(length, 0u, "UTF-8");
				cr_assert_not(mica_utf8_is_unsafe(character), "U+%04X", character);
				at += length;
			}
			free(line);
		}
	}
}

Test(stream_sink_text, a_full_disk_is_reported)
{
	struct mica_event event = sample(MICA_EVENT_DELETE, "/x");
	FILE *out = fopen("/dev/full", "we");

	cr_assert_not_null(out);
	(void)setvbuf(out, NULL, _IONBF, 0);
	cr_assert_eq(mica_sink_text(out, &event, &(struct mica_text_options){}), -EIO);
	(void)fclose(out);
}
