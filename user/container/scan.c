/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * identity.h: finding what lives already. A namespace is seen through its processes; one that only threads, descriptors
 * or bind mounts hold is not found.
 */
#include "container/identity.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "container/identity_internal.h"

struct scan {
	struct mica_identity *identity;
	int (*visit_namespace)(const struct mica_found_namespace *found, void *userdata);
	int (*visit_union)(const char *path, void *userdata);
	void *userdata;
	/** Keys seen: namespaces' inodes, unions' devices. */
	struct mica_table namespaces, unions;
	uint32_t host_namespace;
	/** The process whose mounts are being looked at. */
	int pid;
};

static int visit_mount(const struct mica_mount_entry *mount, void *userdata)
{
	struct scan *scan = userdata;
	_cleanup_free_ char *path = NULL;
	int r;

	if (strcmp(mount->type, "overlay") != 0 || mica_table_get(&scan->unions, mount->device))
		return 0;
	r = mica_table_put(&scan->unions, mount->device, scan);
	if (r < 0)
		return r;
	if (asprintf(&path, "%s/proc/%d/root%s", scan->identity->host.prefix, scan->pid, mount->target) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return scan->visit_union(path, scan->userdata);
}

static int visit_unions(struct scan *scan)
{
	_cleanup_(mica_mountinfo_free) struct mica_mountinfo *mounts = NULL;
	char path[PATH_MAX];
	int r, n = snprintf(path, sizeof(path), "%s/proc/%d/mountinfo", scan->identity->host.prefix, scan->pid);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	r = mica_mountinfo_new(path, &mounts);
	if (r == -ENOMEM)
		return r;
	/* Gone meanwhile, or not to be read. */
	return r < 0 ? 0 : mica_mountinfo_each(mounts, visit_mount, scan);
}

static int visit_process(int pid, void *userdata)
{
	struct scan *scan = userdata;
	uint32_t inode = mica_host_mount_namespace(&scan->identity->host, pid);
	struct mica_known_container *container;
	struct mica_found_namespace found = { .inode = inode, .pid = pid };
	int r;

	if (!inode || mica_table_get(&scan->namespaces, inode))
		return 0;
	r = mica_table_put(&scan->namespaces, inode, scan);
	if (r < 0)
		return r;
	scan->pid = pid;
	if (scan->visit_namespace) {
		/* The host's own namespace is nobody's: a container's monitor runs in it, in a cgroup of that name. */
		container = NULL;
		if (inode != scan->host_namespace)
			container = mica_container_of_pid(&scan->identity->host, &scan->identity->containers, pid);
		if (!container && inode != scan->host_namespace)
			container = mica_container_by_namespace(&scan->identity->containers, inode);
		found.container = container ? &container->container : NULL;
		r = scan->visit_namespace(&found, scan->userdata);
		if (r)
			return r;
	}
	return scan->visit_union ? visit_unions(scan) : 0;
}

static int scan_processes(struct scan *scan)
{
	_cleanup_free_ char *path = mica_host_path(&scan->identity->host, "/proc");

	return path ? mica_file_each_number(path, visit_process, scan) : -ENOMEM;
}

int mica_identity_scan(struct mica_identity *identity,
		       int (*visit_namespace)(const struct mica_found_namespace *found, void *userdata),
		       int (*visit_union)(const char *path, void *userdata), void *userdata)
{
	struct scan scan = {
		.identity = identity,
		.visit_namespace = visit_namespace,
		.visit_union = visit_union,
		.userdata = userdata,
		.host_namespace = mica_host_mount_namespace(&identity->host, 1),
	};
	int r = mica_container_table_refresh(&identity->containers);

	if (r == 0)
		r = scan_processes(&scan);
	mica_table_free(&scan.namespaces, NULL);
	mica_table_free(&scan.unions, NULL);
	return r;
}
