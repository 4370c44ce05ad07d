/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The identity tables: from the numbers in a record to names. They learn from the records themselves (layers of
 * unions, namespaces created and gone), from /proc and from the engines' state; nothing is configured. What is gone
 * keeps its name. All functions belong to one thread.
 */
#ifndef MICA_CONTAINER_IDENTITY_H
#define MICA_CONTAINER_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "container/container.h"

/** How long it is worth to wait for the name of a container that is being made. */
#define MICA_NAME_WAIT_NS 500000000ULL
/** The same while nothing has been done yet in its namespace: on a busy machine a runtime is slow to begin. */
#define MICA_SILENT_WAIT_NS 3000000000ULL

struct mica_record;
struct mica_identity;

struct mica_identity_options {
	/** Root of the host's file tree, "/" outside of tests: /proc, /run, /var/lib are looked up below it. NULL: "/".
	 */
	const char *root;
};

/** 0, -ENOMEM, or a negative errno of reading the host's /proc/self/mountinfo. */
int mica_identity_new(const struct mica_identity_options *options, struct mica_identity **ret);
void mica_identity_free(struct mica_identity **identity);

/**
 * Takes in a MICA_RECORD_UNION_LAYER record. `path` is the layer's root directory in its own file system.
 * 0 or -ENOMEM.
 */
int mica_identity_add_layer(struct mica_identity *identity, const struct mica_record *record, struct mica_bytes path);

/**
 * Takes in a MICA_RECORD_CGROUP record, so that the cgroup's path is known when it is gone. `path`: from the root of
 * the hierarchy. 0 or -ENOMEM.
 */
int mica_identity_add_cgroup(struct mica_identity *identity, const struct mica_record *record, struct mica_bytes path);

/** What a record is about. Paths and `ret` itself are valid until the next call; the rest see container.h. */
struct mica_identified {
	const struct mica_container *container;
	const struct mica_namespace *mount_namespace;
	struct mica_object object;
	/** Of the object; NULL: not visible on the host. Valid until the next call. */
	const char *host_path;
	/** As the container sees it, when it differs from the path in the object. Valid until the next call. */
	const char *container_path;
	/** Of the union that the object lies in, NULL: in none, or not known. Its container, whoever did it. */
	const struct mica_container *union_container;
	/** The same: the directory of its upper on the host. */
	const char *union_upper;
	/** Path in the object, rebased: a volume's path arrives as the path in its file system and leaves as the path
	 * in the volume. Valid until the next call. */
	struct mica_bytes path;
	/** The same for `source`. */
	struct mica_bytes source;
	/** CLOCK_MONOTONIC, ns: until then the container's name may yet become known, since its namespace or union is
	 *  young; 0: it is known, or there is no use in waiting. */
	uint64_t wait_until_ns;
};

/**
 * Tells what a record is about. Reads engine state and /proc only for a namespace or union not seen before, or not yet
 * known and last tried 50 ms ago or more (longer after each try, 5 s at most). Never blocks on an engine's process.
 * 0; 1: this is no event (a whiteout that was moved and hides nothing); -ENOMEM. `ret` is untouched unless 0.
 *
 * Objects by type of record: a mount event has one where a volume or a tmpfs is what is mounted, and its path is one of
 * the task's namespace, or, while a runtime sets a container up, the one that the container will see; union-up and
 * union-down are about the union's upper; namespace events have no object.
 */
int mica_identity_find(struct mica_identity *identity, const struct mica_record *record, struct mica_bytes path,
		       struct mica_bytes source, struct mica_identified *ret);

/**
 * The same for a record that was found before, with what was learnt since. The namespace is not looked up again; one
 * that is forgotten stays so.
 */
int mica_identity_find_again(struct mica_identity *identity, const struct mica_record *record, struct mica_bytes path,
			     struct mica_bytes source, struct mica_identified *ret);
/** `wait_until_ns` of a record that was found before, with what was learnt since; nothing is looked up. `now`:
 * CLOCK_MONOTONIC, ns. */
