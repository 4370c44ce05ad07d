/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The JSON sink byte for byte, against lines that its first and simplest version wrote: events of all types, made from
 * a fixed sequence of numbers, with odd strings of all lengths and numbers of all lengths in all fields.
 *
 * MICA_GOLDEN=write writes the file anew: after a change that adds a field, look at its diff.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "hostile.h"
#include "stream/json_memory.h"
#include "stream/sink.h"

#define GOLDEN MICA_SOURCE_DIR "/tests/unit/stream/golden/sink_json.jsonl"
#define EVENTS 300

/* Knuth's MMIX generator: the same numbers everywhere. */
static uint64_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* A number of any length, often at the edge of one. */
static uint64_t any_number(uint64_t *state)
{
	static const uint64_t powers[] = { 1,
					   10,
					   100,
					   1000,
					   10000,
					   100000,
					   1000000,
					   10000000,
					   100000000,
					   1000000000,
					   10000000000,
					   100000000000,
					   1000000000000,
					   10000000000000,
					   100000000000000,
					   1000000000000000,
					   10000000000000000,
					   100000000000000000,
					   1000000000000000000,
					   10000000000000000000u };
	uint64_t power = powers[next(state) % (sizeof(powers) / sizeof(powers[0]))];

	switch (next(state) % 6) {
	case 0:
		return power - 1;
	case 1:
		return power;
	case 2:
		return power + next(state) % power;
	case 3:
		return UINT64_C(1) << next(state) % 64;
	case 4:
		return UINT64_MAX - next(state) % 2;
	default:
		return next(state) % 300;
	}
}

/* The same string has the same address, as those of the identity tables have. */
static const char *any_string(uint64_t *state)
{
	static char strings[256][80];
	static const char *const odd[] = { "\"",
					   "\\",
					   "\n",
					   "\t",
					   "\r",
					   "\x1b",
					   "\x7f",
					   "\xff",
					   "\xc3\xa9",
					   "\xc3",
					   "\xe2\x80\xae",
					   "\xf0\x9f\x98\x80",
					   "\xed\xa0\x80",
					   "\xf3\xa0\x80\x81",
					   "~",
					   " ",
					   "\x01",
					   "\x1f",
					   "\xc2\x9b",
					   "/" };
	uint64_t number = next(state) % 256;
	char *string = strings[number];

	if (number < 8)
		return NULL;
	if (number < 8 + HOSTILE_COUNT)
		return hostile_names[number - 8];
	if (*string)
		return string;
	/* Plain but for one place, or none. */
	size_t length = number % 41, place = next(&number) % 41;
	for (size_t i = 0; i < length; i++)
		string[i] = (char)('a' + (i + number) % 26);
	if (place < length && number % 3) {
		const char *mark = odd[number % (sizeof(odd) / sizeof(odd[0]))];
		memcpy(string + place, mark, strlen(mark));
	}
	return string;
}

static struct mica_bytes any_bytes(uint64_t *state)
{
	const char *string = any_string(state);

	return (struct mica_bytes){ .data = string, .size = string ? strlen(string) : 0 };
}

static void make_record(struct mica_record *record, uint64_t *state)
{
	const char *comm = any_string(state);

	*record = (struct mica_record){
		.type = (__u16)(1 + next(state) % (MICA_EVENT_LOST)),
		.action = any_number(state),
		.mnt_ns_id = next(state) % 4 ? 50 : any_number(state),
		.cgroup_id = next(state) % 3,
		.inode = any_number(state),
		.mnt_ns = next(state) % 4 ? 4026532281u : (__u32)any_number(state),
		.pid = (__u32)(next(state) % 4 ? 4711 : any_number(state)),
		.tid = (__u32)(next(state) % 4 ? 4711 : any_number(state)),
		.uid = (__u32)(next(state) % 4 ? 0 : any_number(state)),
		.error = next(state) % 3 ? 0 : -(__s32)(next(state) % 600),
		.flags = (__u32)(next(state) & next(state) & 0xfff),
	};
	strncpy(record->comm, next(state) % 2 || !comm ? "nginx" : comm, sizeof(record->comm));
	for (size_t i = 0; i < sizeof(record->body) / sizeof(record->body[0]); i++)
		record->body[i] = any_number(state);
	if (record->type == MICA_EVENT_COPY_UP)
		record->copy_up.reason = (__u32)(next(state) % _MICA_REASON_MAX);
}

