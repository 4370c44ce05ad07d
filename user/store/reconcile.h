/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bringing back what should be mounted (store/kept.h) and is not. Nothing is ever mounted over what somebody else
 * mounted, and no upper ever has a second union.
 */
#ifndef MICA_STORE_RECONCILE_H
#define MICA_STORE_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/drift.h"
#include "store/store.h"

enum mica_step {
	MICA_STEP_MOUNT,
	/** A union that lives elsewhere is mounted here too. */
	MICA_STEP_REATTACH,
	/** Its flags are put right. */
	MICA_STEP_REMOUNT,
	/** Nothing can be done before somebody else does something. */
	MICA_STEP_WAIT,
	_MICA_STEP_MAX,
};

struct mica_reconcile_report {
	const struct mica_kept *kept;
	enum mica_drift drift;
	enum mica_step step;
	/** It was done. */
	bool done;
	/** Why it waits, what failed, or "". */
	const char *words;
};

struct mica_reconcile_counts {
	/** In their place; differed; of those: put right. */
	size_t kept, drifted, restored;
};

struct mica_reconcile_options {
	/** Only tell what would be done. */
	bool dry_run;
	/** Only these (names of unions, layers, volumes); NULL-terminated, NULL: all. */
	const char *const *names;
};

/** Compares all that should be mounted with this mount namespace, tells each drift, and puts right what can be. 0, or
 * an errno of reading the store or the mounts; what one thing fails with is told and does not end it. */
int mica_reconcile(struct mica_store *store, const struct mica_reconcile_options *options,
		   void (*tell)(const struct mica_reconcile_report *report, void *userdata), void *userdata,
		   struct mica_reconcile_counts *ret);

/** "mount", "reattach", "remount", "wait". A static string. */
const char *mica_step_name(enum mica_step step);

#endif
