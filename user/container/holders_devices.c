/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * holders.h: files that the kernel itself has open: those behind loop devices, and swap files. Done in a child, since
 * their paths are looked up.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "container/holders_internal.h"
#include "container/mount_library.h"

struct device_finding {
	enum mica_hold hold;
	uint32_t union_device;
	char at[PATH_MAX + 64];
};

struct device_work {
	struct mica_holders_search *search;
	struct mica_guard *guard;
};

static void report(const struct device_work *work, enum mica_hold hold, uint32_t union_device, const char *device,
		   const char *file)
{
	struct device_finding finding = { .hold = hold, .union_device = union_device };

	(void)snprintf(finding.at, sizeof(finding.at), "%s%s%s%s", device, *device ? " (" : "", file,
		       *device ? ")" : "");
	mica_guard_send(work->guard, &finding, sizeof(finding));
}

/** Does a path as a process sees it (0: the host) name a file that is searched for, and is it `id` (NULL: any)? */
static bool matches(struct mica_holders_search *search, int pid, const char *path, const struct mica_file_id *id,
		    struct mica_object_match *ret)
{
	char root[PATH_MAX] = "";
	_cleanup_free_ char *joined = NULL;
	struct mica_held_object object = { .text = path };
	struct mica_file_id found;
	struct statx st;

	if (pid)
		mica_holders_proc_path(search, pid, pid, "root", root);
	if (asprintf(&joined, "%s%s", pid ? root : search->host->prefix, path) < 0) {
		joined = NULL;
		return false;
	}
	if (mica_holders_stat(AT_FDCWD, joined, &st) < 0)
		return false;
	found = mica_holders_file_id(&st);
	if (id && (found.device != id->device || found.inode != id->inode))
		return false;
	object.link = joined;
	object.mount_id = (int)st.stx_mnt_id;
	return mica_holders_match_object(search, &object, ret);
}

/** The file behind a loop device is told by the path that it had in the namespace of who set it up. */
static void look_at_loop(const struct device_work *work, int number, const char *file, const struct mica_file_id *id)
{
	struct mica_holders_search *search = work->search;
	struct mica_object_match match = {};
	bool found = matches(search, 0, file, id, &match);
	char device[32];

	for (size_t i = 0; i < search->space_count && !found; i++)
		if (search->spaces[i].holds && search->spaces[i].pid)
			found = matches(search, search->spaces[i].pid, file, id, &match);
	(void)snprintf(device, sizeof(device), "/dev/loop%d", number);
	if (found && !match.unplaced)
		report(work, MICA_HOLD_LOOP, match.union_device, device, file);
}

static void visit_loop(const struct device_work *work, int number)
{
	_cleanup_free_ char *path = NULL, *file = NULL;
	_cleanup_close_ int fd = -EBADF;
	struct loop_info64 info;
	char device[64];

	if (asprintf(&path, "%s/sys/block/loop%d/loop/backing_file", work->search->host->prefix, number) < 0) {
		path = NULL;
		return;
	}
	if (mica_file_read(path, PATH_MAX, &file, NULL) < 0)
		return;
	file[strcspn(file, "\n")] = '\0';
	(void)snprintf(device, sizeof(device), "/dev/loop%d", number);
	fd = open(device, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, LOOP_GET_STATUS64, &info) == 0) {
		const struct mica_file_id id = { .device = info.lo_device, .inode = info.lo_inode };

		look_at_loop(work, number, file, &id);
	}
}

static void look_at_swap(const struct device_work *work)
{
	_cleanup_free_ char *path = mica_host_path(work->search->host, "/proc/swaps");
	struct libmnt_table *table;
	struct libmnt_iter *iterator;
	struct mica_object_match match;
	struct libmnt_fs *fs;

	if (!path || mica_mount_library_load() < 0)
		return;
	table = libmount.mnt_new_table();
	iterator = libmount.mnt_new_iter(MNT_ITER_FORWARD);
	if (table && iterator && libmount.mnt_table_parse_swaps(table, path) == 0) {
		while (libmount.mnt_table_next_fs(table, iterator, &fs) == 0) {
			const char *type = libmount.mnt_fs_get_swaptype(fs), *file = libmount.mnt_fs_get_source(fs);

			if (type && file && strcmp(type, "file") == 0 && matches(work->search, 0, file, NULL, &match) &&
			    !match.unplaced)
				report(work, MICA_HOLD_SWAP, match.union_device, "", file);
		}
	}
	libmount.mnt_free_iter(iterator);
	libmount.mnt_unref_table(table);
}

/** Item 0 are the loop devices, item 1 is swap. */
static void look(struct mica_guard *guard, size_t index, void *userdata)
{
	const struct device_work work = { .search = userdata, .guard = guard };
	_cleanup_free_ char *path = mica_host_path(work.search->host, "/sys/block");
	_cleanup_closedir_ DIR *directory = path && index == 0 ? opendir(path) : NULL;
	const struct dirent *entry;
	int number;

	if (index == 1)
		look_at_swap(&work);
	while (directory && (entry = readdir(directory)))
		if (sscanf(entry->d_name, "loop%d", &number) == 1)
			visit_loop(&work, number);
}

static int take(size_t index, const void *message, size_t size, void *userdata)
{
	struct mica_holders_search *search = userdata;
	const struct device_finding *finding = message;
	const struct mica_holder holder = {
		.hold = finding->hold,
		.held_union = mica_holders_union(search, finding->union_device),
		.fd = -1,
		.at = (char *)finding->at,
	};

	(void)index;
	(void)size;
	return mica_holders_add(search, &holder) ? 0 : -ENOMEM;
}

static void unfinished(size_t index, void *userdata)
{
	struct mica_holders_search *search = userdata;

	(void)index;
	search->result->gaps.hanging++;
}

int mica_holders_read_devices(struct mica_holders_search *search)
{
	const struct mica_guarded_work guarded = {
		.count = 2,
		.work = look,
		.take = take,
		.unfinished = unfinished,
		.userdata = search,
	};

	return mica_guarded_run(&guarded);
}
