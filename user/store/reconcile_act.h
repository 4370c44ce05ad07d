/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is done about one drift; for reconcile.c.
 */
#ifndef MICA_STORE_RECONCILE_ACT_H
#define MICA_STORE_RECONCILE_ACT_H

#include "store/reconcile.h"

/** Chooses the step of a report, and says why where it is to wait. `search`: also looks for a union that lives
 * elsewhere, which takes a while, and which mica_reconcile_act does anyway. */
void mica_reconcile_choose(struct mica_reconcile_report *report, const struct mica_drift_found *found, bool search,
			   char *words, size_t size);

/** Takes the step, with the thing locked against other commands and looked at anew. 0, or a negative errno with the
 *  reason in `words`; it may change the step. */
int mica_reconcile_act(struct mica_store *store, struct mica_reconcile_report *report, char *words, size_t size);

#endif
