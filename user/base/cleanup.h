/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scope-bound ownership: a variable with one of these attributes frees what it holds when it leaves its scope, on
 * every path. Initialise it (NULL, or -EBADF for a descriptor), and give ownership away with TAKE_PTR or TAKE_FD.
 */
#ifndef MICA_BASE_CLEANUP_H
#define MICA_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/** Calls `function` with the address of the variable. */
#define _cleanup_(function) __attribute__((cleanup(function)))

#define _cleanup_free_ _cleanup_(mica_cleanup_free)
#define _cleanup_fclose_ _cleanup_(mica_cleanup_fclose)
#define _cleanup_closedir_ _cleanup_(mica_cleanup_closedir)
/** For an int; any negative value is "none". */
#define _cleanup_close_ _cleanup_(mica_cleanup_close)

/** The pointer, which is NULL afterwards. */
#define TAKE_PTR(pointer)                                          \
	({                                                         \
		__typeof__(&(pointer)) take_address_ = &(pointer); \
		__typeof__(pointer) take_value_ = *take_address_;  \
		*take_address_ = NULL;                             \
		take_value_;                                       \
	})

/** The descriptor, which is -EBADF afterwards. */
#define TAKE_FD(fd)                               \
	({                                        \
		int *take_address_ = &(fd);       \
		int take_value_ = *take_address_; \
		*take_address_ = -EBADF;          \
		take_value_;                      \
	})

static inline void mica_cleanup_free(void *address)
{
	free(*(void **)address);
}

static inline void mica_cleanup_fclose(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

static inline void mica_cleanup_closedir(DIR **directory)
{
	if (*directory)
		(void)closedir(*directory);
}

static inline void mica_cleanup_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

#endif
