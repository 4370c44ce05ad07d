/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's file tree: "/", or a tree of fixtures in tests. All paths of engines and mounts are relative to it.
 */
#ifndef MICA_CONTAINER_HOST_H
#define MICA_CONTAINER_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Bound of a state file of an engine: far above any real one, so that a broken one cannot eat the memory. */
#define MICA_STATE_FILE_BYTES ((size_t)64 << 20)

struct mica_watch;

struct mica_host {
	/** "" for "/", else the root's path without slash at the end: put before an absolute path. */
	char *prefix;
	/** Tells of changes; NULL: nobody wants to know. Not owned. */
	struct mica_watch *watch;
};

/** Enough of a file's identity to see that it was replaced or written: engines replace state files by rename. */
struct mica_stamp {
	dev_t dev;
	ino_t inode;
	off_t size;
	int64_t mtime_ns;
};

/** `root`: NULL or "/" for the host itself. 0 or -ENOMEM. */
int mica_host_init(struct mica_host *host, const char *root);
void mica_host_free(struct mica_host *host);

/** Path of an absolute host path in our own view (caller frees); NULL: -ENOMEM. */
char *mica_host_path(const struct mica_host *host, const char *path);
/** Opens a host path with O_PATH. A descriptor or a negative errno. */
int mica_host_open(const struct mica_host *host, const char *path);
/** Reads a file of at most `limit` bytes; as mica_file_read. */
int mica_host_read(const struct mica_host *host, const char *path, size_t limit, char **ret, size_t *ret_size);
/** The host path with all symlinks resolved (caller frees), or a copy of it where nothing is there. 0 or -ENOMEM. */
int mica_host_resolve(const struct mica_host *host, const char *path, char **ret);
/** 1: the file is not as in `stamp` (absent counts as all zeros), which is renewed; 0: it is. */
int mica_host_stamp(const struct mica_host *host, const char *path, struct mica_stamp *stamp);
/** True: changed so short a time ago that another change may leave the same stamp. */
bool mica_stamp_is_fresh(const struct mica_stamp *stamp);
/** Is there such a file or directory? */
bool mica_host_has(const struct mica_host *host, const char *path);
/** Has changes in a directory told (watch.h), as long as it is there; `names`: also what is made in it. */
void mica_host_watch(const struct mica_host *host, const char *directory, bool names);
/** Name of the next directory that was made in a watched one (caller frees); NULL: none. */
char *mica_host_take_made(const struct mica_host *host, const char *directory);
/** Inode number of the mount namespace of a process; 0: gone, or not to be told. */
uint32_t mica_host_mount_namespace(const struct mica_host *host, int pid);

/** CLOCK_MONOTONIC. */
uint64_t mica_now_ns(void);

/** When to look again for what was not found: after 50 ms, then twice as long each time, up to 5 s. */
struct mica_retry {
	uint64_t next_ns;
	uint64_t wait_ns;
};

/** True when it is time for a try; the wait until the next then begins. Initialise with {}: the first is at once. */
bool mica_retry_due(struct mica_retry *retry);

#endif
