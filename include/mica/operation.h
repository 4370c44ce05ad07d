/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a policy decides about, and what it can decide: the numbers that the kernel's side and user space share. Numbers
 * do not change; new operations go to the end. Names and meanings: user/policy/operation.c and mica-policy(5).
 */
#ifndef MICA_OPERATION_H
#define MICA_OPERATION_H

/** A bit number in a set of operations (a 32-bit word). */
enum mica_operation {
	MICA_OPERATION_READ = 0,
	MICA_OPERATION_WRITE = 1,
	MICA_OPERATION_CREATE = 2,
	MICA_OPERATION_DELETE = 3,
	MICA_OPERATION_RENAME = 4,
	MICA_OPERATION_LINK = 5,
	MICA_OPERATION_TRUNCATE = 6,
	MICA_OPERATION_CHMOD = 7,
	MICA_OPERATION_CHOWN = 8,
	MICA_OPERATION_UTIMES = 9,
	MICA_OPERATION_XATTR = 10,
	MICA_OPERATION_ACL = 11,
	MICA_OPERATION_IOCTL = 12,
	MICA_OPERATION_MMAP_WRITE = 13,
	MICA_OPERATION_COPY_UP = 14,
	MICA_OPERATION_WHITEOUT = 15,
	MICA_OPERATION_OPAQUE = 16,
	MICA_OPERATION_MOUNT = 17,
	MICA_OPERATION_UMOUNT = 18,
	MICA_OPERATION_MOVE_MOUNT = 19,
	MICA_OPERATION_REMOUNT = 20,
	MICA_OPERATION_MOUNT_SETATTR = 21,
	MICA_OPERATION_OPEN_TREE = 22,
	MICA_OPERATION_PIVOT_ROOT = 23,
	MICA_OPERATION_SETNS = 24,
	MICA_OPERATION_DEVICE_OPEN = 25,
	_MICA_OPERATION_MAX,
};

/** Acts on enforcement itself: no policy speaks of them, they are refused to every subject, and only denials have them.
 */
enum mica_own_operation {
	/** bpf(2): a descriptor of what is not the task's own. */
	MICA_OPERATION_BPF = 128,
	/** ptrace(2), /proc/PID/mem, process_vm_readv(2) and the like, of mica or of an engine. */
	MICA_OPERATION_PTRACE = 129,
};

#define MICA_OPERATION_BIT(operation) (1U << (operation))

/** Every operation that there is. */
#define MICA_OPERATIONS_ALL (MICA_OPERATION_BIT(_MICA_OPERATION_MAX) - 1)

/** Group `change-lower`: what lays something over a file of a lower layer. */
#define MICA_OPERATIONS_CHANGE_LOWER                                                                \
	(MICA_OPERATION_BIT(MICA_OPERATION_COPY_UP) | MICA_OPERATION_BIT(MICA_OPERATION_WHITEOUT) | \
	 MICA_OPERATION_BIT(MICA_OPERATION_OPAQUE))

/** Group `modify`: what changes a file, its attributes or a directory: write to opaque, a run of bits. */
#define MICA_OPERATIONS_MODIFY \
	(MICA_OPERATION_BIT(MICA_OPERATION_OPAQUE + 1) - MICA_OPERATION_BIT(MICA_OPERATION_WRITE))

/** Group `mounts`: mount to setns, a run of bits. */
#define MICA_OPERATIONS_MOUNTS (MICA_OPERATION_BIT(MICA_OPERATION_SETNS + 1) - MICA_OPERATION_BIT(MICA_OPERATION_MOUNT))

/** Decided in capable(CAP_SYS_ADMIN), from the number of the system call alone: no path, and only EPERM arrives. */
#define MICA_OPERATIONS_CAPABILITY                                                                         \
	(MICA_OPERATION_BIT(MICA_OPERATION_MOUNT_SETATTR) | MICA_OPERATION_BIT(MICA_OPERATION_OPEN_TREE) | \
	 MICA_OPERATION_BIT(MICA_OPERATION_SETNS))

/** The greater one wins where two apply. */
enum mica_verdict {
	MICA_VERDICT_ALLOW = 0,
	/** Allowed, and reported as what would have been denied. */
	MICA_VERDICT_AUDIT = 1,
	/** Denied with an errno, and reported. */
	MICA_VERDICT_DENY = 2,
	_MICA_VERDICT_MAX,
};

#endif
