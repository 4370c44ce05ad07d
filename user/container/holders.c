/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/holders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "container/holders_internal.h"

#define COMM_BYTES 64

const char *mica_role_name(enum mica_role role)
{
	static const char *const names[_MICA_ROLE_MAX] = {
		[MICA_ROLE_UPPER] = "upper",         [MICA_ROLE_WORK] = "work",
		[MICA_ROLE_LOWER] = "lower",         [MICA_ROLE_LAYER] = "layer",
		[MICA_ROLE_MERGED] = "merged",       [MICA_ROLE_ABOVE] = "above",
		[MICA_ROLE_STACKED] = "stacked",     [MICA_ROLE_MOUNT_POINT] = "mount-point",
		[MICA_ROLE_DIRECTORY] = "directory",
	};

	return names[role];
}

const char *mica_hold_name(enum mica_hold hold)
{
	static const char *const names[_MICA_HOLD_MAX] = {
		[MICA_HOLD_MOUNT] = "mount",
		[MICA_HOLD_SUBMOUNT] = "submount",
		[MICA_HOLD_UNION] = "union",
		[MICA_HOLD_DETACHED_MOUNT] = "detached-mount",
		[MICA_HOLD_ROOT] = "root",
		[MICA_HOLD_CWD] = "cwd",
		[MICA_HOLD_EXE] = "exe",
		[MICA_HOLD_FILE] = "file",
		[MICA_HOLD_MAPPED] = "mapped",
		[MICA_HOLD_NAMESPACE] = "mnt-ns",
		[MICA_HOLD_NAMESPACE_MOUNT] = "mnt-ns-mount",
		[MICA_HOLD_NAMESPACE_FILE] = "mnt-ns-file",
		[MICA_HOLD_LOOP] = "loop",
		[MICA_HOLD_SWAP] = "swap",
	};

	return names[hold];
}

