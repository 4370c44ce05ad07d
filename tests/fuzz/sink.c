/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any event into both sinks and the statistics: strings from the input everywhere where identify or the kernel may put
 * one. Build: clang -fsanitize=fuzzer,address,undefined.
 */
#include <stdint.h>

#include "stream/statistics.h"
#include "tests/fuzz/sinks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes bytes off the input; zeroes when it is used up. */
struct input {
	const uint8_t *data;
	size_t size;
};

static void take(struct input *input, void *out, size_t size)
{
	size_t taken = size < input->size ? size : input->size;

	memset(out, 0, size);
	memcpy(out, input->data, taken);
	input->data += taken;
	input->size -= taken;
}

/* A string of up to 63 bytes without NUL inside, in `out`. */
static char *take_string(struct input *input, char out[static 64])
{
	uint8_t size = 0;

	take(input, &size, 1);
	memset(out, 0, 64);
	take(input, out, size % 64);
	return size & 0x80 ? NULL : out;
}

static struct mica_bytes take_bytes(struct input *input, char out[static 64])
{
	const char *text = take_string(input, out);

	return (struct mica_bytes){ .data = text, .size = text ? strlen(text) : 0 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *out;
	struct mica_statistics *statistics;
	struct input input = { data, size };
	struct mica_event event = {};
	struct mica_container container = {};
	struct mica_namespace mount_namespace = {};
	uint8_t choices[4];
	char texts[14][64];

	take(&input, choices, sizeof(choices));
	take(&input, &event.record, sizeof(event.record));
	take(&input, &event.time_ns, sizeof(event.time_ns));
	event.record.type = (__u16)(1 + event.record.type % (_MICA_EVENT_MAX - 1));
	if (event.record.type == MICA_RECORD_UNION_LAYER || event.record.type == MICA_RECORD_CGROUP) /* no event */
		event.record.type = MICA_EVENT_LOST;
	container.id = take_string(&input, texts[0]);
	container.name = take_string(&input, texts[1]);
	container.image = take_string(&input, texts[2]);
	container.engine = take_string(&input, texts[3]);
	event.container = choices[0] & 1 ? &container : NULL;
	mount_namespace.kind = choices[0] >> 1 & 3;
	event.mount_namespace = choices[0] & 8 ? &mount_namespace : NULL;
	event.object = (struct mica_object){
		.kind = choices[1] % (MICA_OBJECT_HOST + 1),
		.layer = event.record.layer,
		.layers = event.record.layers,
		.digest = take_string(&input, texts[4]),
		.role = take_string(&input, texts[5]),
		.directory = take_string(&input, texts[6]),
		.volume = take_string(&input, texts[7]),
	};
	event.host_path = take_string(&input, texts[8]);
	event.container_path = take_string(&input, texts[9]);
	event.lost_count = event.record.inode;
	event.lost_cause = choices[2] % (_MICA_LOST_MAX + 1);
	event.lost_of = choices[3] % (_MICA_EVENT_MAX + 1);
	event.source = take_bytes(&input, texts[10]);
	event.path = take_bytes(&input, texts[11]);
	event.key = take_bytes(&input, texts[12]);
	event.value = take_bytes(&input, texts[13]);

	fuzz_sinks(&event);
	/* Of this event only: strings at the same address must be the same while statistics live. */
	if (!out)
		out = fopen("/dev/null", "we");
	if (!out || mica_statistics_new(&statistics) < 0)
		abort();
	if (mica_statistics_add(statistics, &event) < 0 || mica_statistics_print(statistics, out) < 0)
		abort();
	mica_statistics_free(&statistics);
	return 0;
}
