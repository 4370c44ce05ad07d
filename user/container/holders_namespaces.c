/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * holders.h: the mount namespaces and what is mounted in them. Most are seen through a process in them; one that only a
 * bind mount or a descriptor keeps is entered by a child.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "container/holders_internal.h"

/** 100,000 mounts (fs.mount-max) of usual length. */
#define MOUNTINFO_BYTES ((size_t)32 << 20)

const char *mica_holders_proc_path(const struct mica_holders_search *search, int pid, int tid, const char *what,
				   char buffer[static PATH_MAX])
{
	int n = tid == pid ? snprintf(buffer, PATH_MAX, "%s/proc/%d/%s", search->host->prefix, pid, what)
			   : snprintf(buffer, PATH_MAX, "%s/proc/%d/task/%d/%s", search->host->prefix, pid, tid, what);

	if (n < 0 || n >= PATH_MAX)
		*buffer = '\0';
	return buffer;
}

const struct mica_held_space *mica_holders_space(const struct mica_holders_search *search, uint32_t inode)
{
	for (size_t i = 0; i < search->space_count; i++)
		if (search->spaces[i].inode == inode)
			return &search->spaces[i];
	return NULL;
}

/** Index of the namespace, added if it is new; -ENOMEM. */
static ssize_t find_space(struct mica_holders_search *search, uint32_t inode)
{
	const struct mica_held_space *known = mica_holders_space(search, inode);
	struct mica_held_space *space;

	if (known)
		return known - search->spaces;
	space = mica_holders_grow(search->spaces, search->space_count);
	if (!space)
		return -ENOMEM;
	space->inode = inode;
	space->is_host = inode == search->host_namespace;
	space->is_own = inode == search->own_namespace;
	return space - search->spaces;
}

uint32_t mica_holders_namespace_number(const char *text)
{
	unsigned number;
	char end;

	return sscanf(text, "mnt:[%u%c", &number, &end) == 2 && end == ']' ? number : 0;
}

struct mount_reader {
	struct mica_holders_search *search;
	size_t space;
};

static int add_mount(const struct mica_mount_entry *entry, void *userdata)
{
	const struct mount_reader *reader = userdata;
	struct mica_holders_search *search = reader->search;
	uint32_t inode = strcmp(entry->type, "nsfs") == 0 ? mica_holders_namespace_number(entry->root) : 0;
	struct mica_held_mount *mount;
	struct mica_held_pin *pin;

	if (mica_table_get(&search->mount_by_id, (uint64_t)entry->id))
		return 0;
	mount = mica_holders_grow(search->mounts, search->mount_count);
	if (!mount)
		return -ENOMEM;
	*mount = (struct mica_held_mount){ .entry = entry, .space = reader->space };
	/* The table wants a pointer that is not NULL: an index, for the array moves. */
	if (mica_table_put(&search->mount_by_id, (uint64_t)entry->id, (void *)(uintptr_t)search->mount_count) < 0)
		return -ENOMEM;
	if (!inode)
		return 0;
	pin = mica_holders_grow(search->pins, search->pin_count);
	if (!pin)
		return -ENOMEM;
	*pin = (struct mica_held_pin){
		.inode = inode, .fd = -1, .space = reader->space, .target = strdup(entry->target)
	};
	return pin->target ? 0 : -ENOMEM;
}

/** Takes in a mountinfo as it was read in a namespace, by a process with this root (NULL: without one). */
static int add_mounts(struct mica_holders_search *search, size_t space, const char *root, char *text, size_t size)
{
	_cleanup_(mica_mountinfo_free) struct mica_mountinfo *mounts = NULL;
	_cleanup_fclose_ FILE *in = size ? fmemopen(text, size, "r") : NULL;
	struct mount_reader reader = { .search = search, .space = space };
	struct mica_held_reading *reading;
	int r;

	if (!in)
		return size ? -ENOMEM : 0;
	r = mica_mountinfo_new_stream(in, &mounts);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	reading = mica_holders_grow(search->spaces[space].readings, search->spaces[space].reading_count);
	if (!reading)
		return -ENOMEM;
	reading->mounts = TAKE_PTR(mounts);
	if (root) {
		reading->root = strdup(root);
		if (!reading->root)
			return -ENOMEM;
	}
	return mica_mountinfo_all(reading->mounts, add_mount, &reader);
}

static bool was_read_through(const struct mica_held_space *space, const char *root)
{
	for (size_t i = 0; i < space->reading_count; i++)
		if (space->readings[i].root && strcmp(space->readings[i].root, root) == 0)
			return true;
	return false;
}

/** Reads a namespace's mounts as a process sees them, unless another with the same root was read: a chroot hides
 *  mounts. */
static int read_mounts_of(struct mica_holders_search *search, size_t index, int pid, int tid)
{
	struct mica_held_space *space = &search->spaces[index];
	char path[PATH_MAX], root[PATH_MAX];
	_cleanup_free_ char *text = NULL;
	size_t size;
	ssize_t length = readlink(mica_holders_proc_path(search, pid, tid, "root", path), root, sizeof(root) - 1);
	int r;

	if (length < 0)
		return 0;
	root[length] = '\0';
	if (was_read_through(space, root))
		return 0;
	r = mica_file_read(mica_holders_proc_path(search, pid, tid, "mountinfo", path), MOUNTINFO_BYTES, &text, &size);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = add_mounts(search, index, root, text, size);
	if (r == 0 && space->reading_count && (!space->pid || strcmp(root, "/") == 0))
		space->pid = tid;
	return r;
}