uint64_t mica_identity_wait_until(struct mica_identity *identity, const struct mica_record *record, uint64_t now);
/** A namespace by its number; NULL: not known, or forgotten. */
const struct mica_namespace *mica_identity_namespace(const struct mica_identity *identity, uint64_t mnt_ns_id);

/** Notes that a namespace or a union is gone. It is forgotten when 256 others went after it, so that records still
 *  under way find it; its container's name stays for good. */
void mica_identity_namespace_gone(struct mica_identity *identity, uint64_t mnt_ns_id);
void mica_identity_union_gone(struct mica_identity *identity, uint64_t union_id);

/** False: no layer of this union was ever described (the program that does it was skipped). A scan makes up for it. */
bool mica_identity_knows_union(const struct mica_identity *identity, uint64_t union_id);

/**
 * Looks whether an engine has made containers known whose namespaces and unions were seen before that: a runtime tells
 * the name of a container when it has set it up. `visit` gets each such namespace; what it returns non-zero ends it.
 * To be called before records are taken in: what happened after a container was made known is then named. Cheap when
 * the engines have no news. 0, what `visit` returned, or -ENOMEM.
 */
int mica_identity_settle(struct mica_identity *identity,
			 int (*visit)(const struct mica_namespace *namespace, void *userdata), void *userdata);

/** File descriptor that is readable when an engine may have news, until the next mica_identity_settle. Negative:
 * nothing tells, which poll(2) ignores. */
int mica_identity_fd(const struct mica_identity *identity);

/** Path of a cgroup below the cgroup2 root ("/system.slice/…"), as told when it was made, or looked up; NULL: not
 * known. Valid until the next call. */
const char *mica_identity_cgroup_path(struct mica_identity *identity, uint64_t cgroup_id);

/** One mount namespace found by mica_identity_scan, with a process in it. */
struct mica_found_namespace {
	uint32_t inode;
	/** A process of this namespace, whose /proc/PID/root leads into it. */
	int pid;
	/** NULL: no container known. */
	const struct mica_container *container;
};

/**
 * Finds the mount namespaces that live now (one process each) and the unions mounted in them. Called at start, so that
 * what started before mica is known; `visit_union` gets a path through which the union can be reached
 * (/proc/PID/root/…): the caller does statfs(2) on it, which makes the kernel describe its layers.
 */
int mica_identity_scan(struct mica_identity *identity,
		       int (*visit_namespace)(const struct mica_found_namespace *found, void *userdata),
		       int (*visit_union)(const char *path, void *userdata), void *userdata);

/** Calls `visit` for each container that an engine knows now or that was seen. For `--container NAME` and its
 *  suggestions. */
int mica_identity_each_container(struct mica_identity *identity,
				 int (*visit)(const struct mica_container *container, void *userdata), void *userdata);

/** Calls `visit` for each volume of the containers that are there now (a bind mount by its source, both strings) and
 * each that an engine has on disk, in no order, one perhaps more than once, until it returns non-zero, which is
 * returned. `directory`: on the host. The strings are valid during the call. */
int mica_identity_each_volume(struct mica_identity *identity,
			      int (*visit)(const char *name, const char *directory, void *userdata), void *userdata);

/** The volumes of one container, as they are now; else as above. */
int mica_identity_each_volume_of(struct mica_identity *identity, const struct mica_container *container,
				 int (*visit)(const char *name, const char *directory, void *userdata), void *userdata);

/** Container of a living process that is not the host's, by its cgroup and its mount namespace, looked up now; NULL:
 *  none known. */
const struct mica_container *mica_identity_container_of(struct mica_identity *identity, int pid);

/** Sizes of the tables, for tests of growth, and what went wrong. */
struct mica_identity_counts {
	/** Those that live. */
	size_t namespaces, unions;
	/** Containers ever seen. */
	size_t containers;
	/** Cgroup paths in the cache. */
	size_t cgroups;
	/** State files of engines that could not be read or made no sense. */
	size_t engine_errors;
	/** Strings of objects not kept because their pool is full (64 MiB): shown as not known. */
	size_t strings_refused;
};
struct mica_identity_counts mica_identity_counts(const struct mica_identity *identity);

#endif
