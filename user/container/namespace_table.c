/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/namespace_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "mica/event.h"

#define CGROUP_FILE_BYTES ((size_t)1 << 20)

static void free_namespace(void *value)
{
	struct mica_known_namespace *namespace = value;

	if (!namespace)
		return;
	mica_container_release(namespace->container);
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

static void look_up(struct mica_namespace_table *table, struct mica_known_namespace *namespace,
		    const struct mica_record *record)
{
	bool alive = record->mnt_ns && mica_host_mount_namespace(table->host, (int)record->pid) == record->mnt_ns;
	struct mica_known_container *container = find_container(table, namespace, record, alive);

	if (container && container != namespace->container) {
		mica_container_hold(container);
		mica_container_release(namespace->container);
		namespace->container = container;
		namespace->public.container = &container->container;
		mica_container_renew_volumes(container);
	}
	if (namespace->container || namespace->root_union)
	namespace->public.kind = MICA_NAMESPACE_CONTAINER;
	else if (alive) namespace->public.kind = MICA_NAMESPACE_OTHER;
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
	if (record->type == MICA_EVENT_NAMESPACE_GONE || namespace->gone ||
	    namespace->public.kind == MICA_NAMESPACE_HOST)
		return 0;
	if (record->flags & MICA_RECORD_HOST) {
		/* The creator's namespace is meant: a runtime on the host makes one for a container to be. */
		if (!created)
		namespace->public.kind = MICA_NAMESPACE_HOST;
		return 0;
	}
	if (record->root_union && record->root_union != namespace->root_union) {
		namespace->root_union = record->root_union;
		namespace->retry = (struct mica_retry){};
		(void)mica_retry_due(&namespace->retry);
		look_up(table, namespace, record);
	} else if (!namespace->container && mica_retry_due(&namespace->retry)) {
		look_up(table, namespace, record);
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
