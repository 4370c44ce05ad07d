/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * holders.h: the files of processes. Done in a child: a file system may not answer, and the list of mappings of a
 * process that hangs with its memory map locked cannot be read.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "container/holders_internal.h"

#define FDINFO_BYTES 65536
/** Signs of life come this often. */
#define FILES_PER_SIGN 64

/** What a child found. Followed by the text of the link, with its NUL. */
struct finding {
	enum mica_hold hold;
	int fd;
	int mount_id;
	struct mica_object_match match;
};

/** The child's work on a task. */
struct task_work {
	struct mica_holders_search *search;
	const struct mica_held_task *task;
	struct mica_guard *guard;
	unsigned files;
	/** The mapping found last: a library has several. */
	char last_mapped[PATH_MAX];
};

/** A file that may be of the path's union; its mount decides. */
struct unplaced {
	struct mica_holder holder;
	int mount_id;
};

/** The caller's results. */
struct results {
	struct mica_holders_search *search;
	struct unplaced *unplaced;
	size_t unplaced_count;
	/** Mount's id -> device of the lost union that it shows, + 1. */
	struct mica_table lost_mounts;
};

static void sign_of_life(struct task_work *task)
{
	if (++task->files % FILES_PER_SIGN == 0)
		mica_guard_send(task->guard, NULL, 0);
}

static void report(struct task_work *task, struct finding *finding, const char *text)
{
	char message[sizeof(*finding) + PATH_MAX];
	size_t size = strlen(text) + 1;

	memcpy(message, finding, sizeof(*finding));
	memcpy(message + sizeof(*finding), text, size);
	mica_guard_send(task->guard, message, sizeof(*finding) + size);
}

/** Looks at an object of a task. `mount_id` 0: to be asked for. */
static void look_at(struct task_work *task, const char *link, enum mica_hold hold, int fd, int mount_id, bool bare)
{
	struct finding finding = { .hold = hold, .fd = fd, .mount_id = mount_id };
	char text[PATH_MAX];
	struct mica_held_object object = { .link = link, .text = text };
	ssize_t length = readlink(link, text, sizeof(text) - 1);
	struct statx st;

	sign_of_life(task);
	if (length <= 0 || text[0] != '/')
		return;
	text[length] = '\0';
	if (!finding.mount_id) {
		if (mica_holders_stat(AT_FDCWD, link, &st) < 0 || !(st.stx_mask & STATX_MNT_ID))
			return;
		finding.mount_id = (int)st.stx_mnt_id;
	}
	object.mount_id = finding.mount_id;
	if (!mica_holders_match_object(task->search, &object, &finding.match))
		return;
	if (hold == MICA_HOLD_MAPPED) {
		if (strcmp(task->last_mapped, text) == 0)
			return;
		memcpy(task->last_mapped, text, (size_t)length + 1);
	}
	if (finding.match.pinned_namespace)
		finding.hold = MICA_HOLD_NAMESPACE_FILE;
	else if (bare && finding.match.unmounted && strcmp(text, "/") == 0)
		finding.hold = MICA_HOLD_DETACHED_MOUNT;
	report(task, &finding, text);
}

/** Mount's id of a descriptor, and whether it is O_PATH, as proc_pid_fdinfo(5) has it. 0: not known. */
static int read_fdinfo(const struct task_work *task, int fd, bool *ret_bare)
{
	char what[32], path[PATH_MAX];
	_cleanup_free_ char *text = NULL;
	const char *field;
	unsigned flags;
	int mount_id;

	(void)snprintf(what, sizeof(what), "fdinfo/%d", fd);
	if (mica_file_read(mica_holders_proc_path(task->search, task->task->pid, task->task->tid, what, path),
			   FDINFO_BYTES, &text, NULL) < 0)
		return 0;
	field = strstr(text, "flags:");
	*ret_bare = field && sscanf(field, "flags: %o", &flags) == 1 && (flags & O_PATH);
	field = strstr(text, "mnt_id:");
	return field && sscanf(field, "mnt_id: %d", &mount_id) == 1 ? mount_id : 0;
}

static int look_at_descriptor(int fd, void *userdata)
{
	struct task_work *task = userdata;
	char what[32], link[PATH_MAX];
	bool bare = false;
	int mount_id = read_fdinfo(task, fd, &bare);

	(void)snprintf(what, sizeof(what), "fd/%d", fd);
	mica_holders_proc_path(task->search, task->task->pid, task->task->tid, what, link);
	if (mount_id)
		look_at(task, link, MICA_HOLD_FILE, fd, mount_id, bare);
	return 0;
}

static void look_at_mappings(struct task_work *task)
{
	char path[PATH_MAX], link[PATH_MAX + 300];
	_cleanup_closedir_ DIR *directory =
		opendir(mica_holders_proc_path(task->search, task->task->pid, task->task->tid, "map_files", path));
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(link, sizeof(link), "%s/%s", path, entry->d_name);
		look_at(task, link, MICA_HOLD_MAPPED, -1, 0, false);
	}
}

/** A thread may have descriptors of its own; the machine of tests has no such. */
static bool has_own_descriptors(const struct mica_holders_search *search, const struct mica_held_task *task)
{
	if (task->tid == task->pid)
		return true;
	return !search->host->prefix[0] && syscall(SYS_kcmp, task->pid, task->tid, KCMP_FILES, 0, 0) > 0;
}