static void read_comm(const struct mica_holders_search *search, struct mica_holder *holder)
{
	char path[64];
	_cleanup_free_ char *text = NULL;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", holder->tid);
	if (mica_host_read(search->host, path, COMM_BYTES, &text, NULL) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	(void)snprintf(holder->comm, sizeof(holder->comm), "%s", text);
}

struct mica_holder *mica_holders_add(struct mica_holders_search *search, const struct mica_holder *holder)
{
	const struct mica_held_space *space = mica_holders_space(search, holder->mnt_ns);
	struct mica_holders *result = search->result;
	char *at = strdup(holder->at);
	struct mica_holder *added = at ? mica_holders_grow(result->holders, result->count) : NULL;

	if (!added) {
		free(at);
		return NULL;
	}
	*added = *holder;
	added->at = at;
	added->on_host = space && space->is_host;
	if (!added->container && space && space->container && !space->is_host)
		added->container = &space->container->container;
	if (!added->tid)
		added->tid = added->pid;
	if (added->pid)
		read_comm(search, added);
	return added;
}

struct mica_held_union *mica_holders_union(const struct mica_holders_search *search, uint32_t device)
{
	for (size_t i = 0; device && i < search->result->union_count; i++)
		if (search->result->unions[i]->device == device)
			return search->result->unions[i];
	return NULL;
}

struct mica_held_union *mica_holders_add_union(struct mica_holders_search *search, uint32_t device, enum mica_role role)
{
	struct mica_holders *result = search->result;
	struct mica_held_union *u = calloc(1, sizeof(*u)), **unions;

	unions = u ? reallocarray(result->unions, result->union_count + 1, sizeof(void *)) : NULL;
	if (!unions) {
		free(u);
		return NULL;
	}
	result->unions = unions;
	unions[result->union_count++] = u;
	u->device = device;
	u->role = role;
	return u;
}

/** The mount whose root the path is, in our namespace: the one mounted last. NULL: it is no mount point. */
static const struct mica_held_mount *own_mount(const struct mica_holders_search *search)
{
	const struct mica_held_mount *own = NULL;

	for (size_t i = 0; i < search->mount_count; i++)
		if (search->spaces[search->mounts[i].space].is_own &&
		    search->mounts[i].entry->device == search->path.device &&
		    strcmp(search->mounts[i].entry->target, search->path.real) == 0)
			own = &search->mounts[i];
	return own;
}

static bool is_below_path(const struct mica_holders_search *search, const char *target)
{
	struct mica_bytes rest = mica_path_below((struct mica_bytes){ target, strlen(target) }, search->path.real);

	return rest.data && rest.size > 1;
}

/** The mounts, and by them the namespaces that count. The path's own mount is no news, unless it is a union's. */
static int add_mounts(struct mica_holders_search *search, const struct mica_held_mount *own)
{
	for (size_t i = 0; i < search->mount_count; i++) {
		const struct mica_held_mount *mount = &search->mounts[i];
		struct mica_held_space *space = &search->spaces[mount->space];
		struct mica_holder holder = {
			.hold = MICA_HOLD_MOUNT, .fd = -1, .mnt_ns = space->inode, .at = (char *)mount->entry->target
		};
		uint32_t device;

		if (mica_holders_match_mount(search, mount->entry, &device)) {
			holder.held_union = mica_holders_union(search, device);
			if (mount == own && !holder.held_union)
				continue;
			space->holds = true;
			if (!space->held_union)
				space->held_union = holder.held_union;
		} else if (space->is_own && is_below_path(search, mount->entry->target)) {
			holder.hold = MICA_HOLD_SUBMOUNT;
		} else {
			continue;
		}
		if (!mica_holders_add(search, &holder))
			return -ENOMEM;
	}
	return 0;
}

/** Unions with a directory in the path hold it: layers are mounts of the kernel's own, in no namespace. */
static int add_unions(struct mica_holders_search *search)
{
	for (size_t i = 0; i < search->result->union_count; i++) {
		const struct mica_held_union *u = search->result->unions[i];
		const struct mica_holder holder = {
			.hold = MICA_HOLD_UNION,
			.held_union = u,
			.container = u->container,
			.mnt_ns = u->mnt_ns,
			.fd = -1,
			.at = u->mount_point,
		};

		if (u->role == MICA_ROLE_STACKED && u->mount_point && !mica_holders_add(search, &holder))
			return -ENOMEM;
	}
	return 0;
}

/** Those who live in a namespace where it is mounted. The host's stays whoever goes: its processes do not count. */
static int add_namespaces(struct mica_holders_search *search)
{
	for (size_t i = 0; i < search->task_count; i++) {
		const struct mica_held_task *task = &search->tasks[i];
		const struct mica_held_space *space = mica_holders_space(search, task->mnt_ns);
		const struct mica_holder holder = {
			.hold = MICA_HOLD_NAMESPACE,
			.held_union = space ? space->held_union : NULL,
			.pid = task->pid,
			.tid = task->tid,
			.mnt_ns = task->mnt_ns,
			.fd = -1,
			.at = "",
		};

		if (space && space->holds && !space->is_host && !mica_holders_add(search, &holder))
			return -ENOMEM;
	}
	return 0;
}

/** Those who keep such a namespace without living in it. */
static int add_pins(struct mica_holders_search *search)
{
	for (size_t i = 0; i < search->pin_count; i++) {
		const struct mica_held_pin *pin = &search->pins[i];
		const struct mica_held_space *space = mica_holders_space(search, pin->inode);
		char link[64];
		struct mica_holder holder = {
			.hold = pin->target ? MICA_HOLD_NAMESPACE_MOUNT : MICA_HOLD_NAMESPACE_FILE,
			.held_union = space ? space->held_union : NULL,
			.pid = pin->pid,
			.fd = pin->target ? -1 : pin->fd,
			.mnt_ns = pin->inode,
			.at = pin->target,
			.unmounted = pin->unmounted,
		};

		if (!space || !space->holds || space->is_host)
			continue;
		if (!pin->target) {
			(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", pin->pid, pin->fd);
			holder.at = link;
		}
		if (!mica_holders_add(search, &holder))
			return -ENOMEM;
	}
	return 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/** Containers by name, then other namespaces, then the host; in each the mounts, then what no process does, then
 *  processes. */
static int compare_holders(const void *a, const void *b)
{
	const struct mica_holder *one = a, *two = b;
	const char *name_one = one->container ? one->container->name : NULL;
	const char *name_two = two->container ? two->container->name : NULL;
	int r = compare_numbers(!one->container, !two->container);

	if (!r)
		r = compare_numbers(one->on_host, two->on_host);
	if (!r)
		r = strcmp(name_one ? name_one : "", name_two ? name_two : "");
	if (!r)
		r = compare_numbers(one->mnt_ns, two->mnt_ns);
	if (!r)
		r = compare_numbers((uint64_t)one->pid, (uint64_t)two->pid);
	if (!r)
		r = compare_numbers((uint64_t)one->tid, (uint64_t)two->tid);
	if (!r)
		r = compare_numbers(one->hold, two->hold);
	return r ? r : strcmp(one->at, two->at);
}

static int compare_unions(const void *a, const void *b)
{
	const struct mica_held_union *one = *(struct mica_held_union *const *)a;
	const struct mica_held_union *two = *(struct mica_held_union *const *)b;
	int r = compare_numbers(one->role, two->role);

	return r ? r : strcmp(one->mount_point ? one->mount_point : "", two->mount_point ? two->mount_point : "");
}

/** What the path is, and in what. */
static int conclude(struct mica_holders_search *search, const struct mica_held_mount *own)
{
	struct mica_holders *result = search->result;
	const char *type = "";

	if (result->union_count)
		qsort(result->unions, result->union_count, sizeof(void *), compare_unions);
	if (result->count)
		qsort(result->holders, result->count, sizeof(*result->holders), compare_holders);
	if (result->union_count && result->unions[0]->role != MICA_ROLE_STACKED)
		result->role = result->unions[0]->role;
	else
		result->role = own ? MICA_ROLE_MOUNT_POINT : MICA_ROLE_DIRECTORY;
	for (size_t i = 0; i < search->mount_count; i++)
		if (search->mounts[i].entry->device == search->path.device)
			type = search->mounts[i].entry->type;
	result->path = strdup(search->path.real);
	result->type = strdup(type);
	return result->path && result->type ? 0 : -ENOMEM;
}

static int run(struct mica_holders_search *search, const char *path)
{
	const struct mica_held_mount *own;
	int r = mica_container_table_refresh(&search->identity->containers);

	if (r == 0)
		r = mica_holders_look_up(search, path);
	if (r == 0)
		r = mica_holders_read_namespaces(search);
	if (r == 0)
		r = mica_holders_read_unions(search);
	if (r < 0)
		return r;
	own = own_mount(search);
	r = add_mounts(search, own);
	if (r == 0)
		r = mica_holders_check_handles(search);
	if (r == 0)
		r = mica_holders_read_tasks(search);
	if (r == 0)
		r = mica_holders_read_devices(search);
	if (r == 0)
		r = add_unions(search);
	if (r == 0)
		r = add_namespaces(search);
	if (r == 0)
		r = add_pins(search);
	return r < 0 ? r : conclude(search, own);
}

static void free_search(struct mica_holders_search *search)
{
	for (size_t i = 0; i < search->space_count; i++) {
		struct mica_held_space *space = &search->spaces[i];

		for (size_t k = 0; k < space->reading_count; k++) {
			mica_mountinfo_free(&space->readings[k].mounts);
			free(space->readings[k].root);
		}
		free(space->readings);
	}
	for (size_t i = 0; i < search->pin_count; i++)
		free(search->pins[i].target);
	for (size_t i = 0; i < search->union_count; i++) {
		mica_overlay_directories_free(&search->unions[i].directories);
		free(search->unions[i].upper);
		free(search->unions[i].below);
	}
	free(search->path.real);
	free(search->path.ancestors);
	free(search->path.path);
	free(search->spaces);
	free(search->mounts);
	free(search->tasks);
	free(search->pins);
	free(search->unions);
	mica_table_free(&search->mount_by_id, NULL);
	mica_table_free(&search->union_by_device, NULL);
	if (search->path_fd >= 0)
		(void)close(search->path_fd);
}

int mica_holders_find(struct mica_identity *identity, const char *path, struct mica_holders **ret)
{
	_cleanup_(mica_holders_free) struct mica_holders *result = calloc(1, sizeof(*result));
	_cleanup_(free_search) struct mica_holders_search search = {
		.identity = identity,
		.host = &identity->host,
		.path_fd = -EBADF,
		.result = result,
	};
	int r = result ? run(&search, path) : -ENOMEM;

	if (r < 0)
		return r;
	*ret = TAKE_PTR(result);
	return 0;
}

void mica_holders_free(struct mica_holders **holders)
{
	struct mica_holders *h = *holders;

	if (!h)
		return;
	for (size_t i = 0; i < h->count; i++)
		free(h->holders[i].at);
	for (size_t i = 0; i < h->union_count; i++) {
		free(h->unions[i]->mount_point);
		free(h->unions[i]->upper);
		free(h->unions[i]->work);
		free(h->unions[i]);
	}
	free(h->holders);
	free(h->unions);
	free(h->path);
	free(h->type);
	free(h);
	*holders = NULL;
}