struct task_reader {
	struct mica_holders_search *search;
	int pid;
	uint32_t mnt_ns;
};

/** Looks whose namespace it is, by a process in it. The host's is nobody's: containers' monitors run in it. */
static void find_container(struct mica_holders_search *search, struct mica_held_space *space, int pid)
{
	struct mica_container_table *containers = &search->identity->containers;

	if (space->is_host || space->container)
		return;
	space->container = mica_container_of_pid(search->host, containers, pid);
	/* Goes through all containers: once is enough. */
	if (!space->container && !space->looked_for_init)
		space->container = mica_container_by_namespace(containers, space->inode);
	space->looked_for_init = true;
}

static int add_task(struct mica_holders_search *search, int pid, int tid, uint32_t mnt_ns)
{
	struct mica_held_task *task;
	ssize_t space = find_space(search, mnt_ns);

	if (space < 0)
		return -ENOMEM;
	task = mica_holders_grow(search->tasks, search->task_count);
	if (!task)
		return -ENOMEM;
	*task = (struct mica_held_task){ .pid = pid, .tid = tid, .mnt_ns = mnt_ns };
	if (tid == pid)
		find_container(search, &search->spaces[space], pid);
	return read_mounts_of(search, (size_t)space, pid, tid);
}

static uint32_t namespace_of_task(const struct mica_holders_search *search, int pid, int tid)
{
	char path[PATH_MAX];
	struct stat st;

	return stat(mica_holders_proc_path(search, pid, tid, "ns/mnt", path), &st) == 0 ? (uint32_t)st.st_ino : 0;
}

/** Threads count where they differ from their process: Go programs have such. */
static int visit_thread(int tid, void *userdata)
{
	const struct task_reader *reader = userdata;
	uint32_t mnt_ns;

	if (tid == reader->pid)
		return 0;
	mnt_ns = namespace_of_task(reader->search, reader->pid, tid);
	return !mnt_ns || mnt_ns == reader->mnt_ns ? 0 : add_task(reader->search, reader->pid, tid, mnt_ns);
}

static int visit_descriptor(int fd, void *userdata)
{
	const struct task_reader *reader = userdata;
	struct mica_holders_search *search = reader->search;
	char what[32], path[PATH_MAX], text[64];
	struct mica_held_pin *pin;
	ssize_t length;

	(void)snprintf(what, sizeof(what), "fd/%d", fd);
	length = readlink(mica_holders_proc_path(search, reader->pid, reader->pid, what, path), text, sizeof(text) - 1);
	if (length < 0)
		return 0;
	text[length] = '\0';
	/* What reads "/" may be a namespace that was bound and is unmounted: check_pins knows. */
	if (!mica_holders_namespace_number(text) && strcmp(text, "/") != 0)
		return 0;
	pin = mica_holders_grow(search->pins, search->pin_count);
	if (!pin)
		return -ENOMEM;
	*pin = (struct mica_held_pin){
		.inode = mica_holders_namespace_number(text), .pid = reader->pid, .fd = fd, .unmounted = text[0] == '/'
	};
	return 0;
}

static int visit_process(int pid, void *userdata)
{
	struct mica_holders_search *search = userdata;
	struct task_reader reader = { .search = search, .pid = pid };
	char path[PATH_MAX];
	int r = 0;

	if (pid == getpid())
		return 0;
	reader.mnt_ns = namespace_of_task(search, pid, pid);
	/* Not of a process whose first thread has ended: others may live on. */
	if (reader.mnt_ns)
		r = add_task(search, pid, pid, reader.mnt_ns);
	if (r == 0)
		r = mica_file_each_number(mica_holders_proc_path(search, pid, pid, "task", path), visit_thread,
					  &reader);
	if (r != -ENOMEM)
		r = mica_file_each_number(mica_holders_proc_path(search, pid, pid, "fd", path), visit_descriptor,
					  &reader);
	return r == -ENOMEM ? r : 0;
}

/** A namespace without a process, and something that leads to it. */
struct empty_space {
	struct mica_holders_search *search;
	size_t index;
	const struct mica_held_pin *pin;
};

