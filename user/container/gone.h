/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A short memory of what is gone: records of another CPU may still name it, so it is forgotten only when this many
 * others went after it.
 */
#ifndef MICA_CONTAINER_GONE_H
#define MICA_CONTAINER_GONE_H

#include <stddef.h>
#include <stdint.h>

#define MICA_GONE_LINGER 256

struct mica_gone {
	uint64_t ids[MICA_GONE_LINGER];
	size_t next;
	size_t count;
};

/** Notes that `id` is gone; returns the id to forget now, or 0. */
static inline uint64_t mica_gone_push(struct mica_gone *gone, uint64_t id)
{
	uint64_t oldest = gone->ids[gone->next];

	gone->ids[gone->next] = id;
	gone->next = (gone->next + 1) % MICA_GONE_LINGER;
	if (gone->count < MICA_GONE_LINGER) {
		gone->count++;
		return 0;
	}
	return oldest;
}

#endif
