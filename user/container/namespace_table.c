/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/namespace_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "container/identity.h"
#include "mica/event.h"

#define CGROUP_FILE_BYTES ((size_t)1 << 20)
/** 100,000 mounts (fs.mount-max) of usual length. */
#define MOUNTINFO_BYTES ((size_t)32 << 20)
/** A namespace's mounts are read at most so often on the average, and so many times at once: who unmounts without end
 *  must not keep mica reading, but a runtime that unmounts thrice sees its next file named. */
#define MOUNTS_READ_NS 10000000ULL
#define MOUNTS_READ_BURST 16

static void free_namespace(void *value)
{
	struct mica_known_namespace *namespace = value;

	if (!namespace)
		return;
	mica_container_release(namespace->container);
	mica_mountinfo_free(&namespace->mounts);
	mica_setup_binds_free(&namespace->setup_binds);
	free(namespace);
}

void mica_namespace_table_free(struct mica_namespace_table *table)
{
	mica_table_free(&table->namespaces, free_namespace);
	*table = (struct mica_namespace_table){};
}

static int add_namespace(struct mica_namespace_table *table, const struct mica_record *record,
			 struct mica_known_namespace **ret)
{
	struct mica_known_namespace *namespace = calloc(1, sizeof(*namespace));

	if (!namespace)
		return -ENOMEM;
	namespace->public.id = record->mnt_ns_id;
	namespace->public.inode = record->mnt_ns;
	namespace->created_ns = record->type == MICA_EVENT_NAMESPACE_CREATED ? mica_now_ns() : 0;
	if (mica_table_put(&table->namespaces, record->mnt_ns_id, namespace) < 0) {
		free(namespace);
		return -ENOMEM;
	}
	*ret = namespace;
	return 0;
}

struct mica_known_container *mica_container_of_pid(const struct mica_host *host,
						   const struct mica_container_table *containers, int pid)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	char *rest, *line;

	if (asprintf(&path, "/proc/%d/cgroup", pid) < 0) {
		path = NULL;
		return NULL;
	}
	if (mica_host_read(host, path, CGROUP_FILE_BYTES, &text, NULL) < 0)
		return NULL;
	/* Lines are "hierarchy:controllers:/path" (cgroups(7)); the path may hold colons. */
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		const char *cgroup = strchr(line, '/');
		struct mica_known_container *container = cgroup ? mica_container_by_cgroup(containers, cgroup) : NULL;

		if (container)
			return container;
	}
	return NULL;
}

static struct mica_known_container *find_container(struct mica_namespace_table *table,
						   const struct mica_known_namespace *namespace,
						   const struct mica_record *record, bool alive)
{
	struct mica_union *root = mica_union_table_find(table->unions, namespace->root_union);
	struct mica_known_container *container = root ? root->container : NULL;
	const char *cgroup;

	if (container || mica_container_table_refresh(table->containers) < 0)
		return container;
	cgroup = mica_cgroups_path(table->cgroups, record->cgroup_id);
	if (cgroup)
		container = mica_container_by_cgroup(table->containers, cgroup);
	if (!container && alive)
		container = mica_container_of_pid(table->host, table->containers, (int)record->pid);
	if (!container)
		container = mica_container_by_namespace(table->containers, namespace->public.inode);
	return container;
}

/* A function, since clang-format takes a statement that begins with "namespace" for C++. */
static void set_kind(struct mica_known_namespace *namespace, enum mica_namespace_kind kind)
{
	namespace->public.kind = kind;
}

static void set_container(struct mica_known_namespace *namespace, struct mica_known_container *container)
{
	mica_container_hold(container);
	mica_container_release(namespace->container);
	namespace->container = container;
	namespace->public.container = &container->container;
	namespace->public.kind = MICA_NAMESPACE_CONTAINER;
	mica_container_renew_volumes(container);
}

static void look_up(struct mica_namespace_table *table, struct mica_known_namespace *namespace,
		    const struct mica_record *record)
{
	bool alive = record->mnt_ns && mica_host_mount_namespace(table->host, (int)record->pid) == record->mnt_ns;
	struct mica_known_container *container = find_container(table, namespace, record, alive);

	if (container && container != namespace->container)
		set_container(namespace, container);
	if (namespace->container || namespace->root_union)
		set_kind(namespace, MICA_NAMESPACE_CONTAINER);
	else if (alive)
		set_kind(namespace, MICA_NAMESPACE_OTHER);
}

static void name_by_cgroup(struct mica_namespace_table *table, struct mica_known_namespace *namespace,
			   const struct mica_record *record)
{
	struct mica_known_container *container = NULL;
	const char *path = mica_cgroups_path(table->cgroups, record->cgroup_id);

	if (path && mica_container_table_refresh(table->containers) == 0)
		container = mica_container_by_cgroup(table->containers, path);
	if (container)
		set_container(namespace, container);
}

/** A device number may be another file system's after an unmount; a mount only adds. */
static void note_mounts(struct mica_known_namespace *namespace, const struct mica_record *record)
{
	switch (record->type) {
	case MICA_EVENT_UMOUNT:
	case MICA_EVENT_MOVE_MOUNT:
	case MICA_EVENT_PIVOT_ROOT:
		mica_mountinfo_free(&namespace->mounts);
		break;
	case MICA_EVENT_MOUNT:
		namespace
		->mounts_stale = true;
		break;
	}
}

static void note_heard(struct mica_known_namespace *known)
{
	if (known->created_ns && !known->heard_ns)
		known->heard_ns = mica_now_ns();
}

