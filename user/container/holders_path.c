/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * holders.h: the path that was asked for. It is looked up in a child, since it may lead into a file system whose server
 * is dead.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "container/holders_internal.h"

/** Above the depth of any directory that a path can name (PATH_MAX / 2). */
#define DEPTH_LIMIT 2048

struct looked_up {
	/** 0 or an errno; then nothing else counts. */
	int error;
	bool is_directory;
	struct mica_file_id id;
	char real[PATH_MAX];
};

/** The child's work and the caller's result. */
struct look_up {
	struct mica_holders_search *search;
	const char *path;
	struct looked_up *found;
	struct mica_guard *guard;
	bool hangs;
};

int mica_holders_stat(int directory_fd, const char *path, struct statx *ret)
{
	if (statx(directory_fd, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT | (*path ? 0 : AT_EMPTY_PATH),
		  STATX_TYPE | STATX_INO | STATX_MNT_ID, ret) < 0)
		return -errno;
	return 0;
}

struct mica_file_id mica_holders_file_id(const struct statx *st)
{
	return (struct mica_file_id){ .device = makedev(st->stx_dev_major, st->stx_dev_minor), .inode = st->stx_ino };
}

bool mica_holders_each_ancestor(int fd, bool (*visit)(struct mica_file_id id, void *userdata), void *userdata)
{
	_cleanup_close_ int above = -EBADF;
	struct mica_file_id last = {};

	for (int i = 0; i < DEPTH_LIMIT; i++) {
		int from = above >= 0 ? above : fd, next;
		struct mica_file_id id;
		struct statx st;

		if (mica_holders_stat(from, "", &st) < 0)
			return false;
		id = mica_holders_file_id(&st);
		/* The root is its own parent. */
		if (i && id.device == last.device && id.inode == last.inode)
			return false;
		if (visit(id, userdata))
			return true;
		last = id;
		next = openat(from, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (above >= 0)
			(void)close(above);
		above = next;
		if (next < 0)
			return false;
	}
	return false;
}

static bool send_ancestor(struct mica_file_id id, void *userdata)
{
	const struct look_up *look_up = userdata;

	mica_guard_send(look_up->guard, &id, sizeof(id));
	return false;
}

static int find(const struct look_up *look_up, struct looked_up *found, int *ret_fd)
{
	_cleanup_free_ char *joined = NULL, *real = NULL;
	_cleanup_close_ int fd = -EBADF;
	const char *prefix = look_up->search->host->prefix;
	size_t length = strlen(prefix);
	struct statx st;
	int r;

	/* A relative path is relative to where we are; tests use absolute ones. */
	joined = look_up->path[0] == '/' ? mica_host_path(look_up->search->host, look_up->path) : strdup(look_up->path);
	if (!joined)
		return -ENOMEM;
	real = realpath(joined, NULL);
	if (!real)
		return -errno;
	fd = open(real, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = mica_holders_stat(fd, "", &st);
	if (r < 0)
		return r;
	if (strncmp(real, prefix, length) != 0)
		return -EXDEV;
	r = snprintf(found->real, sizeof(found->real), "%s", real[length] ? real + length : "/");
	if (r < 0 || (size_t)r >= sizeof(found->real))
		return -ENAMETOOLONG;
	found->is_directory = S_ISDIR(st.stx_mode);
	found->id = mica_holders_file_id(&st);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/** Directory that a file is in. */
static int open_parent(const struct look_up *look_up, const struct looked_up *found)
{
	_cleanup_free_ char *joined = mica_host_path(look_up->search->host, found->real);
	char *slash = joined ? strrchr(joined, '/') : NULL;

	if (!slash)
		return -ENOMEM;
	slash[1] = '\0';
	return open(joined, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void work(struct mica_guard *guard, size_t index, void *userdata)
{
	struct look_up *look_up = userdata;
	_cleanup_close_ int fd = -EBADF;
	struct looked_up found = {};

	(void)index;
	look_up->guard = guard;
	found.error = find(look_up, &found, &fd);
	mica_guard_send(guard, &found, sizeof(found));
	if (found.error)
		return;
	if (!found.is_directory) {
		mica_guard_send(guard, &found.id, sizeof(found.id));
		(void)close(fd);
		fd = open_parent(look_up, &found);
	}
	if (fd >= 0)
		(void)mica_holders_each_ancestor(fd, send_ancestor, look_up);
}

static int take(size_t index, const void *message, size_t size, void *userdata)
{
	struct look_up *look_up = userdata;
	struct mica_held_path *path = &look_up->search->path;
	struct mica_file_id *id;

	(void)index;
	if (size == sizeof(struct looked_up)) {
		memcpy(look_up->found, message, size);
		return 0;
	}
	id = mica_holders_grow(path->ancestors, path->ancestor_count);
	if (!id)
		return -ENOMEM;
	memcpy(id, message, sizeof(*id));
	return 0;
}

static void unfinished(size_t index, void *userdata)
{
	struct look_up *look_up = userdata;

	(void)index;
	look_up->hangs = true;
}

int mica_holders_look_up(struct mica_holders_search *search, const char *path)
{
	_cleanup_free_ struct looked_up *found = calloc(1, sizeof(*found));
	struct look_up look_up = { .search = search, .path = path, .found = found };
	const struct mica_guarded_work guarded = {
		.count = 1,
		.work = work,
		.take = take,
		.unfinished = unfinished,
		.userdata = &look_up,
	};
	int r;

	if (!found)
		return -ENOMEM;
	r = mica_guarded_run(&guarded);
	if (r < 0)
		return r;
	if (look_up.hangs)
		return -ETIMEDOUT;
	if (found->error)
		return found->error;
	search->path.real = strdup(found->real);
	if (!search->path.real)
		return -ENOMEM;
	search->path.id = found->id;
	search->path.is_directory = found->is_directory;
	r = mica_mountinfo_locate(search->identity->mounts, found->real, &search->path.device, &search->path.path);
	return r == -ENOENT ? 0 : r;
}
