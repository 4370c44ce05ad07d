/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "container/mount_library.h"
#include "container/table.h"

/** Rounds of "descend into the mount below": more than mounts stacked on one path in practice, and an end for
 *  contradictory input. */
#define DESCEND_LIMIT 4096

enum visibility {
	NOT_LOOKED_AT = 0,
	VISIBLE,
	COVERED,
};

struct mount {
	struct mica_mount_entry entry;
	/** Of the entry's root and target. */
	size_t root_size, target_size;
	enum visibility visibility;
	/** Owned by `table`: the entry's strings. */
	struct mount *next_of_device, *next_sibling, *first_child;
};

struct mica_mountinfo {
	/** NULL: a stream, read once. */
	char *path;
	/** Open as long as we watch: the kernel raises POLLPRI on it when the mounts changed. */
	int watch_fd;
	/** Seen by a regular file (a test's) instead. */
	struct stat watch_stat;

	struct libmnt_table *table;
	struct mount *mounts;
	size_t count;
	struct mount *root;
	struct mica_table by_device;
};

static struct mica_bytes path_below(struct mica_bytes path, const char *directory, size_t length)
{
	if (length && directory[length - 1] == '/')
		length--;
	if (path.size < length || memcmp(path.data, directory, length) != 0 ||
	    (path.size > length && path.data[length] != '/'))
		return (struct mica_bytes){};
	return (struct mica_bytes){ .data = path.data + length, .size = path.size - length };
}

struct mica_bytes mica_path_below(struct mica_bytes path, const char *directory)
{
	return path_below(path, directory, strlen(directory));
}

static int skip_bad_line(struct libmnt_table *table, const char *name, int line)
{
	(void)table;
	(void)name;
	(void)line;
	return 1;
}

static size_t index_mounts(struct libmnt_table *table, struct mount *mounts, size_t limit)
{
	struct libmnt_iter *iterator = libmount.mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	size_t count = 0;

	while (iterator && count < limit && libmount.mnt_table_next_fs(table, iterator, &fs) == 0) {
		dev_t device = libmount.mnt_fs_get_devno(fs);
		const char *type = libmount.mnt_fs_get_fstype(fs), *options = libmount.mnt_fs_get_fs_options(fs);
		const char *flags = libmount.mnt_fs_get_vfs_options(fs), *source = libmount.mnt_fs_get_source(fs);
		struct mount *mount = &mounts[count];

		*mount = (struct mount){
			.entry = { .device = major(device) << 20 | minor(device),
				   .root = libmount.mnt_fs_get_root(fs),
				   .target = libmount.mnt_fs_get_target(fs),
				   .type = type ? type : "",
				   .options = options ? options : "",
				   .flags = flags ? flags : "",
				   .source = source ? source : "",
				   .id = libmount.mnt_fs_get_id(fs),
				   .parent_id = libmount.mnt_fs_get_parent_id(fs) },
		};
		if (!mount->entry.root || !mount->entry.target || mount->entry.target[0] != '/')
			continue;
		mount->root_size = strlen(mount->entry.root);
		mount->target_size = strlen(mount->entry.target);
		count++;
	}
	libmount.mnt_free_iter(iterator);
	return count;
}

/** Links each mount to its parent and to the others of its device. */
static int link_mounts(struct mount *mounts, size_t count, struct mica_table *by_device, struct mount **ret_root)
{
	struct mica_table by_id = {};
	struct mount *root = NULL;
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = mica_table_put(&by_id, (uint64_t)mounts[i].entry.id, &mounts[i]);
	/* Backwards, so that lists are in the file's order. */
	for (size_t i = count; i-- > 0 && r == 0;) {
		struct mount *mount = &mounts[i], *parent = mica_table_get(&by_id, (uint64_t)mount->entry.parent_id);

		if (parent && parent != mount) {
			mount->next_sibling = parent->first_child;
			parent->first_child = mount;
		} else if (strcmp(mount->entry.target, "/") == 0) {
			root = mount;
		}
		mount->next_of_device = mica_table_get(by_device, mount->entry.device);
		r = mica_table_put(by_device, mount->entry.device, mount);
	}
	mica_table_free(&by_id, NULL);
	if (r == 0)
		*ret_root = root;
	return r;
}

