/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this kernel can do, found out by trying. Shared by the loader (which refuses) and `mica doctor` (which tells).
 */
#ifndef MICA_KERNEL_FEATURES_H
#define MICA_KERNEL_FEATURES_H

#include "kernel/functions.h"
#include "kernel/kernel.h"

/** What all programs need, in the order in which it is looked at. */
enum mica_basic {
	MICA_BASIC_PRIVILEGE,
	MICA_BASIC_BTF,
	MICA_BASIC_OVERLAY,
	MICA_BASIC_RING_BUFFER,
	MICA_BASIC_TASK_STORAGE,
	MICA_BASIC_LOOP,
	MICA_BASIC_FENTRY,
	MICA_BASIC_LSM,
	MICA_BASIC_SYMBOLS,
	MICA_BASIC_PREEMPTION,
	_MICA_BASIC_MAX,
};

struct mica_features {
	struct mica_feature basic[_MICA_BASIC_MAX];
	/** NULL when the kernel has no BTF. */
	struct mica_functions *functions;
};

/** Fills in all basic features; loads the overlay module if it is not there. 0 or -ENOMEM. */
int mica_features_probe(struct mica_features *ret);
void mica_features_free(struct mica_features *features);

/** True: an LSM program will be run. */
bool mica_features_have_lsm(const struct mica_features *features);

/** The program that does `job` here, or NULL; *ret_detail: how it is done, or why not. */
const struct mica_program *mica_features_choose(const struct mica_features *features, const char *job, char *ret_detail,
						size_t detail_size);

#endif
