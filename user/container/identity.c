/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "container/identity_internal.h"
#include "mica/event.h"

/** A runtime that has not finished after this never will. */
#define UNFINISHED_NS 10000000000ULL
#define STRINGS_LIMIT ((size_t)64 << 20)

static int connect_tables(struct mica_identity *identity)
{
	int r = mica_container_table_init(&identity->containers, &identity->host, identity->mounts, &identity->strings);

	if (r < 0)
		return r;
	identity->unions = (struct mica_union_table){
		.containers = &identity->containers,
		.mounts = identity->mounts,
		.strings = &identity->strings,
	};
	identity->namespaces = (struct mica_namespace_table){
		.host = &identity->host,
		.unions = &identity->unions,
		.containers = &identity->containers,
		.cgroups = &identity->cgroups,
	};
	identity->classifier = (struct mica_classifier){
		.host = &identity->host,
		.mounts = identity->mounts,
		.containers = &identity->containers,
	};
	return 0;
}

void mica_identity_free(struct mica_identity **identity)
{
	struct mica_identity *i = *identity;

	if (!i)
		return;
	mica_namespace_table_free(&i->namespaces);
	mica_union_table_free(&i->unions);
	mica_container_table_free(&i->containers);
	mica_cgroups_free(&i->cgroups);
	mica_mountinfo_free(&i->mounts);
	mica_string_pool_free(&i->strings);
	mica_watch_free(&i->watch);
	mica_host_free(&i->host);
	mica_classifier_free(&i->classifier);
	free(i);
	*identity = NULL;
}

int mica_identity_new(const struct mica_identity_options *options, struct mica_identity **ret)
{
	_cleanup_(mica_identity_free) struct mica_identity *identity = calloc(1, sizeof(*identity));
	_cleanup_free_ char *path = NULL;
	int r;

	if (!identity)
		return -ENOMEM;
	identity->strings.limit = STRINGS_LIMIT;
	identity->cgroups.mount_fd = -EBADF;
	mica_watch_init(&identity->watch);
	r = mica_host_init(&identity->host, options ? options->root : NULL);
	if (r < 0)
		return r;
	identity->host.watch = &identity->watch;
	path = mica_host_path(&identity->host, "/proc/self/mountinfo");
	if (!path)
		return -ENOMEM;
	r = mica_mountinfo_new(path, &identity->mounts);
	if (r < 0)
		return r;
	r = mica_cgroups_init(&identity->cgroups, &identity->host, identity->mounts);
	if (r < 0)
		return r;
	r = connect_tables(identity);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(identity);
	return 0;
}

int mica_identity_add_layer(struct mica_identity *identity, const struct mica_record *record, struct mica_bytes path)
{
	return mica_union_table_add_layer(&identity->unions, record, path);
}

int mica_identity_add_cgroup(struct mica_identity *identity, const struct mica_record *record, struct mica_bytes path)
{
	/* What the kernel has cut is looked up, when a record names it. */
	if (record->flags & MICA_RECORD_SOURCE_TRUNCATED)
		return 0;
	return mica_cgroups_add(&identity->cgroups, record->cgroup.id, record->cgroup.parent, path);
}

static bool is_mount_event(unsigned type)
{
	return (type >= MICA_EVENT_MOUNT && type <= MICA_EVENT_PIVOT_ROOT) ||
	       (type >= MICA_EVENT_FSOPEN && type <= MICA_EVENT_FSMOUNT);
}

static bool is_about_union(unsigned type)
{
	return type == MICA_EVENT_UNION_UP || type == MICA_EVENT_UNION_DOWN;
}

static bool is_about_namespace(unsigned type)
{
	return type == MICA_EVENT_NAMESPACE_CREATED || type == MICA_EVENT_NAMESPACE_GONE;
}

/** Follows the host's mounts that concern unions: what comes later may be about those that are there. */
static void note_mount(struct mica_identity *identity, const struct mica_record *record,
		       const struct mica_identified *identified)
{
	struct mica_classifier *classifier = &identity->classifier;

	if (!(record->flags & MICA_RECORD_HOST) || record->error)
		return;
	if (record->type == MICA_EVENT_UMOUNT)
		mica_forget_place(classifier, identified->path);
	if (record->type == MICA_EVENT_MOVE_MOUNT)
		mica_forget_place(classifier, identified->source);
	if (record->type == MICA_EVENT_MOUNT || record->type == MICA_EVENT_MOVE_MOUNT)
		mica_note_place(classifier, identified->path);
}

