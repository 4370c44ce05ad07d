/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_BASE_BYTES_H
#define MICA_BASE_BYTES_H

#include <stddef.h>

/** Bytes that belong to somebody else: file names and paths are bytes, not text, and may hold anything but NUL. */
struct mica_bytes {
	const char *data;
	size_t size;
};

#endif
