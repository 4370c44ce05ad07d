/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who holds a directory: the answer to "EBUSY, but who?". Everything comes from /proc, of all mount namespaces: those
 * that processes live in, and those that only a bind mount or a descriptor keeps.
 */
#ifndef MICA_CONTAINER_HOLDERS_H
#define MICA_CONTAINER_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "container/container.h"

struct mica_identity;

/** What a directory is to a union. */
enum mica_role {
	MICA_ROLE_UPPER,
	MICA_ROLE_WORK,
	MICA_ROLE_LOWER,
	/** Upper or lower. */
	MICA_ROLE_LAYER,
	/** It lies in the merged tree. */
	MICA_ROLE_MERGED,
	/** Directories of the union lie below it. */
	MICA_ROLE_ABOVE,
	/** A directory of the union lies in another one that is held. */
	MICA_ROLE_STACKED,
	/** To no union anything: the root of a mount, or another directory. */
	MICA_ROLE_MOUNT_POINT,
	MICA_ROLE_DIRECTORY,
	_MICA_ROLE_MAX,
};

/** How it is held. */
enum mica_hold {
	/** It is mounted in a namespace. */
	MICA_HOLD_MOUNT,
	/** Another file system is mounted below it. */
	MICA_HOLD_SUBMOUNT,
	/** A union has it among its layers. */
	MICA_HOLD_UNION,
	/** A descriptor of fsmount(2) or open_tree(2): a mount that is in no namespace. */
	MICA_HOLD_DETACHED_MOUNT,
	MICA_HOLD_ROOT,
	MICA_HOLD_CWD,
	MICA_HOLD_EXE,
	MICA_HOLD_FILE,
	MICA_HOLD_MAPPED,
	/** The process lives in a namespace where it is mounted. */
	MICA_HOLD_NAMESPACE,
	/** A bind mount, or a descriptor, of a namespace where it is mounted. */
	MICA_HOLD_NAMESPACE_MOUNT,
	MICA_HOLD_NAMESPACE_FILE,
	/** A loop device's file, a swap file. */
	MICA_HOLD_LOOP,
	MICA_HOLD_SWAP,
	_MICA_HOLD_MAX,
};

/** "upper", "mount-point", …; "mnt-ns", "detached-mount", …: the stable words of the JSON. Static strings. */
const char *mica_role_name(enum mica_role role);
const char *mica_hold_name(enum mica_hold hold);

/** A union that the path belongs to, or that holds it. */
struct mica_held_union {
	/** major << 20 | minor; of a union that is mounted nowhere what stat(2) says of its file. */
	uint32_t device;
	enum mica_role role;
	/** Role lower: 1 is the topmost; 0: not known. */
	unsigned layer;
	/** Number of its lowers; 0: not known. */
	unsigned layers;
	/** Where it is mounted, in the host's namespace if it is there; NULL: nowhere. */
	char *mount_point;
	/** Mount namespace of `mount_point`. */
	uint32_t mnt_ns;
	bool on_host;
	/** On the host, where they can be found there; else as they were given to mount(2). NULL: not known. */
	char *upper, *work;
	/** NULL: none known. Belongs to the identity tables. */
	const struct mica_container *container;
};

struct mica_holder {
	enum mica_hold hold;
	/** The union that is held so; NULL: the path itself is. */
	const struct mica_held_union *held_union;
	/** Whose namespace or process it is; NULL: none known. Belongs to the identity tables. */
	const struct mica_container *container;
	/** Mount namespace where it is mounted, or of the process; 0: none. */
	uint32_t mnt_ns;
	bool on_host;
	/** 0: no process. */
	int pid;
	/** Another number than `pid`: only this thread of the process. */
	int tid;
	/** "": not known. */
	char comm[17];
	/** -1: no descriptor. */
	int fd;
	/** Mount point, file, device: a path in the namespace. */
	char *at;
	/** By a mount that was unmounted (MNT_DETACH), or that never was in a namespace. */
	bool unmounted;
};

/** What could not be found out. */
struct mica_holders_gaps {
	/** Processes and unions that hang in the kernel: looked at in part or not at all. */
	size_t hanging;
	/** One of the processes; 0: none. */
	int hanging_pid;
	/** Files of unions that are mounted nowhere, whose layers this kernel does not tell. */
	size_t unplaced;
	/** A process with one; 0: none. */
	int unplaced_pid;
	/** Mount namespaces without a process that could not be read. */
	size_t namespaces;
};

struct mica_holders {
	/** The path without symlinks. */
	char *path;
	enum mica_role role;
	/** Type of the file system that it lies in, "" if not known. */
	char *type;
	/** Those that the path belongs to come first, best role first. */
	struct mica_held_union **unions;
	size_t union_count;
	/** By container, namespace, process, hold. */
	struct mica_holder *holders;
	size_t count;
	struct mica_holders_gaps gaps;
};

/**
 * Finds who holds `path` (looked up below the identity's root). Never waits for a file system or process that does not
 * answer: they are counted as gaps. 0; -ENOMEM; -ETIMEDOUT: the path itself does not answer; or the errno of looking
 * the path up or of reading /proc. `ret` (caller frees) is untouched on failure.
 */
int mica_holders_find(struct mica_identity *identity, const char *path, struct mica_holders **ret);
void mica_holders_free(struct mica_holders **holders);

#endif
