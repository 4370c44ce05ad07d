/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only door to the kernel side: probes what this kernel can do, loads and attaches the programs, reads the ring.
 * Nothing outside of this folder sees libbpf or the skeleton.
 */
#ifndef MICA_KERNEL_KERNEL_H
#define MICA_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mica/event.h"

/** Why something cannot be done here, in one sentence, and what to do about it. */
struct mica_problem {
	char what[256];
	char remedy[256];
};

struct mica_kernel;

struct mica_kernel_options {
	/** Bit n: events of type n are wanted. */
	uint64_t events;
	/** Size of the ring buffer in bytes: a power of two, at least the page size. */
	size_t ring_bytes;
	/** Copy-ups that moved fewer bytes, or took less, are not reported, where the kernel knows; 0: no limit. */
	uint64_t min_copy_up_bytes;
	uint64_t min_copy_up_ns;
	/** What happens to files on unions is not reported. */
	bool no_union_files;
	/** Gets each record; valid during the call. A return other than 0 ends the poll with it. */
	int (*take)(const void *record, size_t size, void *userdata);
	void *userdata;
};

/**
 * Loads and attaches the programs that the wanted events need: all of them, or none.
 * -EPERM: no privilege; -EOPNOTSUPP: this kernel cannot; other errno: as libbpf gave it. Then `ret_problem` says why.
 */
int mica_kernel_open(const struct mica_kernel_options *options, struct mica_kernel **ret,
		     struct mica_problem *ret_problem);
/** Detaches and frees all. */
void mica_kernel_close(struct mica_kernel **kernel);

/** File descriptor that is readable when the kernel announced records; see mica_kernel_read. */
int mica_kernel_fd(const struct mica_kernel *kernel);
/** When the reader was woken last, for a record that should not wait: CLOCK_MONOTONIC, ns. Others that come within 4 ms
 *  after it do not wake it again: read once more 5 ms after it. */
uint64_t mica_kernel_woken_ns(const struct mica_kernel *kernel);
/** Hands all records that are there to `take`. Records are announced in batches, so call it at least every 100 ms.
 *  Number of records, or a negative value of `take` or errno. */
int mica_kernel_read(struct mica_kernel *kernel);
/** No program runs any more after this; what is in the ring can still be read. */
void mica_kernel_detach(struct mica_kernel *kernel);

/**
 * Has the kernel report what was written since the last call, as `write` records in the ring; to be called each second,
 * and once after mica_kernel_detach. Without effect when writes are not wanted. 0 or a negative errno.
 */
int mica_kernel_report_writes(struct mica_kernel *kernel);

/** Bytes of the ring buffer that were full at most, just after a record came. */
uint64_t mica_kernel_ring_peak(const struct mica_kernel *kernel);

/** What was not delivered since the start, by type of event and cause. */
struct mica_losses {
	uint64_t count[_MICA_EVENT_MAX][_MICA_LOST_MAX];
};
/** Runs that the kernel skipped are up to date of a fifth of the programs, another one each call; after
 *  mica_kernel_detach of all. 0 or a negative errno. */
int mica_kernel_losses(struct mica_kernel *kernel, struct mica_losses *ret);

/** What user space found out about a namespace or a union: bits as in `enum subject_flags` (bpf/maps.bpf.h). */
enum mica_selection {
	/** Forget what was said: its events pass. */
	MICA_SELECTION_UNKNOWN = 0,
	MICA_SELECTION_REJECTED = 1,
	MICA_SELECTION_OTHER = 2,
	MICA_SELECTION_WATCHED = 4,
};
/** 0, or -E2BIG when the kernel's table is full. */
int mica_kernel_select_namespace(struct mica_kernel *kernel, uint64_t mnt_ns_id, enum mica_selection selection);
/** 0, or -ENOENT when the union is gone. */
int mica_kernel_select_union(struct mica_kernel *kernel, uint64_t union_id, enum mica_selection selection);

/* Features, for `mica doctor`. */

enum mica_feature_state {
	MICA_FEATURE_OK,
	/** It works with less: `detail` says what is missing. */
	MICA_FEATURE_DEGRADED,
	MICA_FEATURE_MISSING,
};

struct mica_feature {
	/** Stable: "privilege", "btf", "fentry", "hook:copy-up", … */
	const char *name;
	enum mica_feature_state state;
	/** "trace" or "enforce": what needs it. */
	const char *needed_by;
	/** How it is done here, or what is missing. */
	char detail[160];
	/** One line; empty when the state is OK. */
	char remedy[200];
};

/** Probes each feature by trying it. Calls `visit` in a fixed order. 0, or what `visit` returned. */
int mica_kernel_probe(int (*visit)(const struct mica_feature *feature, void *userdata), void *userdata);

#endif
