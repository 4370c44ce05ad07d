/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_TREE_COPY_H
#define MICA_STORE_TREE_COPY_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * Copies what is in one directory into another, which is empty or is merged with, and the directory's own attributes:
 * modes, owners, times, extended attributes, links among the files, holes, device nodes. Data is shared where the file
 * system can (FICLONE). No symlink is followed, no mount crossed. 0 or a negative errno, and what was copied stays.
 */
int mica_tree_copy(int from_fd, int to_fd);

struct mica_tree_copy_options {
	/** Owner of all copies; (uid_t)-1: as the original's. */
	uid_t uid;
	gid_t gid;
	/** Leaves the directory's own attributes as they are. */
	bool contents_only;
};
#define MICA_TREE_COPY_EXACT ((struct mica_tree_copy_options){ .uid = (uid_t)-1, .gid = (gid_t)-1 })
int mica_tree_copy_with(int from_fd, int to_fd, const struct mica_tree_copy_options *options);

/** Copies one entry of a directory, of any type, to a name in another. A file that is there is replaced, a directory
 *  merged with; -EISDIR, -ENOTDIR: one is a directory and the other is not. */
int mica_tree_copy_entry(int from_fd, const char *from, int to_fd, const char *to,
			 const struct mica_tree_copy_options *options);

#endif