static int open_pin(const struct mica_holders_search *search, const struct mica_held_pin *pin)
{
	char what[64], path[PATH_MAX];
	_cleanup_free_ char *joined = NULL;

	if (!pin->target) {
		(void)snprintf(what, sizeof(what), "fd/%d", pin->fd);
		return open(mica_holders_proc_path(search, pin->pid, pin->pid, what, path), O_RDONLY | O_CLOEXEC);
	}
	if (!search->spaces[pin->space].pid)
		return -ENOENT;
	mica_holders_proc_path(search, search->spaces[pin->space].pid, search->spaces[pin->space].pid, "root", path);
	if (asprintf(&joined, "%s%s", path, pin->target) < 0) {
		joined = NULL;
		return -ENOMEM;
	}
	return open(joined, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/** Tells the number of a namespace that only its device number says to be one. */
static void check_pin(struct mica_guard *guard, size_t index, void *userdata)
{
	const struct mica_holders_search *search = userdata;
	const struct mica_held_pin *pin = &search->pins[index];
	char what[32], path[PATH_MAX];
	_cleanup_close_ int fd = -EBADF;
	struct statx own, st;

	if (pin->inode)
		return;
	(void)snprintf(what, sizeof(what), "fd/%d", pin->fd);
	mica_holders_proc_path(search, pin->pid, pin->pid, what, path);
	if (mica_holders_stat(AT_FDCWD, "/proc/self/ns/mnt", &own) < 0 || mica_holders_stat(AT_FDCWD, path, &st) < 0 ||
	    own.stx_dev_major != st.stx_dev_major || own.stx_dev_minor != st.stx_dev_minor)
		return;
	fd = open_pin(search, pin);
	if (fd >= 0 && ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNS)
		mica_guard_send(guard, &st.stx_ino, sizeof(st.stx_ino));
}

static int take_pin(size_t index, const void *message, size_t size, void *userdata)
{
	struct mica_holders_search *search = userdata;
	__u64 inode;

	(void)size;
	memcpy(&inode, message, sizeof(inode));
	search->pins[index].inode = (uint32_t)inode;
	return 0;
}

/** Finds out which of the descriptors that may be namespaces are some, and drops the others. */
static int check_pins(struct mica_holders_search *search)
{
	const struct mica_guarded_work guarded = {
		.count = search->pin_count,
		.work = check_pin,
		.take = take_pin,
		.userdata = search,
	};
	int r = mica_guarded_run(&guarded);
	size_t kept = 0;

	for (size_t i = 0; i < search->pin_count; i++) {
		if (search->pins[i].inode)
			search->pins[kept++] = search->pins[i];
		else
			free(search->pins[i].target);
	}
	search->pin_count = kept;
	return r;
}

static void enter(struct mica_guard *guard, size_t index, void *userdata)
{
	const struct empty_space *empty = userdata;
	_cleanup_close_ int fd = open_pin(empty->search, empty->pin), self = -EBADF;
	_cleanup_free_ char *text = NULL;
	size_t size;

	(void)index;
	/* /proc may not be mounted there. */
	self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || self < 0 || setns(fd, CLONE_NEWNS) < 0 ||
	    mica_file_read_at(self, "mountinfo", MOUNTINFO_BYTES, &text, &size) < 0)
		return;
	mica_guard_send(guard, text, size);
}

static int take_mounts(size_t index, const void *message, size_t size, void *userdata)
{
	struct empty_space *empty = userdata;
	_cleanup_free_ char *text = malloc(size);

	(void)index;
	if (!text)
		return -ENOMEM;
	memcpy(text, message, size);
	return add_mounts(empty->search, empty->index, NULL, text, size);
}

static bool is_pinned(const struct mica_holders_search *search, uint32_t inode)
{
	for (size_t i = 0; i < search->pin_count; i++)
		if (search->pins[i].inode == inode)
			return true;
	return false;
}

/** Reads the namespaces that have no process, by way of their pins, which adds pins of others. */
static int read_empty_spaces(struct mica_holders_search *search)
{
	for (size_t i = 0; i < search->pin_count; i++) {
		struct empty_space empty = { .search = search, .pin = &search->pins[i] };
		const struct mica_guarded_work guarded = {
			.count = 1,
			.work = enter,
			.take = take_mounts,
			.userdata = &empty,
		};
		const struct mica_held_pin pin = search->pins[i];
		ssize_t space = find_space(search, pin.inode);
		int r;

		if (space < 0)
			return -ENOMEM;
		if (search->spaces[space].reading_count)
			continue;
		/* `pins` may move while mounts are taken in. */
		empty.pin = &pin;
		empty.index = (size_t)space;
		r = mica_guarded_run(&guarded);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < search->space_count; i++)
		if (!search->spaces[i].reading_count && is_pinned(search, search->spaces[i].inode))
			search->result->gaps.namespaces++;
	return 0;
}

/** In tests, whose paths are all below a directory, the host's. */
static uint32_t namespace_of_self(const struct mica_holders_search *search)
{
	return search->host->prefix[0] ? search->host_namespace : mica_host_mount_namespace(search->host, getpid());
}

int mica_holders_read_namespaces(struct mica_holders_search *search)
{
	_cleanup_free_ char *path = mica_host_path(search->host, "/proc");
	int r;

	if (!path)
		return -ENOMEM;
	search->host_namespace = mica_host_mount_namespace(search->host, 1);
	search->own_namespace = namespace_of_self(search);
	/* What not even root may look at counts as ours: we are in a container whose first process is another's. */
	if (!search->host_namespace)
		search->host_namespace = search->own_namespace;
	r = mica_file_each_number(path, visit_process, search);
	if (r == 0)
		r = check_pins(search);
	return r < 0 ? r : read_empty_spaces(search);
}
