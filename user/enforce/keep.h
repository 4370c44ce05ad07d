/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is kept beside the pins, so that another process knows what is in force: the texts of the set, by its digest,
 * and the numbers of volumes and layers. Root's alone, below /run: it goes with the pins when the machine does.
 */
#ifndef MICA_ENFORCE_KEEP_H
#define MICA_ENFORCE_KEEP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "enforce/force.h"

#define MICA_KEEP_DIRECTORY "/run/mica/enforce"

/** Sets that are kept after they were in force. */
#define MICA_KEEP_SETS 16

/** The directory, made if it is not there: a descriptor, or a negative errno; -EPERM: it is not root's alone. */
int mica_keep_open(const char *path);

/** Locks what is shared between processes: the set, subjects and numbers. A descriptor, which the caller closes to
 * unlock, or a negative errno. */
int mica_keep_lock(int directory_fd);
/** The same for the one that follows containers and reads denials. -EBUSY: another process does; *ret_pid (may be NULL)
 *  is that one, 0: not known. */
int mica_keep_lock_follower(int directory_fd, int *ret_pid);

/** Writes the set. It is read only when the kernel has its digest, so it is written before it is put in force. 0 or a
 *  negative errno. */
int mica_keep_write(int directory_fd, const struct mica_force *force);
/** Reads and compiles the set with this digest. 0; -ENOENT: it is not kept here; -EBADMSG: it is something else, or
 *  damaged; -ENOMEM, or another errno. */
int mica_keep_read(int directory_fd, const uint8_t digest[static MICA_FORCE_DIGEST_BYTES], struct mica_force **ret);
/** The same by the first bytes of the digest, as a denial has them (mica_force_digest_head). */
int mica_keep_find(int directory_fd, uint64_t digest_head, struct mica_force **ret);
/** Removes sets. Those that were in force last stay for who reads their last denials: MICA_KEEP_SETS of them, besides
 *  the one with this digest. NULL: all go. */
void mica_keep_sweep(int directory_fd, const uint8_t *digest);

/* The file's text. Pure. */

/** Appends it. 0 or -ENOMEM. */
int mica_keep_encode(const struct mica_policy_sources *sources, bool audit, struct mica_buffer *out);
/** 0; -EBADMSG; -ENOMEM. */
int mica_keep_decode(const char *text, size_t size, struct mica_policy_sources *ret, bool *ret_audit);

/** Writes a whole file, so that others see the old or the new one, never a part. 0 or a negative errno. */
int mica_keep_write_file(int directory_fd, const char *name, const char *data, size_t size);

#endif
