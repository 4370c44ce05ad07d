/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_BASE_FILE_H
#define MICA_BASE_FILE_H

#include <stddef.h>

/**
 * Reads a whole file, also one of unknown size (/proc). *ret (caller frees) has a NUL behind the content, which does
 * not count in *ret_size (may be NULL). -EFBIG: it holds more than `limit` bytes; -ENOMEM; else the errno of open or
 * read. `ret` and `ret_size` are untouched on failure.
 */
int mica_file_read(const char *path, size_t limit, char **ret, size_t *ret_size);

/** The same for a path below a directory descriptor. */
int mica_file_read_at(int directory_fd, const char *path, size_t limit, char **ret, size_t *ret_size);

/** The same from an open descriptor, which stays open. */
int mica_file_read_fd(int fd, size_t limit, char **ret, size_t *ret_size);

/** Calls `visit` for each entry of a directory whose name is a number of up to nine digits (/proc, /proc/PID/fd). 0,
 * what `visit` returned, or the errno of opening it. */
int mica_file_each_number(const char *directory, int (*visit)(int number, void *userdata), void *userdata);

/** Puts /dev/null in the place of standard input, output and error: of a child that may hang in the kernel for ever,
 * whoever reads what the parent writes would wait for its end else. */
void mica_file_leave_standard(void);

#endif
