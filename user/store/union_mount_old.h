/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_UNION_MOUNT_OLD_H
#define MICA_STORE_UNION_MOUNT_OLD_H

#include "store/union_mount.h"
#include "store/union_signature.h"

/** mica_union_mount on kernels before 6.8 (6.13 for long names): mount(2), whose options are one page. Names that do
 * not fit, or would need escapes, are given as numbers of open descriptors, relative to /proc/self/fd. */
int mica_union_mount_old(const struct mica_union_specification *specification, const char *target);

/** What one parameter of fsconfig(2) takes, with its NUL. */
#define MICA_UNION_NUMBERS_SIZE 256

/** Directories of a union as numbers of open descriptors, as overlayfs reads them with the working directory
 *  /proc/self/fd: no escapes, whatever their names are. */
struct mica_union_numbers {
	char lowers[MICA_UNION_NUMBERS_SIZE];
	char upper[16], work[16];
	/** Goes with the union as its source: numbers do not tell later what it is made of. */
	char signature[MICA_UNION_SIGNATURE_SIZE];
	int *fds;
	size_t fd_count;
	/** The working directory before. */
	int back_fd;
};
#define MICA_UNION_NUMBERS_NONE ((struct mica_union_numbers){ .back_fd = -EBADF })

/** Opens the directories and goes to /proc/self/fd. -E2BIG: they do not fit. */
int mica_union_numbers_begin(const struct mica_union_specification *specification, struct mica_union_numbers *ret);
/** Closes them and goes back. */
void mica_union_numbers_end(struct mica_union_numbers *numbers);

#endif
