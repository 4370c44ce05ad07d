/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A union as the database keeps it: JSON. Paths are bytes and JSON is text, so each path is kept as the escapes of
 * base/utf8.h would show it only if it must: as an array of numbers where it is no UTF-8.
 */
#ifndef MICA_STORE_UNION_TEXT_H
#define MICA_STORE_UNION_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

/** Owned. */
struct mica_union_plan {
	char **lowers;
	size_t lower_count;
	/** NULL: read-only. */
	char *upper, *work;
	/** NULL-terminated; NULL: none. */
	char **options;
	size_t option_count;
	bool readonly;
	/** Of the lowers, the first: read-only branches above the upper. */
	size_t guarded;
};

#define _cleanup_union_plan_ _cleanup_(mica_union_plan_free)
void mica_union_plan_free(struct mica_union_plan *plan);

/** The text of a plan; caller frees. 0 or -ENOMEM. The same plan always gives the same text. Pure. */
int mica_union_plan_write(const struct mica_union_plan *plan, char **ret);
/** Back. 0, -EBADMSG, -ENOMEM. Pure. */
int mica_union_plan_read(const char *text, struct mica_union_plan *ret);

#endif
