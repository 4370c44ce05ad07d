/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/statistics.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

static char *print(const struct mica_statistics *statistics)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	cr_assert_not_null(out);
	cr_assert_eq(mica_statistics_print(statistics, out), 0);
	cr_assert_eq(fclose(out), 0);
	return text;
}

static void add(struct mica_statistics *statistics, struct mica_event event)
{
	cr_assert_eq(mica_statistics_add(statistics, &event), 0);
}

static void add_copy_up(struct mica_statistics *statistics, const struct mica_container *container, unsigned layer,
			uint64_t bytes, uint64_t duration_ns)
{
	add(statistics,
	    (struct mica_event){
		    .record = { .type = MICA_EVENT_COPY_UP, .copy_up = { .bytes = bytes, .duration_ns = duration_ns } },
		    .container = container,
		    .object = { .kind = MICA_OBJECT_LAYER, .layer = layer, .layers = 5 },
	    });
}

Test(stream_statistics, nothing)
{
	struct mica_statistics *statistics = NULL;

	cr_assert_eq(mica_statistics_new(&statistics), 0);
	char *text = print(statistics);
	cr_assert_str_eq(text, "events: 0\nlost: 0\n");
	free(text);
	mica_statistics_free(&statistics);
	cr_assert_null(statistics);
	mica_statistics_free(&statistics);
}

Test(stream_statistics, table)
{
	struct mica_statistics *statistics = NULL;
	struct mica_container web = { .name = (char[]){ "web" } }, db = { .name = (char[]){ "db" } };

	cr_assert_eq(mica_statistics_new(&statistics), 0);
	for (int i = 0; i < 98; i++)
		add_copy_up(statistics, &web, 2, 4096, 212000);
	add_copy_up(statistics, &web, 2, 0, 9000000);
	add_copy_up(statistics, &web, 2, 0, 9000000);
	add_copy_up(statistics, &web, 1, 100, 0);
	struct mica_event event = { .container = &db,
				    .object = { .kind = MICA_OBJECT_VOLUME, .volume = (char[]){ "data" } } };
	event.record.type = MICA_EVENT_CREATE;
	add(statistics, event);
	event.record.type = MICA_EVENT_DELETE;
	add(statistics, event);
	event.record.error = -EROFS;
	add(statistics, event);
	event = (struct mica_event){ .record = { .type = MICA_EVENT_RENAME, .flags = MICA_RECORD_HOST },
				     .object.kind = MICA_OBJECT_HOST };
	add(statistics, event);
	event = (struct mica_event){
		.record = { .type = MICA_EVENT_WHITEOUT, .mnt_ns = 77 },
		.object = { .kind = MICA_OBJECT_LAYER, .layer = 1, .digest = "sha256:0123456789abcdef" }
	};
	add(statistics, event);
	event.record.type = MICA_EVENT_MOUNT;
	add(statistics, event);

	event = (struct mica_event){ .container = &db,
				     .object = { .kind = MICA_OBJECT_VOLUME, .volume = (char[]){ "data" } },
				     .record = { .type = MICA_EVENT_WRITE,
						 .write = { .bytes = 100, .bytes_requested = 28, .calls = 3 } } };
	add(statistics, event);
	add(statistics, event);
	event.record.error = -ENOSPC;
	add(statistics, event);

	cr_assert_eq(mica_statistics_events(statistics), 110u);
	char *text = print(statistics);
	cr_assert_str_eq(text, "CONTAINER  OBJECT                       COPY-UPS    BYTES     p50      p99  WHITEOUTS  "
			       "CREATED  DELETED  RENAMED  WRITTEN\n"
			       "db         volume data                         0        -       -        -          0  "
			       "      1        1        0    256 B\n"
			       "web        layer 1/5                           1    100 B    1 ns     1 ns          0  "
			       "      0        0        0        -\n"
			       "web        layer 2/5                         100  392 KiB  262 µs  16.8 ms          0  "
			       "      0        0        0        -\n"
			       "host       host                                0        -       -        -          0  "
			       "      0        0        1        -\n"
			       "ns:77      layer 1 sha256:0123456789ab         0        -       -        -          1  "
			       "      0        0        0        -\n"
			       "p50, p99: duration of a copy-up, rounded up to a power of two of nanoseconds\n"
			       "WRITTEN: as the kernel returned, for volumes as asked for\n"
			       "events: 110\n"
			       "lost: 0\n");
	free(text);
	mica_statistics_free(&statistics);
}

