/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits on what a directory tree may hold, by the file system's project quota (ext4 and XFS, mounted with prjquota).
 */
#ifndef MICA_STORE_QUOTA_H
#define MICA_STORE_QUOTA_H

#include <stddef.h>
#include <stdint.h>

/** Projects that mica takes begin here: tools count theirs from small numbers. */
#define MICA_QUOTA_FIRST_PROJECT 1500000000

/** Puts an empty directory (what is made in it inherits that) into a project, and limits the project. 0; -EOPNOTSUPP:
 *  this file system cannot, `reason` says why; or an errno. */
int mica_quota_set(int directory_fd, uint32_t project, uint64_t bytes, char *reason, size_t reason_size);

/** Takes a project's limit away. */
void mica_quota_clear(int directory_fd, uint32_t project);

#endif
