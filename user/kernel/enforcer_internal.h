/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to user/kernel/enforcer*.c.
 */
#ifndef MICA_KERNEL_ENFORCER_INTERNAL_H
#define MICA_KERNEL_ENFORCER_INTERNAL_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "kernel/enforcer.h"
#include "kernel/problem.h"

/** Maps that user space works with, and that are pinned. */
enum mica_enforcer_map {
	MICA_MAP_ACTIVE,
	MICA_MAP_HEADERS,
	MICA_MAP_TABLES,
	MICA_MAP_VOICES,
	MICA_MAP_MOUNTS,
	MICA_MAP_COUNTERS,
	MICA_MAP_SUBJECTS,
	MICA_MAP_VIEWS,
	MICA_MAP_DENIALS,
	MICA_MAP_NUMBERS,
	MICA_MAP_ORDERS,
	MICA_MAP_LABELS,
	_MICA_MAP_MAX,
};
/** Their names in the BPF object. */
extern const char *const mica_enforcer_map_names[_MICA_MAP_MAX];

/* As in bpf/enforce/maps.bpf.h. */
enum mica_enforcer_number {
	MICA_NUMBER_LOST,
	MICA_NUMBER_PROBED,
	MICA_NUMBER_OPERATIONS,
	MICA_NUMBER_GUARDS,
	MICA_NUMBER_LAST_SUPERBLOCK,
	MICA_NUMBER_LAST_UNION,
	MICA_NUMBER_LAST_GROUP,
	MICA_NUMBER_OBJECTS_CHANGED,
	/** Counted here, behind each change of a subject's entry: what the kernel remembers of verdicts is void. */
	MICA_NUMBER_SUBJECTS_CHANGED,
	/** Counted by the kernel too: bits of superblocks that have roots. */
	MICA_NUMBER_SUPERBLOCKS,
	MICA_NUMBER_OWN_SUPERBLOCK,
	MICA_NUMBER_LINKS,
};
enum mica_enforcer_order {
	MICA_ORDER_PROBE,
	MICA_ORDER_LABEL,
};
struct mica_enforcer_label {
	uint64_t subject;
	uint32_t flags;
	uint32_t provisional_counter;
	uint64_t provisional[5];
};
#define MICA_LABEL_TRUSTED 1U

/** As in bpf/enforce/object.bpf.c. */
enum mica_enforcer_request {
	MICA_REQUEST_UNION,
	MICA_REQUEST_VOLUME,
	MICA_REQUEST_LAYER,
	MICA_REQUEST_FORGET_VOLUME,
	MICA_REQUEST_FORGET_LAYER,
	MICA_REQUEST_GRANT,
	MICA_REQUEST_NAMESPACE,
	MICA_REQUEST_OWN,
	MICA_REQUEST_LINK,
};

struct mica_enforcer_link {
	/** Of the hook, for messages. */
	const char *function;
	/** Its name as a pin. */
	char name[64];
	/** NULL: adopted. */
	struct bpf_link *link;
	int fd;
};

struct mica_enforce_bpf;
struct mica_verdict_bpf;

struct mica_enforcer {
	struct mica_enforcer_options options;
	/** NULL: adopted. */
	struct mica_enforce_bpf *hooks;
	struct mica_verdict_bpf *verdict;
	struct ring_buffer *ring;
	/** Of the skeleton, or our own. */
	int maps[_MICA_MAP_MAX];
	/** The program that is run for a request, and the link of the task iterator. */
	int request;
	struct mica_enforcer_link iterator;
	struct mica_enforcer_link *links;
	unsigned link_count;
	/** Where it is pinned; NULL: it is not. */
	char *directory;
	/** The last one given here. */
	uint64_t generation;
	/** Denials that may be taken back yet (MICA_DENIAL_PROVISIONAL), until the next read. */
	struct mica_denial **provisional;
	size_t provisional_count;
};

/** The ring buffer's reader, if somebody listens. 0 or a negative errno. */
int mica_enforcer_listen(struct mica_enforcer *enforcer);
/** Forgets the denials that wait. */
void mica_enforcer_drop_provisional(struct mica_enforcer *enforcer);
/** The directory is mica's own: no subject does anything in it. */
int mica_enforcer_register_own(struct mica_enforcer *enforcer, int fd);
int mica_enforcer_trust_self(struct mica_enforcer *enforcer);
uint64_t mica_enforcer_number_get(const struct mica_enforcer *enforcer, enum mica_enforcer_number which);
int mica_enforcer_number_set(const struct mica_enforcer *enforcer, enum mica_enforcer_number which, uint64_t value);
int mica_enforcer_order(const struct mica_enforcer *enforcer, enum mica_enforcer_order which, uint32_t value);

/** Is all that was pinned still there? 0; -ENOTCONN with the problem; -ESTALE: another enforcer is pinned there. */
int mica_enforcer_check_pins(const struct mica_enforcer *enforcer, struct mica_problem *problem);

#endif
