/* SPDX-License-Identifier: BSD-2-Clause */
/* The union that the benchmark's programs work on, and what they share. What fails ends the program, and says so. */
#ifndef MICA_BENCH_UNION_H
#define MICA_BENCH_UNION_H

#include <stdint.h>

/** Where everything lies in the union. */
#define TREE "/srv/app"
#define FILES_PER_DIRECTORY 100

void check(long result, const char *what, const char *name);

/** Formats; to be freed. */
__attribute__((format(printf, 1, 2))) char *text(const char *format, ...);

/** CLOCK_MONOTONIC. */
uint64_t now_ns(void);

/** TREE/FOLDER/dNN/fNN, FILES_PER_DIRECTORY in each directory; to be freed. */
char *file_path(const char *folder, unsigned index);

/** A tmpfs at `directory`, with lower, upper, work, merged. */
void union_make(const char *directory);

/** Writes `size` bytes to a new file of the lower, whose directories are made. To be called before union_mount(). */
void union_add(const char *directory, const char *path, const void *data, unsigned size);

void union_mount(const char *directory);

/** From here on the process is in a mount namespace of its own, with the union as its root, as in a container. */
void union_enter(const char *directory);

void union_drop(const char *directory);

#endif
