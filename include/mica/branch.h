/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Read-only branches above the writable one (SPEC M3): what user space tells the programs of bpf/branch/, and what they
 * keep. A refusal is reported as struct mica_denial (mica/enforce.h) with generation 0, which no set of policies has:
 * union_id is the number below, `counter` the branch (1: the topmost). All in the machine's byte order.
 */
#ifndef MICA_BRANCH_H
#define MICA_BRANCH_H

#include "mica/enforce.h"

/** Version of this file; of pinned maps too. */
#define MICA_BRANCH_ABI 1

/** A union in the guard's care. Key: the address of its superblock; it goes with the superblock. */
struct mica_branch_union {
	/** From 1, never twice while the guard is there. */
	__u64 number;
	/** Its topmost read-only branches: layers 1 to this one. */
	__u32 guarded;
	__u32 reserved;
	/** Refusals, exact. */
	__u64 refused;
	/** For the flood limit, as in struct mica_enforce_counter. */
	__u64 second_ns;
	__u64 records;
	__u64 suppressed;
};

/** Names of branches, for people: key of a map whose values are texts of this size, with a NUL. */
#define MICA_BRANCH_DIRECTORY_BYTES 4096
struct mica_branch_key {
	__u64 number;
	__u32 layer;
	__u32 zero;
};

enum mica_branch_request {
	/** In: `guarded`. Out: `number`. Also of a union that is in its care. */
	MICA_BRANCH_COVER = 0,
	/** Out: `number`, `guarded` (0: it is not in its care), `refused`. */
	MICA_BRANCH_LOOK = 1,
};

/** Context of the program that user space runs with a descriptor of its own: `fd`, of any file of the union. */
struct mica_branch_call {
	__u32 request;
	__s32 fd;
	__u32 guarded;
	/** 0 or a negative errno. */
	__s32 error;
	__u64 number;
	__u64 refused;
};

#endif