/** A living process of the namespace; 0: none known. */
static int process_of(const struct mica_namespace_table *table, const struct mica_known_namespace *namespace,
		      const struct mica_record *record)
{
	uint32_t inode = namespace->public.inode;
	int pid = (int)record->pid;

	if (mica_host_mount_namespace(table->host, pid) == inode)
		return pid;
	pid = mica_container_pid(namespace->container);
	return pid && mica_host_mount_namespace(table->host, pid) == inode ? pid : 0;
}

static void read_mounts(const struct mica_namespace_table *table, struct mica_known_namespace *namespace, int pid)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	_cleanup_fclose_ FILE *stream = NULL;
	struct mica_mountinfo *mounts;
	size_t size = 0;

	if (asprintf(&path, "/proc/%d/mountinfo", pid) < 0) {
		path = NULL;
		return;
	}
	if (mica_host_read(table->host, path, MOUNTINFO_BYTES, &text, &size) < 0 || size == 0)
		return;
	stream = fmemopen(text, size, "re");
	if (!stream || mica_mountinfo_new_stream(stream, &mounts) < 0)
		return;
	mica_mountinfo_free(&namespace->mounts);
	namespace->mounts = mounts;
	namespace->mounts_stale = false;
}

struct mica_mountinfo *mica_namespace_mounts(struct mica_namespace_table *table, struct mica_known_namespace *namespace,
					     const struct mica_record *record)
{
	uint64_t now, *paid = &namespace->mounts_paid_ns;
	int pid;

	if (!namespace->container || (namespace->mounts && !namespace->mounts_stale) || namespace->gone)
		return namespace->mounts;
	now = mica_now_ns();
	if (*paid > now + MOUNTS_READ_BURST * MOUNTS_READ_NS)
		return namespace->mounts;
	*paid = (*paid > now ? *paid : now) + MOUNTS_READ_NS;
	pid = process_of(table, namespace, record);
	if (pid)
		read_mounts(table, namespace, pid);
	return namespace->mounts;
}

/** Another root or cgroup than before is a reason to look again at once. */
static void look_up_when_due(struct mica_namespace_table *table, struct mica_known_namespace *known,
			     const struct mica_record *record)
{
	bool other_root = record->root_union && record->root_union != known->root_union;

	if (other_root) {
		known->root_union = record->root_union;
		/* Other paths. */
		mica_mountinfo_free(&known->mounts);
	}
	if (other_root || (!known->container && record->cgroup_id != known->cgroup_id))
		known->retry = (struct mica_retry){};
	known->cgroup_id = record->cgroup_id;
	if ((other_root || !known->container) && mica_retry_due(&known->retry))
		look_up(table, known, record);
}

int mica_namespace_table_find(struct mica_namespace_table *table, const struct mica_record *record,
			      struct mica_known_namespace **ret)
{
	bool created = record->type == MICA_EVENT_NAMESPACE_CREATED;
	struct mica_known_namespace *namespace = mica_table_get(&table->namespaces, record->mnt_ns_id);

	if (!record->mnt_ns_id || (!namespace && record->type == MICA_EVENT_NAMESPACE_GONE)) {
		*ret = NULL;
		return 0;
	}
	if (!namespace) {
		int r = add_namespace(table, record, &namespace);
		if (r < 0)
			return r;
	}
	*ret = namespace;
	if (!created)
		note_heard(namespace);
	note_mounts(namespace, record);
	if (record->type == MICA_EVENT_NAMESPACE_GONE || namespace->gone ||
	    namespace->public.kind == MICA_NAMESPACE_HOST)
		return 0;
	if (record->flags & MICA_RECORD_HOST) {
		/* The creator's namespace is meant: a runtime on the host makes one for a container to be, whose cgroup
		 * it may have entered before. */
		if (created)
			name_by_cgroup(table, namespace, record);
		else
			set_kind(namespace, MICA_NAMESPACE_HOST);
		return 0;
	}
	look_up_when_due(table, namespace, record);
	return 0;
}

static struct mica_known_container *container_in_news(struct mica_namespace_table *table,
						      const struct mica_known_namespace *namespace)
{
	const char *cgroup = mica_cgroups_path(table->cgroups, namespace->cgroup_id);
	struct mica_known_container *container = cgroup ? mica_container_by_cgroup(table->containers, cgroup) : NULL;

	/* The number of one that is gone may be another's. */
	if (!container && !namespace->gone)
		container = mica_container_by_namespace(table->containers, namespace->public.inode);
	return container;
}

int mica_namespace_table_settle(struct mica_namespace_table *table,
				int (*visit)(const struct mica_namespace *namespace, void *userdata), void *userdata)
{
	for (size_t i = 0; i < table->namespaces.capacity; i++) {
		struct mica_known_namespace *namespace = table->namespaces.slots[i].value;
		struct mica_known_container *container;
		int r;

		if (!namespace || namespace->container || namespace->public.kind == MICA_NAMESPACE_HOST ||
		    (namespace->gone && mica_now_ns() >= namespace->heard_ns + 2 * MICA_NAME_WAIT_NS))
			continue;
		container = container_in_news(table, namespace);
		if (!container)
			continue;
		set_container(namespace, container);
		r = namespace->gone ? 0 : visit(&namespace->public, userdata);
		if (r)
			return r;
	}
	return 0;
}

void mica_namespace_table_gone(struct mica_namespace_table *table, uint64_t id)
{
	struct mica_known_namespace *namespace = mica_table_get(&table->namespaces, id);
	uint64_t forget;

	if (!namespace || namespace->gone)
		return;
	namespace->gone = true;
	mica_mountinfo_free(&namespace->mounts);
	table->gone_count++;
	forget = mica_gone_push(&table->gone, id);
	if (forget) {
		free_namespace(mica_table_remove(&table->namespaces, forget));
		table->gone_count--;
	}
}

size_t mica_namespace_table_count(const struct mica_namespace_table *table)
{
	return table->namespaces.count - table->gone_count;
}
