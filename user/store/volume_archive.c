// SPDX-License-Identifier: BSD-2-Clause
#include "store/volume_archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/capability.h"
#include "store/archive_extract.h"
#include "store/archive_write.h"
#include "store/tree.h"
#include "store/volume_internal.h"
#include "store/volume_users.h"

#define DATA "_data"

/* A directory of a volume that is mounted for this one piece of work. */
struct opened {
	struct mica_store *store;
	const char *name;
	struct mica_volume_place place;
	int fd, data_fd;
	/** It was not mounted before. */
	bool mounted;
};

static void close_volume(struct opened *opened)
{
	mica_cleanup_close(&opened->data_fd);
	if (opened->mounted)
		(void)mica_volume_unmount_locked(opened->store, opened->name, &opened->place, opened->fd);
	mica_cleanup_close(&opened->fd);
	mica_volume_place_free(&opened->place);
}

static int open_volume(struct mica_store *store, const char *name, struct opened *ret)
{
	bool before;
	int r;

	ret->store = store;
	ret->name = name;
	r = mica_volume_lock(store, name, true, &ret->place, &ret->fd);
	if (r < 0)
		return r;
	before = mica_volume_is_mounted(&ret->place, ret->fd);
	r = mica_volume_mount_locked(store, name, &ret->place, ret->fd);
	if (r < 0)
		return r;
	ret->mounted = !before && ret->place.backend->mount;
	ret->data_fd = openat(ret->fd, DATA, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return ret->data_fd < 0 ? mica_store_refuse(store, -errno, "cannot open the volume '%s'", name) : 0;
}

int mica_volume_backup(struct mica_store *store, const char *name, int fd)
{
	_cleanup_(close_volume) struct opened opened = { .fd = -EBADF, .data_fd = -EBADF };
	char reason[512] = "";
	int r = open_volume(store, name, &opened);

	if (r < 0)
		return r;
	r = mica_archive_write_volume(opened.data_fd, fd, reason, sizeof(reason));
	return r < 0 ? mica_store_refuse(store, r, "cannot archive the volume '%s'%s%s", name, reason[0] ? " at " : "",
					 reason)
		     : 0;
}

/* lost+found of a fresh file system is no file of anybody's. */
static int is_empty(int fd)
{
	_cleanup_closedir_ DIR *directory = mica_tree_read(fd);
	const struct dirent *entry;

	if (!directory)
		return -errno;
	while ((entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    strcmp(entry->d_name, "lost+found") != 0)
			return 0;
	return 1;
}

static int check_empty(struct mica_store *store, const struct opened *opened)
{
	int64_t users = 0;
	int empty = is_empty(opened->data_fd), r = mica_volume_users_engines(store, opened->name, &users);

	if (r < 0 || empty < 0)
		return r < 0 ? r : empty;
	if (users || opened->place.containers)
		return mica_store_refuse(store, -EBUSY, "the volume '%s' is in use by a container", opened->name);
	return empty ? 0 : mica_store_refuse(store, -ENOTEMPTY, "the volume '%s' has files already", opened->name);
}

static int extract(struct mica_store *store, int archive_fd, int directory_fd,
		   const struct mica_import_options *options, struct mica_import_counts *counts)
{
	const struct mica_archive_source source = { .fd = archive_fd, .offset = -1 };
	_cleanup_input_ struct mica_archive_input *input = NULL;
	char reason[512] = "";
	int r = mica_archive_input_new(&source, &input);

	if (r == 0)
		r = mica_archive_extract(input, directory_fd, options, counts, reason, sizeof(reason));
	if (r == 0)
		r = mica_archive_input_finish(input, NULL, NULL);
	if (r == 0 && syncfs(directory_fd) < 0)
		r = -errno;
	return r < 0 ? mica_store_refuse(store, r, "cannot unpack the archive%s%s", reason[0] ? ": " : "", reason) : 0;
}

/* The unpacked tree takes the place of the empty directory, in one rename. */
static int restore_staged(struct mica_store *store, const struct opened *opened, int archive_fd,
			  const struct mica_import_options *options, struct mica_import_counts *counts)
{
	_cleanup_stage_ struct mica_stage stage = MICA_STAGE_NONE;
	_cleanup_close_ int fd = -EBADF;
	int r = mica_stage_begin(store, &stage);

	if (r == 0)
		r = mica_tree_make(stage.fd, DATA, 0755, &fd);
	if (r == 0 && fchmod(fd, 0755) < 0)
		r = -errno;
	if (r == 0)
		r = mica_volume_prepare(store, opened->name, opened->place.backend, opened->place.options, fd);
	if (r == 0)
		r = extract(store, archive_fd, fd, options, counts);
	if (r < 0)
		return r;
	if (renameat(stage.fd, DATA, opened->fd, DATA) < 0 || fsync(opened->fd) < 0)
		return mica_store_refuse(store, -errno, "cannot put the files of the volume '%s' in their place",
					 opened->name);
	return 0;
}

static void empty_again(int fd)
{
	_cleanup_closedir_ DIR *directory = mica_tree_read(fd);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    strcmp(entry->d_name, "lost+found") != 0)
			(void)mica_tree_remove(fd, entry->d_name);
}

static int restore_into(struct mica_store *store, const struct opened *opened, int fd,
			const struct mica_import_options *options, struct mica_import_counts *ret_counts)
{
	/* ext4 lets who has it go over a quota (fs/quota/dquot.c, ignore_hardlimit). */
	_cleanup_(mica_capability_resume) struct mica_suspended_capability limited =
		mica_capability_suspend(CAP_SYS_RESOURCE);
	int r;

	(void)limited;
	if (!opened->place.backend->mount)
		return restore_staged(store, opened, fd, options, ret_counts);
	r = extract(store, fd, opened->data_fd, options, ret_counts);
	if (r < 0)
		empty_again(opened->data_fd);
	return r;
}

int mica_volume_restore(struct mica_store *store, const char *name, int fd, const struct mica_import_options *options,
			struct mica_import_counts *ret_counts)
{
	_cleanup_(close_volume) struct opened opened = { .fd = -EBADF, .data_fd = -EBADF };
	bool made = false;
	int r = open_volume(store, name, &opened);

	if (r == -ENOENT) {
		mica_volume_place_free(&opened.place);
		opened.place = (struct mica_volume_place){};
		r = mica_volume_create(store, name, "local", NULL, 0, NULL);
		made = r == 0;
		if (r == 0)
			r = open_volume(store, name, &opened);
	}
	if (r == 0)
		r = check_empty(store, &opened);
	if (r < 0)
		return r;
	*ret_counts = (struct mica_import_counts){};
	r = restore_into(store, &opened, fd, options, ret_counts);
	if (r < 0 && made) {
		char reason[sizeof(store->reason)];

		(void)memcpy(reason, store->reason, sizeof(reason));
		mica_cleanup_close(&opened.fd);
		opened.fd = -EBADF;
		(void)mica_volume_remove(store, name);
		(void)memcpy(store->reason, reason, sizeof(reason));
	}
	return r;
}
