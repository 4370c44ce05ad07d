/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root file systems of containers and images, mounted where nobody else sees them: in a mount namespace that goes
 * with the process. A kill leaves nothing, and no two unions come to stand on one upper as long as the caller holds the
 * container's lock.
 */
#ifndef MICA_STORE_CONTAINER_ROOT_H
#define MICA_STORE_CONTAINER_ROOT_H

#include <stdbool.h>
#include <sys/types.h>

#include "store/store.h"

/** The process' own mount namespace, to come back to. */
struct mica_private_mounts {
	int home_fd, directory_fd;
};
#define MICA_PRIVATE_MOUNTS_NONE ((struct mica_private_mounts){ -EBADF, -EBADF })
#define _cleanup_private_mounts_ _cleanup_(mica_private_mounts_end)
/** Moves this process (of one thread) to a mount namespace of its own, whose mounts nobody else sees. */
int mica_private_mounts_begin(struct mica_private_mounts *ret);
/** Back, with the working directory. */
void mica_private_mounts_end(struct mica_private_mounts *mounts);

/** Mounts a layer with all below it at its directory merged, in this mount namespace. Caller frees the path. */
int mica_layer_mount_here(struct mica_store *store, const char *id, bool writable, char **ret_path);
/** The same out of sight; *ret_fd is its root. Caller closes. */
int mica_layer_open_root(struct mica_store *store, const char *id, bool writable, int *ret_fd);
/** Root directory of a process in another mount namespace, without what is mounted over parts of it. Caller closes. */
int mica_process_open_root(int pid, int *ret_fd);

/** Opens a path as it looks from inside of a root directory: symlinks, also absolute ones, lead nowhere else. A
 *  descriptor or a negative errno. */
int mica_root_open(int root_fd, const char *path, int flags, mode_t mode);

#endif
