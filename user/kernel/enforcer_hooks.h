/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of enforcement's LSM programs: what each hooks, what that must look like, and what needs it.
 */
#ifndef MICA_KERNEL_ENFORCER_HOOKS_H
#define MICA_KERNEL_ENFORCER_HOOKS_H

#include "kernel/programs.h"

struct mica_enforcer_hook {
	/** job, name, function, arguments, parameters and optional are of account. */
	struct mica_program program;
	/** Operations, as bits, and guards (enum mica_enforce_guard) that are not complete without it. */
	uint32_t operations;
	uint32_t guards;
	/** Without it nothing is. */
	bool always;
	/** It asks for verdicts: the evaluator takes the place of its verdict_answer(). */
	bool asks;
};

extern const struct mica_enforcer_hook mica_enforcer_hooks[];
extern const unsigned mica_enforcer_hook_count;

#endif
