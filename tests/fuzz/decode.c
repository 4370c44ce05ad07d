/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a record: mica_decode must take or refuse them, and what it takes must be an event that both sinks can
 * print, the JSON one so that jansson reads it back. Build: clang -fsanitize=fuzzer,address,undefined.
 */
#include "stream/decode.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/sinks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(struct mica_bytes path, bool truncated)
{
	if (path.size == 0)
		return;
	if (path.data[path.size] != '\0' || memchr(path.data, '\0', path.size))
		abort();
	if ((path.data[0] == '/') == truncated)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mica_decoder decoder;
	struct mica_event event;
	struct mica_record fixed;
	uint8_t *copy = malloc(size ? size : 1); /* of that size, so that a read behind it is seen */

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	/* Random bytes hardly ever agree on the size and the version: one bit of the input says to help. */
	if (size >= sizeof(fixed) && (data[size - 1] & 1)) {
		memcpy(&fixed, copy, sizeof(fixed));
		fixed.abi = MICA_EVENT_ABI;
		fixed.size = (__u32)size;
		fixed.path_bytes = (__u16)(fixed.path_bytes % (size - sizeof(fixed) + 1));
		fixed.source_bytes = (__u16)(size - sizeof(fixed) - fixed.path_bytes);
		memcpy(copy, &fixed, sizeof(fixed));
	}

	int r = mica_decode(&decoder, copy, size, &event);
	free(copy); /* the event must not point into it */
	if (r < 0 && r != -EPROTO && r != -EBADMSG)
		abort();
	if (r < 0)
		return 0;
	check_path(event.path, event.record.flags & MICA_RECORD_PATH_TRUNCATED);
	if (event.record.flags & (MICA_RECORD_SOURCE_IS_PATH | MICA_RECORD_SOURCE_AS_WRITTEN))
		check_path(event.source, event.record.flags & MICA_RECORD_SOURCE_TRUNCATED);
	if (event.record.type != MICA_RECORD_UNION_LAYER && event.record.type != MICA_RECORD_CGROUP)
		fuzz_sinks(&event);
	return 0;
}