Test(stream_statistics, losses)
{
	struct mica_statistics *statistics = NULL;
	struct mica_event event = { .record.type = MICA_EVENT_LOST, .lost_count = 10, .lost_of = MICA_EVENT_CREATE };

	cr_assert_eq(mica_statistics_new(&statistics), 0);
	add(statistics, event);
	add(statistics, event);
	event.lost_of = MICA_EVENT_NONE;
	event.lost_cause = MICA_LOST_UNREADABLE;
	event.lost_count = 1;
	add(statistics, event);
	event.lost_cause = MICA_LOST_DETAIL;
	event.lost_count = 7;
	add(statistics, event);
	cr_assert_eq(mica_statistics_events(statistics), 0u);
	cr_assert_eq(mica_statistics_lost(statistics), 21u, "what lacks only a detail is not lost");
	char *text = print(statistics);
	cr_assert_str_eq(text,
			 "events: 0\nlost: 21\n"
			 "  20 create, ring-full: the ring buffer was full: mica or what reads its output is too slow\n"
			 "  1 unreadable: the record could not be read\n"
			 "  7 detail: not lost, but the reason, duration, bytes or action may be missing\n");
	free(text);
	mica_statistics_free(&statistics);
}

/* The engine's tables may be gone before the table is printed. */
Test(stream_statistics, keeps_its_own_names)
{
	struct mica_statistics *statistics = NULL;
	char name[] = "web";
	struct mica_container container = { .name = name };

	cr_assert_eq(mica_statistics_new(&statistics), 0);
	for (int i = 0; i < 2; i++) {
		add_copy_up(statistics, &container, 1, 1, 1);
		add_copy_up(statistics, &container, 2, 1, 1);
		strcpy(name, "xyz");
	}
	char *text = print(statistics);
	cr_assert_not_null(strstr(text, "\nweb        layer 1/5"));
	cr_assert_not_null(strstr(text, "\nxyz        layer 2/5"));
	free(text);
	mica_statistics_free(&statistics);
}

Test(stream_statistics, a_full_disk_is_reported)
{
	struct mica_statistics *statistics = NULL;
	FILE *out = fopen("/dev/full", "we");

	cr_assert_not_null(out);
	(void)setvbuf(out, NULL, _IONBF, 0);
	cr_assert_eq(mica_statistics_new(&statistics), 0);
	cr_assert_eq(mica_statistics_print(statistics, out), -EIO);
	mica_statistics_free(&statistics);
	(void)fclose(out);
}

Test(stream_statistics, what_it_costs)
{
	const struct mica_statistics_cost cost = { .elapsed_ns = 30000000000,
						   .cpu_ns = 120000000,
						   .memory_bytes = 9 << 20,
						   .ring_bytes = 8 << 20,
						   .ring_peak_bytes = 2 << 20 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	cr_assert_not_null(out);
	cr_assert_eq(mica_statistics_print_cost(&cost, out), 0);
	cr_assert_eq(mica_statistics_print_cost(&(struct mica_statistics_cost){}, out), 0);
	cr_assert_eq(fclose(out), 0);
	cr_assert_str_eq(text, "mica itself: 120 ms of CPU time in 30.0 s (0.4 %), at most 9.0 MiB of memory\n"
			       "ring buffer: at most 2.0 MiB of 8.0 MiB full (25.0 %)\n"
			       "mica itself: 0 ns of CPU time in 0 ns (0.0 %), at most 0 B of memory\n"
			       "ring buffer: at most 0 B of 0 B full (0.0 %)\n");
	free(text);
}

/* Each line as compact JSON with sorted keys, so that it can be compared. */
static char *print_json(const struct mica_statistics *statistics)
{
	const struct mica_statistics_cost cost = {
		.elapsed_ns = 5, .cpu_ns = 4, .memory_bytes = 3, .ring_bytes = 2, .ring_peak_bytes = 1
	};
	char *text = NULL, *compact = NULL, *rest, *line;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	cr_assert_not_null(out);
	cr_assert_eq(mica_statistics_print_json(statistics, &cost, UINT64_C(1795560000123456789), out), 0);
	cr_assert_eq(fclose(out), 0);
	out = open_memstream(&compact, &size);
	cr_assert_not_null(out);
	rest = text;
	while ((line = strsep(&rest, "\n")) && *line) {
		json_error_t error;
		json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, &error);

		cr_assert_not_null(json, "%s: %s", error.text, line);
		cr_assert_eq(json_dumpf(json, out, JSON_COMPACT | JSON_SORT_KEYS), 0);
		(void)fputc('\n', out);
		json_decref(json);
	}
	cr_assert_eq(fclose(out), 0);
	free(text);
	return compact;
}