static void make_event(struct mica_event *event, struct mica_container *container, uint64_t *state)
{
	*event = (struct mica_event){
		.time_ns = next(state) % 3 ? UINT64_C(1795550400000000000) + next(state) * 4 : any_number(state),
		.path = any_bytes(state),
		.source = any_bytes(state),
		.host_path = any_string(state),
		.container_path = any_string(state),
		.lost_count = any_number(state),
		.lost_cause = next(state) % _MICA_LOST_MAX,
		/* The last event; records that are none came after it. */
		.lost_of = next(state) % (MICA_EVENT_FSMOUNT + 1),
		.object = { .kind = next(state) % (MICA_OBJECT_HOST + 1),
			    .layer = (unsigned)(next(state) % 4 ? 2 : any_number(state)),
			    .layers = (unsigned)(next(state) % 4 ? 5 : any_number(state)) },
	};
	make_record(&event->record, state);
	if (next(state) % 2) {
		event->object.digest = any_string(state);
		event->object.role = any_string(state);
		event->object.directory = any_string(state);
		event->object.volume = any_string(state);
	}
	*container = (struct mica_container){ .id = any_string(state), .engine = "podman" };
	if (next(state) % 2) {
		container->name = any_string(state);
		container->image = any_string(state);
	}
	event->container = next(state) % 3 ? container : NULL;
}

static const char *cgroup_path(uint64_t cgroup_id, void *userdata)
{
	(void)userdata;
	return cgroup_id == 1 ? "/system.slice/docker-9f86.scope" : NULL;
}

static char *print_all(struct mica_json_memory *memory, size_t *ret_size)
{
	const struct mica_sink_context context = { .cgroup_path = cgroup_path, .memory = memory };
	uint64_t state = 1;
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);

	cr_assert_not_null(out);
	for (int i = 0; i < EVENTS; i++) {
		struct mica_container container;
		struct mica_event event;
		make_event(&event, &container, &state);
		cr_assert_eq(mica_sink_json(out, &event, &context), 0);
	}
	if (memory)
		cr_assert_eq(mica_sink_json_flush(out, memory), 0);
	cr_assert_eq(fclose(out), 0);
	return text;
}

static void compare(const char *text, size_t size)
{
	FILE *golden = fopen(GOLDEN, "re");
	char line[16384];

	cr_assert_not_null(golden, "%s", GOLDEN);
	for (unsigned number = 1; fgets(line, sizeof(line), golden); number++) {
		size_t length = strlen(line);
		cr_assert_leq(length, size, "line %u", number);
		cr_assert_eq(memcmp(line, text, length), 0, "line %u:\n%s%.*s", number, line, (int)length, text);
		text += length;
		size -= length;
	}
	cr_assert_eq(size, 0u, "more lines than in %s", GOLDEN);
	(void)fclose(golden);
}

static void write_golden(const char *text, size_t size)
{
	FILE *golden = fopen(GOLDEN, "we");

	cr_assert_not_null(golden, "%s", GOLDEN);
	cr_assert_eq(fwrite(text, 1, size, golden), size);
	cr_assert_eq(fclose(golden), 0);
}

Test(stream_sink_json, golden)
{
	const char *mode = getenv("MICA_GOLDEN");
	size_t size = 0;
	char *text = print_all(NULL, &size);

	if (mode && strcmp(mode, "write") == 0)
		write_golden(text, size);
	compare(text, size);
	free(text);
}

/* Twice, so that all is written once with nothing in the memory and once with what others left there. */
Test(stream_sink_json, golden_with_memory)
{
	_cleanup_(mica_json_memory_free) struct mica_json_memory memory = {};

	for (int i = 0; i < 2; i++) {
		size_t size = 0;
		char *text = print_all(&memory, &size);
		compare(text, size);
		free(text);
	}
}

/* A container of which nothing is known is not the same as none. */
Test(stream_sink_json, memory_tells_no_container_from_an_empty_one)
{
	_cleanup_(mica_json_memory_free) struct mica_json_memory memory = {};
	const struct mica_sink_context context = { .memory = &memory };
	const struct mica_container empty = {};
	struct mica_event event = { .record = { .type = MICA_EVENT_CREATE, .pid = 1 } };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	cr_assert_not_null(out);
	for (int i = 0; i < 4; i++) {
		event.container = i % 2 ? &empty : NULL;
		cr_assert_eq(mica_sink_json(out, &event, &context), 0);
	}
	cr_assert_eq(size, 0u, "held back");
	cr_assert_eq(memory.line_count, 4u);
	cr_assert_eq(mica_sink_json_flush(out, &memory), 0);
	cr_assert_eq(fclose(out), 0);
	char *line = text;
	for (int i = 0; i < 4; i++) {
		char *end = strchr(line, '\n');
		cr_assert_not_null(end);
		*end = '\0';
		cr_assert_eq(strstr(line, "\"container\":{}") != NULL, i % 2 == 1, "%s", line);
		line = end + 1;
	}
	free(text);
}

/* Held back lines are not written when stdout fails, and counted. */
Test(stream_sink_json, a_full_disk_is_reported_by_the_flush)
{
	_cleanup_(mica_json_memory_free) struct mica_json_memory memory = {};
	const struct mica_sink_context context = { .memory = &memory };
	struct mica_event event = { .record = { .type = MICA_EVENT_CREATE } };
	FILE *out = fopen("/dev/full", "we");

	cr_assert_not_null(out);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(mica_sink_json(out, &event, &context), 0);
	cr_assert_eq(mica_sink_json_flush(out, &memory), -EIO);
	cr_assert_eq(memory.line_count, 3u);
	(void)fclose(out);
}
