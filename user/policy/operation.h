/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a policy for what it decides about (include/mica/operation.h has the numbers). Pure; all strings static.
 */
#ifndef MICA_POLICY_OPERATION_H
#define MICA_POLICY_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "mica/operation.h"

struct mica_operation_info {
	const char *name;
	/** What a process does when it does this, in a few words ("opens a file for writing"). */
	const char *meaning;
	/** Positive; what a denial without `errno` gives. */
	int default_errno;
};

/** A name that stands for several operations. */
struct mica_operation_group {
	const char *name;
	uint32_t operations;
};

/** Groups, in the order of the manual page; ends with a NULL name. */
extern const struct mica_operation_group mica_operation_groups[];

/** Description of an operation; `operation` must be below _MICA_OPERATION_MAX. */
const struct mica_operation_info *mica_operation_describe(enum mica_operation operation);

/** Set of operations that a name stands for, one bit for an operation, several for a group; 0: no such name. */
uint32_t mica_operation_find(const char *name);

/** The operation or group that `name` was probably meant to be; NULL: none is near. */
const char *mica_operation_suggest(const char *name);

/** Whether an errno that a program gives for a denial of this operation reaches the caller as it is. `error` is
 * positive. EACCES, EPERM and EROFS do (measured on every gate); of what capable() decides only EPERM. */
bool mica_operation_delivers(enum mica_operation operation, int error);

/** "allow", "audit", "deny". */
const char *mica_verdict_name(enum mica_verdict verdict);

#endif
