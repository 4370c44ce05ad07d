/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/trace.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define ID "53ebcc591f3d54673792b1023c37caa831d7d22454d1970c6776213b66c65bbd"

#define LIST(...) ((char *[]){ __VA_ARGS__, NULL })

static const struct mica_container web = { .id = ID,
					   .name = "web",
					   .image = "docker.io/library/nginx:1.27",
					   .image_id =
						   "1093fe3f0c624e66cbbef5f1a3d1114dff9cc5735278640123d81a0b6ccdbc92" };

/* ---- containers ---- */

Test(cmd_trace_match, a_container_has_a_name_and_an_id)
{
	static const char *const names[] = { "web", ID, "53ebcc591f3d", "53ebcc591f3d5" };
	static const char *const others[] = { "we", "web2", "Web", "w*", "", "53ebcc591f3", "53ebcc591f3e", ID "0" };
	const struct mica_container nameless = { .id = "web" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect(mica_trace_container_matches(names[i], &web), "%s", names[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_not(mica_trace_container_matches(others[i], &web), "%s", others[i]);
	cr_expect_not(mica_trace_container_matches("web", &nameless), "3 digits of an id are too few");
}

Test(cmd_trace_match, different_options_narrow_and_repeats_widen)
{
	const struct mica_container no_image = { .id = ID, .name = "web" }, being_made = { .id = ID };
	const struct mica_trace_options nothing = {};
	const struct mica_trace_options both = { .containers = LIST((char[]){ "db" }, (char[]){ "web" }),
						 .images = LIST((char[]){ "httpd" }, (char[]){ "nginx" }) };
	const struct mica_trace_options wrong_image = { .containers = LIST((char[]){ "web" }),
							.images = LIST((char[]){ "httpd" }) };
	const struct mica_trace_options wrong_name = { .containers = LIST((char[]){ "db" }),
						       .images = LIST((char[]){ "nginx" }) };
	const struct mica_trace_options image = { .images = LIST((char[]){ "nginx:*" }) };

	cr_expect_eq(mica_trace_match_container(&nothing, &web), MICA_TRACE_YES);
	cr_expect_eq(mica_trace_match_container(&nothing, NULL), MICA_TRACE_YES);
	cr_expect_eq(mica_trace_match_container(&both, &web), MICA_TRACE_YES);
	cr_expect_eq(mica_trace_match_container(&both, NULL), MICA_TRACE_PERHAPS);
	cr_expect_eq(mica_trace_match_container(&wrong_image, &web), MICA_TRACE_NO);
	cr_expect_eq(mica_trace_match_container(&wrong_name, &web), MICA_TRACE_NO);
	cr_expect_eq(mica_trace_match_container(&image, &web), MICA_TRACE_YES);
	cr_expect_eq(mica_trace_match_container(&image, &no_image), MICA_TRACE_NO);
	cr_expect_eq(mica_trace_match_container(&image, &being_made), MICA_TRACE_PERHAPS);
}

/* ---- volumes ---- */

Test(cmd_trace_match, a_volume_has_a_name_an_id_or_a_directory)
{
	static const struct {
		const char *pattern, *name, *directory;
		bool matches;
	} cases[] = {
		{ "db-data", "db-data", "/v/db-data/_data", true },
		{ "db-*", "db-data", "/v/db-data/_data", true },
		{ "*", "db-data", NULL, true },
		{ "db", "db-data", NULL, false },
		{ "db-data2", "db-data", NULL, false },
		{ "", "db-data", NULL, false },
		{ "/v/db-data/_data", "db-data", "/v/db-data/_data", true },
		{ "/v/db-data", "db-data", "/v/db-data/_data", false },
		{ ID, ID, NULL, true },
		{ "53ebcc591f3d", ID, NULL, true },
		{ "53ebcc591f3", ID, NULL, false },
		{ "53ebcc591f3e", ID, NULL, false },
		{ "53ebcc*", ID, NULL, true },
		{ "data-of-the-shop", "data-of-the-shop-2", NULL, false }, /* no id */
		{ "/srv/host", "/srv/host", "/srv/host", true },
		{ "/srv/host/", "/srv/host", "/srv/host", true },
		{ "/srv/host", "/srv/host/", NULL, true },
		{ "/srv", "/srv/host", "/srv/host", false },
		{ "/srv/host/a", "/srv/host", "/srv/host", false },
		{ "/", "/", "/", true },
		{ "/", "/srv", "/srv", false },
		{ "*", "/srv/host", "/srv/host", false }, /* a bind mount is asked for by its path */
		{ "srv/host", "/srv/host", "/srv/host", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(mica_trace_volume_matches(cases[i].pattern, cases[i].name, cases[i].directory),
			     cases[i].matches, "'%s' and '%s'", cases[i].pattern, cases[i].name);
}

Test(cmd_trace_match, a_volume_is_what_an_event_is_about)
{
	const struct mica_trace_options options = { .volumes = LIST((char[]){ "logs" }, (char[]){ "db-data" }) };
	struct mica_event event = { .record.type = MICA_EVENT_CREATE,
				    .object = { .kind = MICA_OBJECT_VOLUME, .volume = "db-data" } };

	cr_expect(mica_trace_match_event(&options, &event));
	event.record.type = MICA_EVENT_MOUNT;
	cr_expect(mica_trace_match_event(&options, &event));
	event.object.volume = "other";
	cr_expect_not(mica_trace_match_event(&options, &event));
	event.object.volume = NULL;
	cr_expect_not(mica_trace_match_event(&options, &event));
	event.object = (struct mica_object){ .kind = MICA_OBJECT_UPPER };
	cr_expect_not(mica_trace_match_event(&options, &event));
	event.object = (struct mica_object){ .kind = MICA_OBJECT_HOST };
	cr_expect_not(mica_trace_match_event(&options, &event));
	event.record.flags = MICA_RECORD_PATH_TRUNCATED;
	cr_expect(mica_trace_match_event(&options, &event), "half a path may be in the volume");
	event = (struct mica_event){ .record.type = MICA_EVENT_LOST };
	cr_expect(mica_trace_match_event(&options, &event));
}

/* ---- unions ---- */

Test(cmd_trace_match, a_union_has_a_container_and_directories)
{
	const struct mica_event in_web = { .record = { .type = MICA_EVENT_CREATE, .union_id = 7 },
					   .path = { "/etc/motd", 9 },
					   .host_path = "/merged/etc/motd",
					   .union_container = &web,
					   .union_upper = "/upper" };
	static const char *const names[] = { "web", "w*", "53ebcc591f3d", ID, "/merged", "/merged//", "/upper/" };
	static const char *const others[] = {
		"", "we", "db*", "/merge", "/merged/etc", "/merged/etc/motd", "/", "/uppe"
	};
	struct mica_event event = in_web;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect(mica_trace_union_matches(names[i], &event), "%s", names[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_not(mica_trace_union_matches(others[i], &event), "%s", others[i]);
	event.path = (struct mica_bytes){ "/", 1 };
	event.host_path = "/merged";
	cr_expect(mica_trace_union_matches("/merged", &event));
	cr_expect_not(mica_trace_union_matches("/", &event));
	event.path = in_web.path;
	event.host_path = "/etc/motd";
	cr_expect(mica_trace_union_matches("/", &event));
	event.host_path = NULL;
	event.union_upper = NULL;
	cr_expect_not(mica_trace_union_matches("/", &event));
	cr_expect_not(mica_trace_union_matches("/merged", &event));
	event.union_container = NULL;
	cr_expect_not(mica_trace_union_matches("*", &event), "nobody's union has no name");
	event = in_web;
	event.record.union_id = 0;
	cr_expect_not(mica_trace_union_matches("web", &event));
}

Test(cmd_trace_match, a_mount_of_the_hosts_is_in_the_union_below_whose_place_it_is)
{
	struct mica_event event = { .record = { .type = MICA_EVENT_MOUNT, .union_id = 7, .flags = MICA_RECORD_HOST },
				    .path = { "/merged/data", 12 },
				    .host_path = "/merged/data" };

	cr_expect(mica_trace_union_matches("/merged", &event));
	cr_expect(mica_trace_union_matches("/merged/data", &event));
	cr_expect_not(mica_trace_union_matches("/merged/dat", &event));
	cr_expect_not(mica_trace_union_matches("/other", &event));
}

Test(cmd_trace_match, unions_and_volumes_are_alternatives)
{
	const struct mica_trace_options options = { .volumes = LIST((char[]){ "logs" }),
						    .unions = LIST((char[]){ "web" }) };
	struct mica_event event = { .record = { .type = MICA_EVENT_CREATE, .union_id = 7 },
				    .object.kind = MICA_OBJECT_UPPER,
				    .union_container = &web };

	cr_expect(mica_trace_match_event(&options, &event));
	event = (struct mica_event){ .record.type = MICA_EVENT_CREATE,
				     .object = { .kind = MICA_OBJECT_VOLUME, .volume = "logs" } };
	cr_expect(mica_trace_match_event(&options, &event));
	event.object.volume = "other";
	cr_expect_not(mica_trace_match_event(&options, &event));
}

/* ---- paths ---- */

static struct mica_bytes bytes(const char *text)
{
	return (struct mica_bytes){ text, strlen(text) };
}

Test(cmd_trace_match, an_event_has_a_path_or_two)
{
	static const char *const globs[] = { "/etc/**", "/**/*.so" };
	_cleanup_path_set_ struct mica_path_set *paths = NULL;
	struct mica_automaton_limit limit;
	struct mica_trace_options options = {};
	struct mica_event event = { .record.type = MICA_EVENT_CREATE };

	cr_assert_eq(mica_path_set_new(globs, 2, &paths, &limit), 0);
	options.paths = paths;
	cr_expect_not(mica_trace_match_event(&options, &event), "none");
	event.path = bytes("/etc/motd");
	cr_expect(mica_trace_match_event(&options, &event));
	event.path = bytes("/lib/a.so");
	cr_expect(mica_trace_match_event(&options, &event));
	event.path = bytes("/tmp/x");
	cr_expect_not(mica_trace_match_event(&options, &event));

	event.record.type = MICA_EVENT_RENAME;
	event.source = bytes("/etc/x");
	cr_expect(mica_trace_match_event(&options, &event), "the old name");
	event.source = bytes("/tmp/y");
	cr_expect_not(mica_trace_match_event(&options, &event));
	event.record.flags = MICA_RECORD_SOURCE_TRUNCATED;
	cr_expect(mica_trace_match_event(&options, &event), "half a path may be one");
	event.record.flags = 0;

	event.record.type = MICA_EVENT_MOUNT;
	event.source = bytes("tmpfs");
	cr_expect_not(mica_trace_match_event(&options, &event));
	event.source = bytes("/etc/x/");
	cr_expect(mica_trace_match_event(&options, &event), "what is mounted");

	event = (struct mica_event){ .record = { .type = MICA_EVENT_COPY_UP, .flags = MICA_RECORD_PATH_TRUNCATED },
				     .path = bytes("x/y") };
	cr_expect(mica_trace_match_event(&options, &event), "half a path may be one");
	event = (struct mica_event){ .record.type = MICA_EVENT_LOST };
	cr_expect(mica_trace_match_event(&options, &event));
}

/* ---- thresholds ---- */

static bool passes(const struct mica_trace_options *options, struct mica_record record)
{
	const struct mica_event event = { .record = record };

	return mica_trace_match_event(options, &event);
}

Test(cmd_trace_match, bytes_are_those_that_moved)
{
	const struct mica_trace_options options = { .min_bytes = 8192 };
	struct mica_record copy_up = { .type = MICA_EVENT_COPY_UP, .copy_up = { .bytes = 8192, .size = 10000 } };
	struct mica_record write = { .type = MICA_EVENT_WRITE, .write = { .bytes = 8000, .bytes_requested = 192 } };

	cr_expect(passes(&options, copy_up));
	copy_up.copy_up.bytes = 8191;
	cr_expect_not(passes(&options, copy_up));
	copy_up.flags = MICA_RECORD_NO_DURATION;
	cr_expect(passes(&options, copy_up), "not counted: it may have been all of the file");
	copy_up.copy_up.size = 8191;
	cr_expect_not(passes(&options, copy_up));

	cr_expect(passes(&options, write));
	write.write.bytes_requested = 191;
	cr_expect_not(passes(&options, write));
	write.write = (struct mica_write){ .bytes = 2, .bytes_requested = UINT64_MAX };
	cr_expect(passes(&options, write));
	write.write = (struct mica_write){ .size = 1 << 20, .dirty_pages = 1000, .calls = 10000 };
	cr_expect_not(passes(&options, write));

	for (unsigned type = MICA_EVENT_NONE; type < _MICA_EVENT_MAX; type++)
		if (type != MICA_EVENT_COPY_UP && type != MICA_EVENT_WRITE)
			cr_expect_eq(passes(&options, (struct mica_record){ .type = type }), type == MICA_EVENT_LOST,
				     "%u", type);
}

Test(cmd_trace_match, latency_is_that_of_copy_ups)
{
	const struct mica_trace_options options = { .min_latency_ns = 1000 };
	struct mica_record copy_up = { .type = MICA_EVENT_COPY_UP, .copy_up.duration_ns = 1000 };

	cr_expect(passes(&options, copy_up));
	copy_up.copy_up.duration_ns = 999;
	cr_expect_not(passes(&options, copy_up));
	copy_up.flags = MICA_RECORD_NO_DURATION;
	cr_expect(passes(&options, copy_up), "not measured");
	cr_expect_not(passes(&options, (struct mica_record){ .type = MICA_EVENT_WRITE }));
	cr_expect(passes(&options, (struct mica_record){ .type = MICA_EVENT_LOST }));
}

Test(cmd_trace_match, thresholds_narrow_each_other)
{
	const struct mica_trace_options options = { .min_latency_ns = 1000, .min_bytes = 10 };

	cr_expect(passes(&options, (struct mica_record){ .type = MICA_EVENT_COPY_UP,
							 .copy_up = { .bytes = 10, .duration_ns = 1000 } }));
	cr_expect_not(passes(&options, (struct mica_record){ .type = MICA_EVENT_COPY_UP,
							     .copy_up = { .bytes = 9, .duration_ns = 1000 } }));
	cr_expect_not(passes(&options, (struct mica_record){ .type = MICA_EVENT_COPY_UP,
							     .copy_up = { .bytes = 10, .duration_ns = 999 } }));
}

/* ---- events ---- */

#define BIT(type) (1ULL << MICA_EVENT_##type)
/** All that are events. */
#define ALL (((1ULL << _MICA_EVENT_MAX) - 2) & ~(1ULL << MICA_RECORD_UNION_LAYER))

Test(cmd_trace_match, events_that_cannot_pass_are_not_asked_for)
{
	static char *volumes[] = { NULL };
	const uint64_t not_namespaces = ~(BIT(NAMESPACE_CREATED) | BIT(NAMESPACE_GONE));
	struct {
		struct mica_trace_options options;
		int result;
		uint64_t events;
	} cases[] = {
		{ {}, 0, 0 },
		{ { .events = BIT(MOUNT) }, 0, BIT(MOUNT) },
		{ { .min_bytes = 1 }, 0, BIT(COPY_UP) | BIT(WRITE) | BIT(LOST) },
		{ { .min_latency_ns = 1 }, 0, BIT(COPY_UP) | BIT(LOST) },
		{ { .min_bytes = 1, .min_latency_ns = 1 }, 0, BIT(COPY_UP) | BIT(LOST) },
		{ { .min_bytes = 1, .events = BIT(COPY_UP) | BIT(CREATE) }, 0, BIT(COPY_UP) },
		{ { .min_bytes = 1, .events = BIT(MOUNT) | BIT(CREATE) }, -ENOENT, BIT(MOUNT) | BIT(CREATE) },
		{ { .min_bytes = 1, .events = BIT(LOST) }, 0, BIT(LOST) },
		{ { .min_latency_ns = 1, .events = BIT(WRITE) }, -ENOENT, BIT(WRITE) },
		{ { .volumes = volumes }, 0, MICA_TRACE_VOLUME_EVENTS },
		{ { .volumes = volumes, .min_bytes = 1 }, 0, BIT(WRITE) | BIT(LOST) },
		{ { .volumes = volumes, .min_latency_ns = 1 }, -ENOENT, 0 },
		{ { .volumes = volumes, .events = BIT(COPY_UP) }, -ENOENT, BIT(COPY_UP) },
		{ { .volumes = volumes, .events = BIT(COPY_UP) | BIT(MOUNT) }, 0, BIT(MOUNT) },
		{ { .path_globs = volumes, .events = ALL },
		  0,
		  ALL & not_namespaces & ~(BIT(UNION_UP) | BIT(UNION_DOWN) | BIT(FSOPEN) | BIT(FSCONFIG)) },
		{ { .path_globs = volumes, .events = BIT(NAMESPACE_GONE) | BIT(UNION_UP) },
		  -ENOENT,
		  BIT(NAMESPACE_GONE) | BIT(UNION_UP) },
		{ { .path_globs = volumes, .events = BIT(NAMESPACE_GONE) | BIT(LOST) }, 0, BIT(LOST) },
		{ { .unions = volumes, .events = ALL }, 0, ALL & not_namespaces & ~(BIT(FSOPEN) | BIT(FSCONFIG)) },
		{ { .unions = volumes, .volumes = volumes, .events = BIT(UNION_UP) | BIT(MOUNT) },
		  0,
		  BIT(UNION_UP) | BIT(MOUNT) },
		{ { .path_globs = volumes, .volumes = volumes }, 0, MICA_TRACE_VOLUME_EVENTS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(mica_trace_narrow_events(&cases[i].options), cases[i].result, "case %zu", i);
		cr_expect_eq(cases[i].options.events, cases[i].events, "case %zu", i);
	}
}

Test(cmd_trace_match, events_that_were_not_asked_for_do_not_pass)
{
	const struct mica_trace_options options = { .events = BIT(CREATE) };

	cr_expect(passes(&options, (struct mica_record){ .type = MICA_EVENT_CREATE }));
	cr_expect_not(passes(&options, (struct mica_record){ .type = MICA_EVENT_DELETE }));
	cr_expect(passes(&options, (struct mica_record){ .type = MICA_EVENT_LOST }), "losses are always shown");
}
