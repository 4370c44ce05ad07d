/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes a system call and writes down what it was and what came of it, one JSON object a line. */
#ifndef MOUNT_API_CALL_H
#define MOUNT_API_CALL_H

#include <stdbool.h>
#include <stdint.h>

/** A call: its name and its numbers, in 64-bit code and for `int 0x80` (0: not made that way here). */
struct kind {
	const char *name;
	long number, number_32;
	/**
	 * A letter an argument. d: a directory's descriptor, for the path behind it; p: a path; P: a path relative to
	 * the working directory; f: a descriptor; s: a string; x: a number; a: a struct attr, and then its size.
	 */
	const char *arguments;
};

extern const struct kind k_mount, k_umount, k_oldumount, k_fsopen, k_fspick, k_fsconfig, k_fsmount, k_open_tree,
	k_open_tree_attr, k_move_mount, k_mount_setattr, k_pivot_root, k_unshare, k_clone3;

/** struct mount_attr of the kernel. */
struct attr {
	uint64_t set, cleared, propagation, userns_fd;
};

/** Makes the calls by `int 0x80` from now on, or no longer. */
void use_int80(bool use);
/** False: this kernel has no calls for 32-bit code. */
bool have_int80(void);

/** Arguments are words or pointers, as the kind says. The result, or a negative errno. */
long call(const struct kind *kind, ...);

/** Says something that is no call. */
void say(const char *what, long value);

void die(const char *what);

#endif
