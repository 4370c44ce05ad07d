/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and ids of what the store keeps. They become file names, so nothing else is let in. Pure.
 */
#ifndef MICA_STORE_NAME_H
#define MICA_STORE_NAME_H

#include <stdbool.h>

/** Longest name; a file system's limit is 255, and some of ours get a suffix. */
#define MICA_NAME_MAX 200

/** True for [a-zA-Z0-9][a-zA-Z0-9_.-]+ (Docker's rule: two characters at least) of at most MICA_NAME_MAX bytes. */
bool mica_name_valid(const char *name);

/** Writes `bytes` random bytes as hexadecimal digits, with a NUL. 0, or an errno of getrandom(2). */
int mica_name_random(char *name, unsigned bytes);

#endif
