/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an event costs in user space: records as the kernel sends them through decode, identify, the statistics and the
 * JSON sink, as `mica trace --json` does it. Run by tests/bench/user/run under callgrind, which counts what happens
 * inside of measure_events and measure_looks.
 *
 *   events FIXTURE web|bare|looks COUNT     web: in a container of the fixture's podman; bare: in a union of nobody's;
 *                                           looks: COUNT looks at the state of all engines, without events
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "container/identity.h"
#include "stream/decode.h"
#include "stream/identify.h"
#include "stream/json_memory.h"
#include "stream/sink.h"
#include "stream/statistics.h"

#define STORAGE "/var/lib/containers/storage/overlay/"
#define WEB_UPPER STORAGE "27779bf2c25caa88327803ce57f771a5e4131e11c818fb5e9c0eca1c7654ec63/diff"
#define TOP_LAYER STORAGE "56e422ff5a2d60aaa65b9628390c3891025b784a986ee80758c06e2f20d21d97/diff"
#define BASE_LAYER STORAGE "d403b26498184fed4673ee5740ccd73fde5f2e4a644eca0af18254240a7758bd/diff"

#define DEVICE(major, minor) ((uint32_t)(major) << 20 | (uint32_t)(minor))
#define OVERLAY_MAGIC 0x794c7630
#define UNION 7
#define OUTPUT_BYTES (256 << 10)
#define BATCH 64

struct room {
	struct mica_record record;
	char strings[512];
};

struct bench {
	struct mica_identity *identity;
	struct mica_statistics *statistics;
	struct mica_decoder decoder;
	struct mica_json_memory memory;
	struct mica_record task;
	FILE *out;
	uint64_t time_ns;
	unsigned number;
	uint64_t events;
};

void measure_events(struct bench *bench, unsigned count);
void measure_looks(struct bench *bench, unsigned count);

static const char *cgroup_path(uint64_t cgroup_id, void *userdata)
{
	(void)userdata;
	return cgroup_id ? "/machine.slice/"
			   "libpod-9e9b31ec13d72e5f7ccfed657cd5d72e3df35719c75c29a51535be4a82ceb444.scope"
			 : NULL;
}

static void take(struct bench *bench, const void *data, size_t size)
{
	const struct mica_sink_context context = { .cgroup_path = cgroup_path,
						   .userdata = bench,
						   .memory = &bench->memory };
	struct mica_event event;
	int error = mica_decode(&bench->decoder, data, size, &event);

	if (error)
		errx(1, "a record cannot be decoded: %s", strerror(-error));
	event.time_ns = event.record.time_ns + UINT64_C(1795550400000000000);
	error = mica_identify(bench->identity, &event);
	if (error > 0)
		return;
	if (error < 0 || mica_statistics_add(bench->statistics, &event) < 0 ||
	    mica_sink_json(bench->out, &event, &context) < 0)
		errx(1, "an event cannot be written");
	mica_identify_done(bench->identity, &event);
	bench->events++;
}

static void add(struct room *room, const char *component)
{
	size_t size = strlen(component) + 1;

	memcpy(room->strings + room->record.path_bytes + room->record.source_bytes, component, size);
	if (room->record.source_bytes || room->record.flags & MICA_RECORD_SOURCE_IS_PATH)
		room->record.source_bytes += (__u16)size;
	else
		room->record.path_bytes += (__u16)size;
}

static void begin(struct bench *bench, struct room *room, enum mica_event_type type)
{
	room->record = bench->task;
	room->record.type = (__u16)type;
	room->record.abi = MICA_EVENT_ABI;
	room->record.action = 81000 + bench->number;
	room->record.inode = 1000000 + bench->number;
	room->record.time_ns = bench->time_ns += 137041;
}

static void send(struct bench *bench, struct room *room)
{
	room->record.size = (__u32)(sizeof(room->record) + room->record.path_bytes + room->record.source_bytes);
	take(bench, room, room->record.size);
}

static void add_file(struct bench *bench, struct room *room, const char *kind)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%s-%05u", kind, bench->number % 100000);
	add(room, name);
	(void)snprintf(name, sizeof(name), "d%02u", bench->number / 100 % 100);
	add(room, name);
	add(room, "lib");
	add(room, "srv");
}