static void work(struct mica_guard *guard, size_t index, void *userdata)
{
	struct mica_holders_search *search = ((const struct results *)userdata)->search;
	struct task_work task = { .search = search, .task = &search->tasks[index], .guard = guard };
	int pid = task.task->pid, tid = task.task->tid;
	char path[PATH_MAX];

	look_at(&task, mica_holders_proc_path(search, pid, tid, "root", path), MICA_HOLD_ROOT, -1, 0, false);
	look_at(&task, mica_holders_proc_path(search, pid, tid, "cwd", path), MICA_HOLD_CWD, -1, 0, false);
	if (has_own_descriptors(search, task.task))
		(void)mica_file_each_number(mica_holders_proc_path(search, pid, tid, "fd", path), look_at_descriptor,
					    &task);
	if (tid != pid)
		return;
	look_at(&task, mica_holders_proc_path(search, pid, tid, "exe", path), MICA_HOLD_EXE, -1, 0, false);
	if (!mica_guard_careful(guard))
		look_at_mappings(&task);
}

/** The union of a file whose union is mounted nowhere, known by the mount: stat(2) may tell a layer's device. */
static struct mica_held_union *lost_union(struct results *results, const struct finding *finding)
{
	struct mica_holders_search *search = results->search;
	uintptr_t known = (uintptr_t)mica_table_get(&results->lost_mounts, (uint64_t)finding->mount_id);
	uint32_t device = known ? (uint32_t)(known - 1) : finding->match.union_device;
	struct mica_held_union *u = mica_holders_union(search, device);

	if (!u)
		u = mica_holders_add_union(search, device, finding->match.role);
	if (!u ||
	    mica_table_put(&results->lost_mounts, (uint64_t)finding->mount_id, (void *)((uintptr_t)device + 1)) < 0)
		return NULL;
	if (finding->match.role < u->role)
		u->role = finding->match.role;
	return u;
}

static int take(size_t index, const void *message, size_t size, void *userdata)
{
	struct results *results = userdata;
	struct mica_holders_search *search = results->search;
	const struct mica_held_task *task = &search->tasks[index];
	struct finding finding;
	struct mica_holder holder = { .pid = task->pid, .tid = task->tid, .mnt_ns = task->mnt_ns };
	struct unplaced *unplaced;

	(void)size;
	memcpy(&finding, message, sizeof(finding));
	holder.hold = finding.hold;
	holder.fd = finding.fd;
	holder.at = (char *)message + sizeof(finding);
	holder.unmounted = finding.match.unmounted;
	if (finding.match.pinned_namespace)
		holder.mnt_ns = finding.match.pinned_namespace;
	if (finding.match.unplaced) {
		unplaced = mica_holders_grow(results->unplaced, results->unplaced_count);
		if (!unplaced)
			return -ENOMEM;
		*unplaced = (struct unplaced){ .holder = holder, .mount_id = finding.mount_id };
		unplaced->holder.at = strdup(holder.at);
		return unplaced->holder.at ? 0 : -ENOMEM;
	}
	holder.held_union = finding.match.lost_union ? lost_union(results, &finding)
						     : mica_holders_union(search, finding.match.union_device);
	if (finding.match.lost_union && !holder.held_union)
		return -ENOMEM;
	if (finding.match.pinned_namespace)
		holder.held_union = mica_holders_space(search, finding.match.pinned_namespace)->held_union;
	return mica_holders_add(search, &holder) ? 0 : -ENOMEM;
}

static void unfinished(size_t index, void *userdata)
{
	struct results *results = userdata;
	struct mica_holders_gaps *gaps = &results->search->result->gaps;

	gaps->hanging++;
	gaps->hanging_pid = results->search->tasks[index].pid;
}

/** What could not be placed by itself, by others that have the same mount. */
static int place(struct results *results)
{
	struct mica_holders_search *search = results->search;
	struct mica_holders_gaps *gaps = &search->result->gaps;

	for (size_t i = 0; i < results->unplaced_count; i++) {
		struct unplaced *unplaced = &results->unplaced[i];
		uintptr_t device = (uintptr_t)mica_table_get(&results->lost_mounts, (uint64_t)unplaced->mount_id);

		if (!device) {
			gaps->unplaced++;
			gaps->unplaced_pid = unplaced->holder.pid;
			continue;
		}
		unplaced->holder.held_union = mica_holders_union(search, (uint32_t)(device - 1));
		if (!mica_holders_add(search, &unplaced->holder))
			return -ENOMEM;
	}
	return 0;
}

int mica_holders_read_tasks(struct mica_holders_search *search)
{
	struct results results = { .search = search };
	const struct mica_guarded_work guarded = {
		.count = search->task_count,
		.work = work,
		.take = take,
		.unfinished = unfinished,
		.userdata = &results,
	};
	int r = mica_guarded_run(&guarded);

	if (r == 0)
		r = place(&results);
	for (size_t i = 0; i < results.unplaced_count; i++)
		free(results.unplaced[i].holder.at);
	free(results.unplaced);
	mica_table_free(&results.lost_mounts, NULL);
	return r;
}
