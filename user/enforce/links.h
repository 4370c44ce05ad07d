/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of a directory tree that have a name elsewhere too: a rule about the tree holds for them by any name.
 */
#ifndef MICA_ENFORCE_LINKS_H
#define MICA_ENFORCE_LINKS_H

#include <stddef.h>

/** More entries are not looked through: the policy is not to wait for a tree of any size. */
#define MICA_LINKS_MAX ((size_t)1000000)

/**
 * Calls `visit` with an O_PATH descriptor (borrowed) of each regular file below `directory` that has more links than
 * there are names of it below `directory`. Stays on the file system; a network's or FUSE's is not looked through, for
 * its server may not answer. A negative return of `visit` ends it. 0; -E2BIG: there are more than MICA_LINKS_MAX
 * entries, of which those were looked at; -EOPNOTSUPP: such a file system; or another negative errno.
 */
int mica_links_each(const char *directory, int (*visit)(int fd, void *userdata), void *userdata);

#endif
