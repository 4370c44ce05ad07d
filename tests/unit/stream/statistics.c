/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/statistics.h"

#include <criterion/criterion.h>
#include <errno.h>
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

	cr_assert_eq(mica_statistics_events(statistics), 107u);
	char *text = print(statistics);
	cr_assert_str_eq(text, "CONTAINER  OBJECT                       COPY-UPS    BYTES     p50      p99  WHITEOUTS  "
			       "CREATED  DELETED  RENAMED\n"
			       "db         volume data                         0        -       -        -          0  "
			       "      1        1        0\n"
			       "web        layer 1/5                           1    100 B    1 ns     1 ns          0  "
			       "      0        0        0\n"
			       "web        layer 2/5                         100  392 KiB  262 µs  16.8 ms          0  "
			       "      0        0        0\n"
			       "host       host                                0        -       -        -          0  "
			       "      0        0        1\n"
			       "ns:77      layer 1 sha256:0123456789ab         0        -       -        -          1  "
			       "      0        0        0\n"
			       "p50, p99: duration of a copy-up, rounded up to a power of two of nanoseconds\n"
			       "events: 107\n"
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
