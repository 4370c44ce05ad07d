/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the search for holders share. In this order: the path (holders_path.c), processes and namespaces
 * (holders_namespaces.c), unions and what they are to the path (holders_unions.c), processes' files (holders_tasks.c,
 * holders_match.c), and the rest (holders.c).
 */
#ifndef MICA_CONTAINER_HOLDERS_INTERNAL_H
#define MICA_CONTAINER_HOLDERS_INTERNAL_H

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/guarded.h"
#include "container/holders.h"
#include "container/identity_internal.h"
#include "container/overlay_options.h"

/** A file by what tells it from others. */
struct mica_file_id {
	uint64_t device;
	uint64_t inode;
};

/** The path that was asked for. */
struct mica_held_path {
	/** On the host, without symlinks. */
	char *real;
	struct mica_file_id id;
	/** Itself and the directories above it. */
	struct mica_file_id *ancestors;
	size_t ancestor_count;
	bool is_directory;
	/** By mountinfo: the device and the path in its file system. */
	uint32_t device;
	char *path;
};

/** The mounts of a namespace as a process sees them. */
struct mica_held_reading {
	struct mica_mountinfo *mounts;
	/** Its root directory: "/" but for chroot; NULL: read in another way. */
	char *root;
};

/** A mount namespace. */
struct mica_held_space {
	uint32_t inode;
	bool is_host;
	/** Ours: its paths are those that we see. */
	bool is_own;
	/** A process in it, through whose root its paths can be reached; 0: none lives in it. */
	int pid;
	struct mica_known_container *container;
	bool looked_for_init;
	struct mica_held_reading *readings;
	size_t reading_count;
	/** Something that is searched for is mounted in it. */
	bool holds;
	/** The first union of those; NULL: it is the path itself. */
	const struct mica_held_union *held_union;
};

/** A mount in a namespace. */
struct mica_held_mount {
	const struct mica_mount_entry *entry;
	/** Index in `spaces`. */
	size_t space;
};

/** A process, or a thread with a namespace of its own. */
struct mica_held_task {
	int pid, tid;
	uint32_t mnt_ns;
};

/** What keeps a namespace besides its processes. */
struct mica_held_pin {
	uint32_t inode;
	/** A descriptor of a process. */
	int pid, fd;
	/** The descriptor is of a mount that was unmounted. */
	bool unmounted;
	/** A bind mount: index in `spaces` and path there; NULL: a descriptor. */
	size_t space;
	char *target;
};

/** A union that lives. */
struct mica_live_union {
	uint32_t device;
	/** Index of a mount of it: in the host's namespace if there is one. */
	size_t mount;
	struct mica_overlay_directories directories;
	/** Of the upper, on the host; NULL: not found. */
	char *upper;
	/** Devices of unions that its directories lie on. */
	uint32_t *below;
	size_t below_count;
	/** The path belongs to it, or it stands on a union that is. */
	bool related;
	enum mica_role role;
	unsigned layer;
};

struct mica_holders_search {
	struct mica_identity *identity;
	const struct mica_host *host;
	struct mica_held_path path;
	uint32_t host_namespace, own_namespace;

	struct mica_held_space *spaces;
	size_t space_count;
	struct mica_held_mount *mounts;
	size_t mount_count;
	/** Mount's id -> its index + 1. */
	struct mica_table mount_by_id;
	struct mica_held_task *tasks;
	size_t task_count;
	struct mica_held_pin *pins;
	size_t pin_count;
	struct mica_live_union *unions;
	size_t union_count;
	/** Device -> index + 1. */
	struct mica_table union_by_device;

	/** Open on the path, for handles of its file system; negative: not tried, or not to be had. */
	int path_fd;
	bool tried_path_fd;
	/** That file system's UUID. */
	unsigned char uuid[16];
	bool has_uuid;

	struct mica_holders *result;
};

/** Makes room for one more element; evaluates to a pointer to it, zeroed, or NULL. */
#define mica_holders_grow(array, count)                                                          \
	({                                                                                       \
		__typeof__(array) grown_ = reallocarray((array), (count) + 1, sizeof(*(array))); \
		if (grown_) {                                                                    \
			(array) = grown_;                                                        \
			grown_ += (count)++;                                                     \
			memset(grown_, 0, sizeof(*grown_));                                      \
		}                                                                                \
		grown_;                                                                          \
	})

