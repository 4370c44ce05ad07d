/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directory trees below a descriptor. Nothing here follows a symlink or crosses a mount.
 */
#ifndef MICA_STORE_TREE_H
#define MICA_STORE_TREE_H

#include <dirent.h>
#include <stdint.h>
#include <sys/stat.h>

/** Opens a path below a directory, without following symlinks on the way or at its end, and without leaving the
 *  directory or its mount. A descriptor or a negative errno (-ELOOP: a symlink, -EXDEV: it leads out). */
int mica_tree_open(int directory_fd, const char *path, int flags);

/**
 * Removes a file, or a directory with all that is below it, of any depth. 0 also where it is absent. -EBUSY: something
 * is mounted in it (what was removed before is gone, nothing on the other side of the mount is).
 */
int mica_tree_remove(int directory_fd, const char *name);

/** One entry of a walk. */
struct mica_tree_entry {
	/** Of the directory that it is in. */
	int directory_fd;
	const char *name;
	/** From the top of the walk, without a leading slash. */
	const char *path;
	const struct stat *stat;
};

/**
 * Calls `visit` for each entry below the directory, a directory before what is in it, names in bytewise order. 0, or
 * what `visit` returned if it is negative; positive leaves out what is below a directory. -ENAMETOOLONG: a path is over
 * 64 KiB; -EXDEV: something is mounted there.
 */
int mica_tree_walk(int directory_fd, int (*visit)(const struct mica_tree_entry *entry, void *userdata), void *userdata);

/** Adds up the sizes of the regular files below a directory, one of several links counted once. */
int mica_tree_size(int directory_fd, uint64_t *ret_bytes);

/** Creates a directory below a descriptor and opens it. -EEXIST, or another negative errno. */
int mica_tree_make(int directory_fd, const char *name, mode_t mode, int *ret_fd);

/** Opens a directory for reading, from its start; the descriptor stays the caller's. NULL: errno tells why. */
DIR *mica_tree_read(int directory_fd);

#endif