#define TIME "\"time\":\"2026-11-24T22:40:00.123456789Z\",\"v\":1"
#define NO_WRITES "\"writes\":0}\n"

Test(stream_statistics, json)
{
	struct mica_statistics *statistics = NULL;
	const struct mica_container web = { .id = "9f86", .name = "web", .image = "nginx:1.27", .engine = "docker" };
	struct mica_event event = { .record.type = MICA_EVENT_LOST,
				    .lost_count = 7,
				    .lost_cause = MICA_LOST_SKIPPED,
				    .lost_of = MICA_EVENT_CREATE };

	cr_assert_eq(mica_statistics_new(&statistics), 0);
	add(statistics, event);
	event.lost_cause = MICA_LOST_DETAIL;
	event.lost_of = MICA_EVENT_NONE;
	add(statistics, event);
	add_copy_up(statistics, &web, 2, 4096, 212000);
	event = (struct mica_event){ .record = { .type = MICA_EVENT_WRITE,
						 .mnt_ns = 77,
						 .write = { .bytes = 100, .bytes_requested = 28, .calls = 3 } },
				     .object = { .kind = MICA_OBJECT_VOLUME, .volume = "data" } };
	add(statistics, event);
	event = (struct mica_event){ .record = { .type = MICA_EVENT_RENAME, .flags = MICA_RECORD_HOST },
				     .object = { .kind = MICA_OBJECT_LAYER, .layer = 1, .layers = 2, .role = "init" } };
	add(statistics, event);

	char *text = print_json(statistics);
	cr_assert_str_eq(
		text, "{\"bytes\":4096,\"bytes_requested\":0,\"bytes_written\":0,\"container\":{\"engine\":\"docker\","
		      "\"id\":\"9f86\",\"image\":\"nginx:1.27\",\"name\":\"web\"},\"copy_ups\":1,\"creates\":0,"
		      "\"deletes\":0,\"object\":{\"kind\":\"layer\",\"layer\":2,\"layers\":5},\"p50_ns\":262144,"
		      "\"p99_ns\":262144,\"renames\":0,\"statistics\":\"row\"," TIME ",\"whiteouts\":0," NO_WRITES
		      "{\"bytes\":0,\"bytes_requested\":0,\"bytes_written\":0,\"copy_ups\":0,\"creates\":0,"
		      "\"deletes\":0,\"host\":true,\"object\":{\"kind\":\"layer\",\"layer\":1,\"layers\":2,"
		      "\"role\":\"init\"},\"renames\":1,\"statistics\":\"row\"," TIME ",\"whiteouts\":0," NO_WRITES
		      "{\"bytes\":0,\"bytes_requested\":28,\"bytes_written\":100,\"copy_ups\":0,\"creates\":0,"
		      "\"deletes\":0,\"mnt_ns\":77,\"object\":{\"kind\":\"volume\",\"volume\":\"data\"},"
		      "\"renames\":0,\"statistics\":\"row\"," TIME ",\"whiteouts\":0,\"writes\":3}\n"
		      "{\"cpu_ns\":4,\"elapsed_ns\":5,\"events\":3,\"lost\":7,\"lost_by\":[{\"cause\":\"skipped\","
		      "\"count\":7,\"of\":\"create\"},{\"cause\":\"detail\",\"count\":7}],\"memory_bytes\":3,"
		      "\"ring_bytes\":2,\"ring_peak_bytes\":1,\"statistics\":\"total\"," TIME "}\n");
	free(text);
	mica_statistics_free(&statistics);
}

Test(stream_statistics, json_on_a_full_disk_is_reported)
{
	struct mica_statistics *statistics = NULL;
	FILE *out = fopen("/dev/full", "we");

	cr_assert_not_null(out);
	setbuf(out, NULL);
	cr_assert_eq(mica_statistics_new(&statistics), 0);
	cr_assert_eq(mica_statistics_print_json(statistics, &(struct mica_statistics_cost){}, 0, out), -EIO);
	mica_statistics_free(&statistics);
	(void)fclose(out);
}
