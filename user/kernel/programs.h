/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of BPF programs: which job each does, what it hooks, what that must look like, and what it stands in for.
 */
#ifndef MICA_KERNEL_PROGRAMS_H
#define MICA_KERNEL_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "mica/event.h"

#define MICA_PROGRAM_ARGUMENTS 3

/** An argument that the program reads: pointer to this struct, or any scalar when `type` is "". */
struct mica_program_argument {
	int index;
	const char *type;
};

struct mica_program {
	/** Programs of one job are alternatives, best first: one of them is attached. */
	const char *job;
	/** Its name in the BPF object. */
	const char *name;
	/** Kernel function that it hooks; `bpf_lsm_X` for an LSM program, `btf_trace_X` for one on the tracepoint X. */
	const char *function;
	/** Name of the struct that the function must return a pointer to; NULL: an integer or nothing is looked at. */
	const char *returns;
	struct mica_program_argument arguments[MICA_PROGRAM_ARGUMENTS];
	/** Bit n: it has a part in events of type n. */
	uint64_t events;
	/** Number of parameters the function must have; 0: any. */
	int parameters;
	/** The type of event that is lost when the kernel skips it; NONE: only details of events are. */
	enum mica_event_type makes;
	bool lsm;
	/** The job may be missing: kernels before it was there do the same elsewhere, or only a detail is missing. */
	bool optional;
};

extern const struct mica_program mica_programs[];
extern const unsigned mica_program_count;

#endif