static int classify(struct mica_identity *identity, const struct mica_record *record, struct mica_union *u,
		    struct mica_known_container *container, struct mica_known_namespace *namespace,
		    struct mica_identified *identified)
{
	if (is_about_namespace(record->type))
		return 0;
	if (is_mount_event(record->type)) {
		if (record->flags & MICA_RECORD_UNDECIDED &&
		    !mica_concerns_union(&identity->classifier, record, identified))
			return 1;
		note_mount(identity, record, identified);
		mica_classify_mount(&identity->classifier,
				    container ? container
				    : u       ? u->container
					      : NULL,
				    record, identified);
		return 0;
	}
	if (is_about_union(record->type)) {
		mica_classify_union_itself(u, identified);
		return 0;
	}
	if (record->union_id && identified->path.size)
		return mica_classify_union(&identity->classifier, u, record, identified);
	if (identified->path.size)
		mica_classify_other(&identity->classifier, container, namespace ? &namespace->setup_binds : NULL,
				    record, identified);
	return 0;
}

/** Where in the container the tmpfs is that an object lies in. */
static void add_tmpfs_path(struct mica_identity *identity, const struct mica_record *record,
			   struct mica_known_namespace *namespace, struct mica_identified *identified)
{
	struct mica_mountinfo *mounts;

	if (!namespace || !namespace->container || identified->object.kind != MICA_OBJECT_TMPFS)
		return;
	/* Also when one is mounted: it may be gone again when its first file is heard of. */
	mounts = mica_namespace_mounts(&identity->namespaces, namespace, record);
	if (mounts && !is_mount_event(record->type))
		mica_classify_tmpfs(&identity->classifier, namespace->container, mounts, record, identified);
}

/** Container of the task: its namespace's, or where it is chrooted. `u`: the record's union. */
static struct mica_known_container *task_container(struct mica_identity *identity, const struct mica_record *record,
						   const struct mica_known_namespace *namespace,
						   const struct mica_union *u)
{
	const struct mica_union *root = u;

	if (namespace && namespace->container)
		return namespace->container;
	/* Mostly the same. */
	if (record->root_union != record->union_id)
		root = mica_union_table_find(&identity->unions, record->root_union);
	return root ? root->container : NULL;
}

/** Nothing is to come that would tell more of a container. */
static bool is_known(const struct mica_known_container *container)
{
	return container->container.name && !(container->present && container->details->unfinished);
}

/** Until when a name may yet come for what is young, CLOCK_MONOTONIC; 0: it has no age. */
static uint64_t young_until(const struct mica_known_namespace *namespace, const struct mica_union *u)
{
	if (!namespace || namespace->public.kind == MICA_NAMESPACE_HOST)
		return u && u->engines_own ? u->described_ns + MICA_NAME_WAIT_NS : 0;
	if (!namespace->created_ns)
		return 0;
	/* Who makes a container is in its cgroup before he does anything in its namespace. */
	return namespace->heard_ns ? namespace->heard_ns + MICA_NAME_WAIT_NS
				   : namespace->created_ns + MICA_SILENT_WAIT_NS;
}

static uint64_t wait_until(const struct mica_known_container *container, const struct mica_known_namespace *namespace,
			   const struct mica_union *u, uint64_t now)
{
	uint64_t until;

	if (container && is_known(container))
		return 0;
	if (container)
		return now < container->known_ns + UNFINISHED_NS ? now + MICA_NAME_WAIT_NS : 0;
	until = young_until(namespace, u);
	return until > now ? until : 0;
}

/** A container's own doing comes after the last that a runtime tells of it: that may have come since the engines were
 *  last looked at. */
static int hear_news(struct mica_identity *identity, const struct mica_known_container *container)
{
	if (!container || is_known(container) || !mica_watch_read(&identity->watch))
		return 0;
	return mica_container_table_refresh(&identity->containers);
}

static void set_union_names(const struct mica_union *u, struct mica_identified *identified)
{
	const struct mica_branch *upper = u ? mica_union_branch(u, 0) : NULL;

	if (u && u->container)
		identified->union_container = &u->container->container;
	if (upper)
		identified->union_upper = upper->directory;
}

/** `namespace`: as it is known now, or NULL. */
static int find(struct mica_identity *identity, const struct mica_record *record, struct mica_bytes path,
		struct mica_bytes source, struct mica_known_namespace *namespace, struct mica_identified *ret)
{
	struct mica_identified identified = { .path = path, .source = source };
	struct mica_union *u = mica_union_table_find(&identity->unions, record->union_id);
	struct mica_known_container *container = task_container(identity, record, namespace, u);
	int r = hear_news(identity, container);

	if (r == 0)
		r = classify(identity, record, u, container, namespace, &identified);
	if (r != 0)
		return r;
	add_tmpfs_path(identity, record, namespace, &identified);
	if (namespace)
		identified.mount_namespace = &namespace->public;
	set_union_names(u, &identified);
	if (!container && u)
		container = u->container;
	if (container)
		identified.container = &container->container;
	/* The usual case is to cost nothing, not the time of day either. */
	if (!container || !is_known(container))
		identified.wait_until_ns = wait_until(container, namespace, u, mica_now_ns());
	*ret = identified;
	return 0;
}

