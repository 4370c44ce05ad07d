/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shared library that is loaded when it is needed first: what a command does not use need not cost its start.
 */
#ifndef MICA_BASE_LIBRARY_H
#define MICA_BASE_LIBRARY_H

#include <stddef.h>

/** A function, and where its address goes in the table of them. */
struct mica_library_function {
	const char *name;
	size_t offset;
};

/**
 * Loads `file` (its name with the version of its binary interface) and writes the addresses of all functions to
 * `table`. It stays loaded. 0, or -ELIBACC: it is not there, or lacks one (the reason is logged at debug).
 */
int mica_library_load(const char *file, const struct mica_library_function *functions, size_t count, void *table);

#endif