/* holders_path.c */

/** Looks the path up. 0, -ETIMEDOUT, -ENOMEM or an errno. */
int mica_holders_look_up(struct mica_holders_search *search, const char *path);
/** statx(2) without asking a server; follows symlinks of /proc. 0 or an errno. */
int mica_holders_stat(int directory_fd, const char *path, struct statx *ret);
struct mica_file_id mica_holders_file_id(const struct statx *st);
/** The identities of an open file's directory and all above it: `visit` until it returns true, which is returned. */
bool mica_holders_each_ancestor(int fd, bool (*visit)(struct mica_file_id id, void *userdata), void *userdata);

/* holders_namespaces.c */

/** Finds the processes, the namespaces and their mounts. 0, -ENOMEM or the errno of reading /proc. */
int mica_holders_read_namespaces(struct mica_holders_search *search);
/** Number in "mnt:[4026531841]", as links and mounts of namespaces have it; 0: it is another thing. */
uint32_t mica_holders_namespace_number(const char *text);
const struct mica_held_space *mica_holders_space(const struct mica_holders_search *search, uint32_t inode);
/** A path of /proc for a process: "/proc/PID/WHAT", of a thread "/proc/PID/task/TID/WHAT". Returns `buffer`. */
const char *mica_holders_proc_path(const struct mica_holders_search *search, int pid, int tid, const char *what,
				   char buffer[static PATH_MAX]);

/* holders_unions.c */

/** Finds the unions, and those that the path belongs to, or that stand on such. 0 or -ENOMEM. */
int mica_holders_read_unions(struct mica_holders_search *search);

/* holders_match.c */

/** Something that a process holds. */
struct mica_held_object {
	/** The magic link in /proc, and what it reads. */
	const char *link;
	const char *text;
	/** 0: not known. */
	int mount_id;
};

struct mica_object_match {
	/** Not the object itself, but this namespace, which it is a file of, is searched for. */
	uint32_t pinned_namespace;
	/** The device of the union that it lies in; 0: the path itself. */
	uint32_t union_device;
	bool unmounted;
	/** It lies in a union that is mounted nowhere, and belongs to the path in this role. */
	bool lost_union;
	enum mica_role role;
	/** It lies in such a union, and no more is known. */
	bool unplaced;
};

/** True: the mount shows something of what is searched for. */
bool mica_holders_match_mount(const struct mica_holders_search *search, const struct mica_mount_entry *mount,
			      uint32_t *ret_union);
/** True: the object does, or may (`unplaced`). To be called in a child: it asks file systems. */
bool mica_holders_match_object(struct mica_holders_search *search, const struct mica_held_object *object,
			       struct mica_object_match *ret);
/** Finds out whether the path can be opened for its file system's handles: a server may be asked that does not answer.
 *  0 or an errno. */
int mica_holders_check_handles(struct mica_holders_search *search);
/** Is a directory the upper of a union whose root is open? 1: yes, 0: no, -1: this kernel does not tell. */
int mica_holders_is_upper(int union_root_fd, int directory_fd);

/* holders_tasks.c */

/** Finds what processes hold. 0 or -ENOMEM. */
int mica_holders_read_tasks(struct mica_holders_search *search);

/* holders_devices.c */

/** Finds loop devices and swap files. 0 or -ENOMEM. */
int mica_holders_read_devices(struct mica_holders_search *search);

/* holders.c */

/** Adds a holder; its `at` is copied. NULL: no memory. */
struct mica_holder *mica_holders_add(struct mica_holders_search *search, const struct mica_holder *holder);
/** The union as the result shows it, by its device; NULL: it is not in the result. */
struct mica_held_union *mica_holders_union(const struct mica_holders_search *search, uint32_t device);
/** Adds a union to the result. NULL: no memory. */
struct mica_held_union *mica_holders_add_union(struct mica_holders_search *search, uint32_t device,
					       enum mica_role role);

#endif