int mica_identity_find(struct mica_identity *identity, const struct mica_record *record, struct mica_bytes path,
		       struct mica_bytes source, struct mica_identified *ret)
{
	struct mica_known_namespace *namespace = NULL;
	int r = mica_namespace_table_find(&identity->namespaces, record, &namespace);

	if (r < 0)
		return r;
	if (namespace)
		mica_setup_binds_note(&namespace->setup_binds, record, path, source);
	return find(identity, record, path, source, namespace, ret);
}

static struct mica_known_namespace *known_namespace(const struct mica_identity *identity, uint64_t id)
{
	return mica_table_get(&identity->namespaces.namespaces, id);
}

int mica_identity_find_again(struct mica_identity *identity, const struct mica_record *record, struct mica_bytes path,
			     struct mica_bytes source, struct mica_identified *ret)
{
	return find(identity, record, path, source, known_namespace(identity, record->mnt_ns_id), ret);
}

uint64_t mica_identity_wait_until(struct mica_identity *identity, const struct mica_record *record, uint64_t now)
{
	const struct mica_union *u = mica_table_get(&identity->unions.unions, record->union_id);
	const struct mica_known_namespace *namespace = known_namespace(identity, record->mnt_ns_id);
	const struct mica_known_container *container = task_container(identity, record, namespace, u);

	if (!container && u)
		container = u->container;
	return wait_until(container, namespace, u, now);
}

const struct mica_namespace *mica_identity_namespace(const struct mica_identity *identity, uint64_t mnt_ns_id)
{
	const struct mica_known_namespace *namespace = known_namespace(identity, mnt_ns_id);

	return namespace ? &namespace->public : NULL;
}

void mica_identity_namespace_gone(struct mica_identity *identity, uint64_t mnt_ns_id)
{
	mica_namespace_table_gone(&identity->namespaces, mnt_ns_id);
}

void mica_identity_union_gone(struct mica_identity *identity, uint64_t union_id)
{
	mica_union_table_gone(&identity->unions, union_id);
}

bool mica_identity_knows_union(const struct mica_identity *identity, uint64_t union_id)
{
	return mica_table_get(&identity->unions.unions, union_id) != NULL;
}

int mica_identity_fd(const struct mica_identity *identity)
{
	return identity->watch.fd;
}

int mica_identity_settle(struct mica_identity *identity,
			 int (*visit)(const struct mica_namespace *namespace, void *userdata), void *userdata)
{
	int r = mica_container_table_refresh(&identity->containers);

	if (r < 0 || identity->settled == identity->containers.changes)
		return r;
	identity->settled = identity->containers.changes;
	mica_union_table_settle(&identity->unions);
	return mica_namespace_table_settle(&identity->namespaces, visit, userdata);
}

const char *mica_identity_cgroup_path(struct mica_identity *identity, uint64_t cgroup_id)
{
	return mica_cgroups_path(&identity->cgroups, cgroup_id);
}

int mica_identity_each_container(struct mica_identity *identity,
				 int (*visit)(const struct mica_container *container, void *userdata), void *userdata)
{
	int r = mica_container_table_refresh(&identity->containers);

	if (r < 0)
		return r;
	return mica_container_table_each(&identity->containers, visit, userdata);
}

int mica_identity_each_volume(struct mica_identity *identity,
			      int (*visit)(const char *name, const char *directory, void *userdata), void *userdata)
{
	int r = mica_container_table_refresh(&identity->containers);

	if (r < 0)
		return r;
	return mica_container_table_each_volume(&identity->containers, visit, userdata);
}

int mica_identity_each_volume_of(struct mica_identity *identity, const struct mica_container *container,
				 int (*visit)(const char *name, const char *directory, void *userdata), void *userdata)
{
	int r = mica_container_table_refresh(&identity->containers);

	if (r < 0)
		return r;
	return mica_container_table_each_volume_of(&identity->containers, container, visit, userdata);
}

const struct mica_container *mica_identity_container_of(struct mica_identity *identity, int pid)
{
	uint32_t inode = mica_host_mount_namespace(&identity->host, pid);
	struct mica_known_container *container;

	/* A container's monitor lives in the host's namespace, in a cgroup of that name. */
	if (!inode || inode == mica_host_mount_namespace(&identity->host, 1) ||
	    mica_container_table_refresh(&identity->containers) < 0)
		return NULL;
	container = mica_container_of_pid(&identity->host, &identity->containers, pid);
	if (!container)
		container = mica_container_by_namespace(&identity->containers, inode);
	return container ? &container->container : NULL;
}

struct mica_identity_counts mica_identity_counts(const struct mica_identity *identity)
{
	return (struct mica_identity_counts){
		.namespaces = mica_namespace_table_count(&identity->namespaces),
		.unions = mica_union_table_count(&identity->unions),
		.containers = identity->containers.count,
		.cgroups = identity->cgroups.paths.count,
		.engine_errors = mica_container_table_errors(&identity->containers),
		.strings_refused = identity->strings.refused,
	};
}
