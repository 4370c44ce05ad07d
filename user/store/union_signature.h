/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name of a union whose options do not say what it is made of: where the kernel takes its directories by the
 * numbers of descriptors only (before 6.13, names that are too long or that mount(2) would have to escape), mountinfo
 * shows the numbers. Such a union carries its signature as the source of the mount.
 */
#ifndef MICA_STORE_UNION_SIGNATURE_H
#define MICA_STORE_UNION_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

/** "mica:", 32 digits for all directories, ":", 32 digits for the upper, NUL. */
#define MICA_UNION_SIGNATURE_SIZE 71

/** Of a union of these directories, topmost first; `upper` and `work` may be NULL. Pure. */
void mica_union_signature(const char *const *lowers, size_t lower_count, const char *upper, const char *work,
			  char text[static MICA_UNION_SIGNATURE_SIZE]);
/** True: the signature is that of a union with this upper. Pure. */
bool mica_union_signature_has_upper(const char *text, const char *upper);

#endif