/* The kernel's part of the work is not to be counted. */
static void prepare(struct bench *bench, struct room rooms[static 8], unsigned *ret_count)
{
	struct room *room = rooms;

	bench->number++;
	begin(bench, room, MICA_EVENT_COPY_UP);
	room->record.layer = 2;
	room->record.copy_up = (struct mica_copy_up){ .size = 4096,
						      .bytes = 4096,
						      .duration_ns = 51234 + bench->number % 1000 * 100,
						      .reason = MICA_REASON_OPEN_WRITE };
	add_file(bench, room++, "file");
	begin(bench, room, MICA_EVENT_WHITEOUT);
	room->record.layer = 1;
	add_file(bench, room++, "gone");
	begin(bench, room, MICA_EVENT_DELETE);
	room->record.layer = 1;
	add_file(bench, room++, "gone");
	begin(bench, room, MICA_EVENT_CREATE);
	room->record.flags |= MICA_RECORD_UPPER;
	add_file(bench, room++, "new");
	if (bench->number % 4 == 0) {
		begin(bench, room, MICA_EVENT_RENAME);
		room->record.flags |= MICA_RECORD_UPPER;
		add_file(bench, room, "new");
		room->record.flags |= MICA_RECORD_SOURCE_IS_PATH;
		add_file(bench, room++, "old");
		begin(bench, room, MICA_EVENT_MOUNT);
		room->record.mount = (struct mica_mount){ .flags = 4096 };
		add_file(bench, room++, "point");
		begin(bench, room, MICA_EVENT_UMOUNT);
		room->record.mount = (struct mica_mount){ .flags = 2 };
		add_file(bench, room++, "point");
	}
	*ret_count = (unsigned)(room - rooms);
}

__attribute__((noinline)) static void take_all(struct bench *bench, struct room *rooms, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		send(bench, &rooms[i]);
}

/* What is done once only: the engines' state read, the volumes. */
static void warm_up(struct bench *bench)
{
	struct room rooms[8];
	unsigned prepared;

	while (bench->number < 16) {
		prepare(bench, rooms, &prepared);
		for (unsigned i = 0; i < prepared; i++)
			send(bench, &rooms[i]);
	}
	bench->events = 0;
}

__attribute__((noinline)) void measure_events(struct bench *bench, unsigned count)
{
	struct room rooms[8];
	unsigned prepared;

	while (bench->events < count) {
		prepare(bench, rooms, &prepared);
		take_all(bench, rooms, prepared);
	}
}

static int ignore_namespace(const struct mica_namespace *namespace, void *userdata)
{
	(void)namespace;
	(void)userdata;
	return 0;
}

__attribute__((noinline)) void measure_looks(struct bench *bench, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (mica_identity_settle(bench->identity, ignore_namespace, NULL) < 0)
			errx(1, "the engines cannot be asked");
}

static void add_layer(struct bench *bench, unsigned index, const char *path)
{
	const struct mica_record record = {
		.type = MICA_RECORD_UNION_LAYER,
		.union_id = UNION,
		.dev = bench->task.dev,
		.layers = 2,
		.union_layer = { .dev = DEVICE(254, 0), .inode = 100 + index, .index = index },
	};

	if (mica_identity_add_layer(bench->identity, &record, (struct mica_bytes){ path, strlen(path) }) < 0)
		errx(1, "no memory");
}

static void set_up(struct bench *bench, const char *fixture, bool web)
{
	const struct mica_identity_options options = { .root = fixture };
	struct stat st = {};
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/proc/6308/ns/mnt", fixture);
	if (web && stat(path, &st) < 0)
		err(1, "%s", path);
	bench->task = (struct mica_record){
		.mnt_ns_id = 4000000050,
		.mnt_ns = web ? (uint32_t)st.st_ino : 4026532281,
		.cgroup_id = 11012,
		.root_union = UNION,
		.union_id = UNION,
		.pid = web ? 6308 : 4711,
		.tid = web ? 6308 : 4711,
		.dev = web ? DEVICE(0, 39) : DEVICE(0, 99),
		.fs_magic = OVERLAY_MAGIC,
		.layers = 2,
		.comm = "workload",
	};
	bench->out = fopen("/dev/null", "we");
	if (!bench->out || setvbuf(bench->out, NULL, _IOFBF, OUTPUT_BYTES) != 0 ||
	    mica_identity_new(&options, &bench->identity) < 0 || mica_statistics_new(&bench->statistics) < 0)
		errx(1, "cannot start");
	add_layer(bench, 0, web ? WEB_UPPER : "/srv/upper");
	add_layer(bench, 1, web ? TOP_LAYER : "/srv/top");
	add_layer(bench, 2, web ? BASE_LAYER : "/srv/base");
}

int main(int argc, char **argv)
{
	static struct bench bench;
	unsigned count = argc == 4 ? (unsigned)atoi(argv[3]) : 0;

	if (!count)
		errx(2, "usage: events FIXTURE web|bare|looks COUNT");
	set_up(&bench, argv[1], strcmp(argv[2], "web") == 0);
	if (strcmp(argv[2], "looks") == 0) {
		/* The first one reads all. */
		if (mica_identity_settle(bench.identity, ignore_namespace, NULL) < 0)
			errx(1, "the engines cannot be asked");
		measure_looks(&bench, count);
	} else {
		warm_up(&bench);
		measure_events(&bench, count);
	}
	(void)fclose(bench.out);
	mica_json_memory_free(&bench.memory);
	mica_statistics_free(&bench.statistics);
	mica_identity_free(&bench.identity);
	return 0;
}
