/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers for people, and back. Independent of the locale. Pure.
 */
#ifndef MICA_BASE_FORMAT_H
#define MICA_BASE_FORMAT_H

#include <stdint.h>

/** Room for what the functions below write, NUL included. */
#define MICA_FORMAT_SIZE 32

/** "17 B", "4.0 KiB", "212 MiB": three digits are enough to compare by eye. Returns `text`. */
const char *mica_format_bytes(uint64_t bytes, char text[static MICA_FORMAT_SIZE]);
/** "850 ns", "21.2 µs", "212 µs", "1.3 ms", "2.0 s", "3 min 20 s", "5 h 2 min". Returns `text`. */
const char *mica_format_duration(uint64_t ns, char text[static MICA_FORMAT_SIZE]);

/**
 * Reads a duration: decimal digits and one unit, nothing else ("500ms", "30s", "10m", "2h", "1d"; also "us", "µs",
 * "ns").
 * -EINVAL: not that; -ERANGE: over 2^64 ns (584 years).
 */
int mica_format_parse_duration(const char *text, uint64_t *ret_ns);

/**
 * Reads a number of bytes: decimal digits and at most one unit, nothing else. As in dd(1), "k", "K", "KiB", "M", "MiB",
 * "G", "GiB", "T", "TiB" are powers of 1024; "kB", "KB", "MB", "GB", "TB" are powers of 1000.
 * -EINVAL: not that; -ERANGE: over 2^64 bytes.
 */
int mica_format_parse_bytes(const char *text, uint64_t *ret_bytes);

#endif
