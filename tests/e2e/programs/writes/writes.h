/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every way to write to a file, each by a process of its own that says what it did.
 */
#ifndef WRITES_H
#define WRITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a way did to its file. */
struct result {
	/** Bytes that the calls asked for, and those that they said they wrote. */
	uint64_t requested, returned;
	/** By how much the size was set (truncate) or space asked for (fallocate): requests without a result. */
	uint64_t asked;
	unsigned calls;
	unsigned pages;
	/** The kernel tells the bytes by its own result also where it does not for write(2): splice and the like. */
	bool always_result;
	/** Either is right: asynchronous calls may end before they return. */
	bool either;
	/** The file is not opened by the process: nothing is closed. */
	bool by_path;
	/** Why it cannot be done here; NULL: it was done. */
	const char *skipped;
};

struct way {
	/** Also the process's name, so at most 15 bytes. */
	const char *name;
	/** `path` does not exist; `source` is a file of 64 KiB in the same directory. */
	void (*run)(const char *path, const char *source, struct result *result);
};

#define SOURCE_BYTES 65536

extern const struct way plain_ways[];
extern const struct way transfer_ways[];
extern const struct way async_ways[];

/** Opens and dies if that fails. */
int open_or_die(const char *path, int flags);
/** Counts one call that returned `returned` of `requested` bytes; dies on an error. */
void count(struct result *result, uint64_t requested, long returned, const char *call);

#endif
