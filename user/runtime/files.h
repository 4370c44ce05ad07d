/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A container's files, without those of its volumes: what cp, commit and export act on.
 */
#ifndef MICA_RUNTIME_FILES_H
#define MICA_RUNTIME_FILES_H

#include <stdbool.h>

#include "store/store.h"

/** A container's root; of one that does not run, mounted for this. */
struct mica_container_files {
	int root_fd;
	/** Negative while it runs. */
	int lock_fd;
};
#define MICA_CONTAINER_FILES_NONE ((struct mica_container_files){ -EBADF, -EBADF })
#define _cleanup_container_files_ _cleanup_(mica_container_files_close)
int mica_container_files_open(struct mica_store *store, const char *id, struct mica_container_files *ret);
void mica_container_files_close(const struct mica_container_files *files);

/** Writes the whole file system as an uncompressed tar. */
int mica_container_export(struct mica_store *store, const char *id, int fd);

struct mica_container_commit {
	/** NULL: none. */
	const char *name, *author, *message;
	/** Do not freeze it meanwhile. */
	bool no_pause;
};
/** Makes an image of a container. Caller frees the id. */
int mica_container_commit(struct mica_store *store, const char *id, const struct mica_container_commit *commit,
			  char **ret_image);

/**
 * Copies a file or directory between the host and a container, as `docker cp` does: into a directory that is there, or
 * to the name; "/." at the end of the source is what is in it. `archive`: with its owners; else a copy in a container
 * is root's, and one on the host the caller's. Symlinks of the container lead nowhere outside of it.
 */
int mica_container_copy_out(struct mica_store *store, const char *id, const char *from, const char *to, bool archive);
int mica_container_copy_in(struct mica_store *store, const char *id, const char *from, const char *to, bool archive);

#endif
