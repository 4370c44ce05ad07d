/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_KERNEL_PROBLEM_H
#define MICA_KERNEL_PROBLEM_H

#include "kernel/features.h"

/** Writes what cannot be done into problem->what; the remedy is left as it is. Returns `error`. */
__attribute__((format(printf, 3, 4))) int mica_problem_refuse(struct mica_problem *problem, int error,
							      const char *format, ...);

/** 0 where all of the basic features are there; else -EPERM or -EOPNOTSUPP, with `about`, why, and the remedy. */
int mica_problem_check_basics(const struct mica_features *features, const enum mica_basic *needed, unsigned count,
			      const char *about, struct mica_problem *problem);

#endif