static int load_stream(struct mica_mountinfo *mountinfo, FILE *in)
{
	_cleanup_free_ struct mount *mounts = NULL;
	struct libmnt_table *table;
	struct mica_table by_device = {};
	struct mount *root = NULL;
	size_t count;
	int r = mica_mount_library_load(), entries;

	if (r < 0)
		return r;
	table = libmount.mnt_new_table();
	if (!table)
		return -ENOMEM;
	libmount.mnt_table_set_parser_errcb(table, skip_bad_line);
	r = libmount.mnt_table_parse_stream(table, in, "mountinfo");
	if (r)
		goto fail;
	entries = libmount.mnt_table_get_nents(table);
	mounts = calloc((size_t)entries + 1, sizeof(*mounts));
	r = -ENOMEM;
	if (!mounts)
		goto fail;
	count = index_mounts(table, mounts, (size_t)entries);
	r = link_mounts(mounts, count, &by_device, &root);
	if (r < 0)
		goto fail;

	mica_table_free(&mountinfo->by_device, NULL);
	libmount.mnt_unref_table(mountinfo->table);
	free(mountinfo->mounts);
	mountinfo->table = table;
	mountinfo->mounts = TAKE_PTR(mounts);
	mountinfo->count = count;
	mountinfo->root = root;
	mountinfo->by_device = by_device;
	return 0;
fail:
	mica_table_free(&by_device, NULL);
	libmount.mnt_unref_table(table);
	return r < 0 ? r : -EIO;
}

static int load_file(struct mica_mountinfo *mountinfo)
{
	_cleanup_fclose_ FILE *in = fopen(mountinfo->path, "re");

	return in ? load_stream(mountinfo, in) : -errno;
}

int mica_mountinfo_new_stream(FILE *in, struct mica_mountinfo **ret)
{
	struct mica_mountinfo *mountinfo = calloc(1, sizeof(*mountinfo));
	int r;

	if (!mountinfo)
		return -ENOMEM;
	mountinfo->watch_fd = -EBADF;
	r = load_stream(mountinfo, in);
	if (r < 0) {
		mica_mountinfo_free(&mountinfo);
		return r;
	}
	*ret = mountinfo;
	return 0;
}

int mica_mountinfo_new(const char *path, struct mica_mountinfo **ret)
{
	struct mica_mountinfo *mountinfo = calloc(1, sizeof(*mountinfo));
	int r = -ENOMEM;

	if (!mountinfo)
		return -ENOMEM;
	mountinfo->watch_fd = -EBADF;
	mountinfo->path = strdup(path);
	if (!mountinfo->path)
		goto fail;
	/* Opened before it is read: what changes in between is seen by the first refresh. */
	mountinfo->watch_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (mountinfo->watch_fd < 0 || fstat(mountinfo->watch_fd, &mountinfo->watch_stat) < 0) {
		r = -errno;
		goto fail;
	}
	r = load_file(mountinfo);
	if (r < 0)
		goto fail;
	*ret = mountinfo;
	return 0;
fail:
	mica_mountinfo_free(&mountinfo);
	return r;
}

void mica_mountinfo_free(struct mica_mountinfo **mountinfo)
{
	struct mica_mountinfo *m = *mountinfo;

	if (!m)
		return;
	if (m->watch_fd >= 0)
		(void)close(m->watch_fd);
	mica_table_free(&m->by_device, NULL);
	if (m->table)
		libmount.mnt_unref_table(m->table);
	free(m->mounts);
	free(m->path);
	free(m);
	*mountinfo = NULL;
}

int mica_mountinfo_refresh(struct mica_mountinfo *mountinfo)
{
	struct pollfd watch = { .fd = mountinfo->watch_fd, .events = POLLPRI };
	struct stat now;
	bool changed;
	int r;

	if (mountinfo->watch_fd < 0 || poll(&watch, 1, 0) < 0)
		return 0;
	changed = watch.revents & (POLLPRI | POLLERR);
	if (!changed && stat(mountinfo->path, &now) == 0) {
		changed = now.st_size != mountinfo->watch_stat.st_size ||
			  (now.st_size && (now.st_mtim.tv_sec != mountinfo->watch_stat.st_mtim.tv_sec ||
					   now.st_mtim.tv_nsec != mountinfo->watch_stat.st_mtim.tv_nsec));
		mountinfo->watch_stat = now;
	}
	if (!changed)
		return 0;
	r = load_file(mountinfo);
	return r < 0 ? r : 1;
}

bool mica_mountinfo_has_device(const struct mica_mountinfo *mountinfo, uint32_t device)
{
	return mica_table_get(&mountinfo->by_device, device);
}

/** Child that a walk along `path` meets first: the one highest up. */
static struct mount *child_on(const struct mount *mount, struct mica_bytes path)
{
	struct mount *highest = NULL;

	for (struct mount *child = mount->first_child; child; child = child->next_sibling)
		if ((!highest || child->target_size < highest->target_size) &&
		    path_below(path, child->entry.target, child->target_size).data)
			highest = child;
	return highest;
}

