/* SPDX-License-Identifier: BSD-2-Clause */
/* What every part needs. Nothing that is allocated is ever handed back to the system: the program is short. */
#ifndef OVERLAY_DRIVER_BASE_H
#define OVERLAY_DRIVER_BASE_H

#include <stdint.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KIB 1024L
#define MIB (1024L * 1024)
/** Room for any path or text that a call takes. */
#define TEXT_SIZE 1536
/** The user that is not root. */
#define USER 1000

/** Ends the program with errno's text: the truth would not be true any more. */
void die(const char *what);

char *format(const char *pattern, ...);

/** In nanoseconds. */
int64_t now(clockid_t clock);

/** A whole file as text. */
char *slurp(const char *path);

/** 0: there is none. */
unsigned long inode_of(const char *path);

void make_directory(const char *path);

#endif
