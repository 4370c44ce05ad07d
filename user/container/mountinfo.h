/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mounts of one namespace (proc_pid_mountinfo(5), read through libmount), with the two questions that identity
 * asks: where is a path of some file system visible, and in which file system does a path lie. Devices are numbers as
 * the kernel encodes them in records: major << 20 | minor.
 */
#ifndef MICA_CONTAINER_MOUNTINFO_H
#define MICA_CONTAINER_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/bytes.h"

/** A mount point's path and a path below it, with their terminator. */
#define MICA_HOST_PATH_BYTES 8192

struct mica_mountinfo;

struct mica_mount_entry {
	uint32_t device;
	/** Directory (or file) of the file system that is mounted. */
	const char *root;
	const char *target;
	const char *type;
	/** Of the file system, as libmount tells them: the kernel's octal escapes are undone. */
	const char *options;
	/** Of the mount itself ("rw,nosuid"), and what was mounted ("" if the kernel does not tell). */
	const char *flags, *source;
	/** Unique on the machine while the mount lives; proc_pid_fdinfo(5) and statx(2) tell it too. */
	int id, parent_id;
};

/** Reads a mountinfo file, which is watched for changes afterwards. 0, -ENOMEM, or the errno of reading it. */
int mica_mountinfo_new(const char *path, struct mica_mountinfo **ret);
/** The same for a stream, read once. Lines that are no mounts are skipped. */
int mica_mountinfo_new_stream(FILE *in, struct mica_mountinfo **ret);
void mica_mountinfo_free(struct mica_mountinfo **mountinfo);

/** Reads the file again if the mounts changed. 1: they did; 0: no change; negative: an errno, the old ones stay. */
int mica_mountinfo_refresh(struct mica_mountinfo *mountinfo);

/** True when a mount of the device is known. */
bool mica_mountinfo_has_device(const struct mica_mountinfo *mountinfo, uint32_t device);

/**
 * Writes the path at which `path` of the device's file system can be seen, by the first mount that shows it (not the
 * longest root: a bind mount of a layer elsewhere must not rename it); covered mounts are left out. 0, -ENOENT: it
 * cannot be seen, or -ENAMETOOLONG.
 */
int mica_mountinfo_host_path(struct mica_mountinfo *mountinfo, uint32_t device, struct mica_bytes path, char *buffer,
			     size_t size);

/** Tells the device that an absolute path lies in and the path in its file system (caller frees). 0, -ENOENT, -ENOMEM.
 *  Symlinks are not followed. */
int mica_mountinfo_locate(const struct mica_mountinfo *mountinfo, const char *path, uint32_t *ret_device,
			  char **ret_path);

/** Type of the file system that an absolute path lies in, or that it would lie in; NULL: none. Symlinks are not
 * followed, dots neither. Valid until the next refresh. */
const char *mica_mountinfo_type(const struct mica_mountinfo *mountinfo, const char *path);

/** Is a mount of mica_mountinfo_all or _each not covered by another? Costs a look through the mounts the first time. */
bool mica_mountinfo_is_visible(struct mica_mountinfo *mountinfo, const struct mica_mount_entry *mount);

/** Calls `visit` for each mount that is not covered by another, until it returns non-zero, which is returned. */
int mica_mountinfo_each(struct mica_mountinfo *mountinfo,
			int (*visit)(const struct mica_mount_entry *mount, void *userdata), void *userdata);

/** The same for all of them, the covered ones too. */
int mica_mountinfo_all(const struct mica_mountinfo *mountinfo,
		       int (*visit)(const struct mica_mount_entry *mount, void *userdata), void *userdata);

/** Rest of `path` below the directory `directory`: "" for the directory itself, else it begins with '/'; data == NULL:
 *  not below it. */
struct mica_bytes mica_path_below(struct mica_bytes path, const char *directory);

#endif