/** The mount that a walk along an absolute path ends in; NULL: none. */
static struct mount *walk(const struct mica_mountinfo *mountinfo, const char *string)
{
	struct mica_bytes path = { .data = string, .size = strlen(string) };
	struct mount *mount = mountinfo->root, *child;

	for (int i = 0; mount && i < DESCEND_LIMIT; i++) {
		child = child_on(mount, path);
		if (!child)
			return mount;
		mount = child;
	}
	return NULL;
}

static bool is_visible(const struct mica_mountinfo *mountinfo, struct mount *mount)
{
	if (mount->visibility == NOT_LOOKED_AT)
		mount->visibility = walk(mountinfo, mount->entry.target) == mount ? VISIBLE : COVERED;
	return mount->visibility == VISIBLE;
}

/** Writes target + rest. Length, or -ENAMETOOLONG. */
static ssize_t join(const char *target, size_t length, struct mica_bytes rest, char *buffer, size_t size)
{
	if (length && target[length - 1] == '/')
		length--;
	if (length + rest.size + 2 > size)
		return -ENAMETOOLONG;
	memcpy(buffer, target, length);
	memcpy(buffer + length, rest.data, rest.size);
	length += rest.size;
	if (length == 0)
		buffer[length++] = '/';
	buffer[length] = '\0';
	return (ssize_t)length;
}

int mica_mountinfo_host_path(struct mica_mountinfo *mountinfo, uint32_t device, struct mica_bytes path, char *buffer,
			     size_t size)
{
	/* The file's order is the order of mounting (nearly): the first mount is the place that people know, a bind
	 * mount of a directory in it comes later. */
	for (struct mount *m = mica_table_get(&mountinfo->by_device, device); m; m = m->next_of_device) {
		struct mica_bytes rest = path_below(path, m->entry.root, m->root_size);
		ssize_t length;

		if (!rest.data || !is_visible(mountinfo, m))
			continue;
		/* "/" as the rest of a mount's own root is the mount point itself. */
		if (rest.size == 1 && rest.data[0] == '/')
			rest.size = 0;
		length = join(m->entry.target, m->target_size, rest, buffer, size);
		if (length < 0)
			return (int)length;
		/* Another mount on the way hides it; for a mount point itself, what is mounted there now. */
		if (!child_on(m, (struct mica_bytes){ .data = buffer, .size = (size_t)length }))
			return 0;
	}
	return -ENOENT;
}

int mica_mountinfo_locate(const struct mica_mountinfo *mountinfo, const char *path, uint32_t *ret_device,
			  char **ret_path)
{
	const struct mount *mount = walk(mountinfo, path);
	struct mica_bytes rest;
	size_t size;
	char *joined;

	if (!mount)
		return -ENOENT;
	rest = path_below((struct mica_bytes){ .data = path, .size = strlen(path) }, mount->entry.target,
			  mount->target_size);
	if (!rest.data)
		return -ENOENT;
	size = mount->root_size + rest.size + 2;
	joined = malloc(size);
	if (!joined)
		return -ENOMEM;
	if (join(mount->entry.root, mount->root_size, rest, joined, size) < 0) {
		free(joined);
		return -ENAMETOOLONG;
	}
	*ret_device = mount->entry.device;
	*ret_path = joined;
	return 0;
}

const char *mica_mountinfo_type(const struct mica_mountinfo *mountinfo, const char *path)
{
	const struct mount *mount = walk(mountinfo, path);

	return mount ? mount->entry.type : NULL;
}

bool mica_mountinfo_is_visible(struct mica_mountinfo *mountinfo, const struct mica_mount_entry *mount)
{
	for (struct mount *m = mica_table_get(&mountinfo->by_device, mount->device); m; m = m->next_of_device)
		if (&m->entry == mount)
			return is_visible(mountinfo, m);
	return false;
}

int mica_mountinfo_each(struct mica_mountinfo *mountinfo,
			int (*visit)(const struct mica_mount_entry *mount, void *userdata), void *userdata)
{
	for (size_t i = 0; i < mountinfo->count; i++) {
		int r;

		if (!is_visible(mountinfo, &mountinfo->mounts[i]))
			continue;
		r = visit(&mountinfo->mounts[i].entry, userdata);
		if (r)
			return r;
	}
	return 0;
}

int mica_mountinfo_all(const struct mica_mountinfo *mountinfo,
		       int (*visit)(const struct mica_mount_entry *mount, void *userdata), void *userdata)
{
	for (size_t i = 0; i < mountinfo->count; i++) {
		int r = visit(&mountinfo->mounts[i].entry, userdata);

		if (r)
			return r;
	}
	return 0;
}
