/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * holders.h: does a mount or a file belong to what is searched for? A file is known by its mount's id, which is unique
 * on the machine; stat(2) alone would not do, since files of a union may have the device numbers of its layers. A mount
 * that is in no namespace tells nothing of itself: then file handles tell, where the kernel makes them (Linux 6.6): the
 * handle of a file in a union holds that of the file in its layer, which is opened on the path's file system.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "container/holders_internal.h"

#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200
#endif

/* The handle of a file in a union: struct ovl_fh in fs/overlayfs/overlayfs.h, which the kernel also keeps on disk. */
#define UNION_HANDLE_TYPE 0xf8
#define UNION_HANDLE_MAGIC 0xfb
#define UNION_HANDLE_IN_UPPER 4
struct union_handle {
	unsigned char padding[3];
	unsigned char version, magic;
	/** From `version` to the end. */
	unsigned char size;
	unsigned char flags;
	/** Type of the handle in the layer's file system. */
	unsigned char type;
	unsigned char uuid[16];
	unsigned char handle[];
} __attribute__((packed));
_Static_assert(sizeof(struct union_handle) == 24, "struct ovl_fh of Linux");

/* FS_IOC_GETFSUUID, Linux 6.9: not in the headers of Debian 12. */
struct file_system_uuid {
	unsigned char size;
	unsigned char uuid[16];
};
#define GET_FILE_SYSTEM_UUID _IOR(0x15, 0, struct file_system_uuid)

#define HANDLE_BYTES 128

union handle {
	struct file_handle header;
	unsigned char room[sizeof(struct file_handle) + HANDLE_BYTES];
};

static struct mica_bytes to_bytes(const char *text)
{
	return (struct mica_bytes){ .data = text, .size = strlen(text) };
}

static bool is_below(const char *path, const char *directory)
{
	return mica_path_below(to_bytes(path), directory).data;
}

/** Is anything but a part of the path's union searched for by the path itself? In a union, the union stands for it. */
static bool searches_path(const struct mica_holders_search *search)
{
	return search->path.path && !mica_table_get(&search->union_by_device, search->path.device);
}

bool mica_holders_match_mount(const struct mica_holders_search *search, const struct mica_mount_entry *mount,
			      uint32_t *ret_union)
{
	if (mica_holders_union(search, mount->device)) {
		*ret_union = mount->device;
		return true;
	}
	*ret_union = 0;
	return searches_path(search) && mount->device == search->path.device &&
	       is_below(mount->root, search->path.path);
}

/** A file seen below a mount that shows more than the path: is it below the path? */
static bool is_in_path(const struct mica_holders_search *search, const struct mica_mount_entry *mount, const char *text)
{
	struct mica_bytes wanted, rest;

	if (!searches_path(search) || mount->device != search->path.device)
		return false;
	wanted = mica_path_below(to_bytes(search->path.path), mount->root);
	rest = mica_path_below(to_bytes(text), mount->target);
	if (!wanted.data || !rest.data)
		return false;
	while (wanted.size && wanted.data[wanted.size - 1] == '/')
		wanted.size--;
	return rest.size >= wanted.size && memcmp(rest.data, wanted.data, wanted.size) == 0 &&
	       (rest.size == wanted.size || rest.data[wanted.size] == '/');
}

static bool get_handle(int directory_fd, const char *path, int flags, union handle *ret)
{
	int mount_id;

	*ret = (union handle){ .header.handle_bytes = HANDLE_BYTES };
	return name_to_handle_at(directory_fd, path, &ret->header, &mount_id, flags | AT_HANDLE_FID) == 0 ||
	       (errno == EINVAL && name_to_handle_at(directory_fd, path, &ret->header, &mount_id, flags) == 0);
}

/** The handle of a union's file as the one in its layer. NULL: it is no such. */
static const struct union_handle *take_apart(const union handle *handle, union handle *ret)
{
	const struct union_handle *inner = (const void *)handle->header.f_handle;
	const size_t fixed = sizeof(*inner) - sizeof(inner->padding);

	if (handle->header.handle_type != UNION_HANDLE_TYPE || handle->header.handle_bytes < sizeof(*inner) ||
	    inner->magic != UNION_HANDLE_MAGIC || inner->size < fixed ||
	    inner->size + sizeof(inner->padding) > handle->header.handle_bytes)
		return NULL;
	*ret = (union handle){
		.header = { .handle_bytes = (unsigned)(inner->size - fixed), .handle_type = inner->type },
	};
	memcpy(ret->header.f_handle, inner->handle, ret->header.handle_bytes);
	return inner;
}

int mica_holders_is_upper(int union_root_fd, int directory_fd)
{
	const struct union_handle *parts;
	union handle root, in_layer, directory;

	if (!get_handle(union_root_fd, "", AT_EMPTY_PATH, &root) ||
	    !get_handle(directory_fd, "", AT_EMPTY_PATH, &directory))
		return -1;
	parts = take_apart(&root, &in_layer);
	if (!parts || !(parts->flags & UNION_HANDLE_IN_UPPER))
		return -1;
	return in_layer.header.handle_type == directory.header.handle_type &&
	       in_layer.header.handle_bytes == directory.header.handle_bytes &&
	       memcmp(in_layer.header.f_handle, directory.header.f_handle, directory.header.handle_bytes) == 0;
}

/** Opens the path for handles, once, when there is need. */
static void prepare_handles(struct mica_holders_search *search)
{
	struct file_system_uuid uuid = {};
	_cleanup_free_ char *path = NULL;

	if (search->tried_path_fd)
		return;
	search->tried_path_fd = true;
	path = mica_host_path(search->host, search->path.real);
	search->path_fd = path ? open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
	if (search->path_fd < 0 || ioctl(search->path_fd, GET_FILE_SYSTEM_UUID, &uuid) < 0 || uuid.size != 16)
		return;
	memcpy(search->uuid, uuid.uuid, sizeof(search->uuid));
	search->has_uuid = true;
}

static void try_open(struct mica_guard *guard, size_t index, void *userdata)
{
	(void)guard;
	(void)index;
	prepare_handles(userdata);
}

static void give_up_handles(size_t index, void *userdata)
{
	struct mica_holders_search *search = userdata;

	(void)index;
	search->tried_path_fd = true;
}

int mica_holders_check_handles(struct mica_holders_search *search)
{
	const struct mica_guarded_work guarded = {
		.count = 1,
		.work = try_open,
		.unfinished = give_up_handles,
		.userdata = search,
	};

	return mica_guarded_run(&guarded);
}

/** Path on the host of a handle of the path's file system. */
static bool path_of_handle(const struct mica_holders_search *search, union handle *handle, char path[PATH_MAX])
{
	_cleanup_close_ int fd = open_by_handle_at(search->path_fd, &handle->header, O_PATH | O_CLOEXEC);
	char link[64];
	ssize_t length;

	if (fd < 0)
		return false;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, PATH_MAX - 1);
	if (length < 0)
		return false;
	path[length] = '\0';
	return true;
}

/** Cuts `text`, a path from the root of a union, off the end of the same file's path in a layer: the layer is left. */
static void cut_to_layer(char *path, const char *text)
{
	size_t length = strlen(path), end = strlen(text);

	if (end > 1 && length > end && strcmp(path + length - end, text) == 0)
		path[length - end] = '\0';
}

static bool is_other_file_system(const struct mica_holders_search *search, const struct union_handle *handle)
{
	static const unsigned char none[16];

	return search->has_uuid && memcmp(handle->uuid, none, sizeof(none)) != 0 &&
	       memcmp(handle->uuid, search->uuid, sizeof(none)) != 0;
}

/** A file in a union that is mounted nowhere. */
static bool match_lost_union(const struct mica_holders_search *search, const struct mica_held_object *object,
			     const union handle *handle, struct mica_object_match *ret)
{
	union handle in_layer;
	const struct union_handle *parts = take_apart(handle, &in_layer);
	bool upper = parts && (parts->flags & UNION_HANDLE_IN_UPPER);
	char path[PATH_MAX];

	ret->lost_union = true;
	if (!parts || is_other_file_system(search, parts) || !path_of_handle(search, &in_layer, path)) {
		ret->unplaced = true;
		return true;
	}
	cut_to_layer(path, object->text);
	if (is_below(search->path.real, path))
		ret->role = upper ? MICA_ROLE_UPPER : MICA_ROLE_LOWER;
	else if (is_below(path, search->path.real))
		ret->role = MICA_ROLE_ABOVE;
	else
		/* In one layer, which says nothing of the others: the path may be one of those all the same. */
		ret->unplaced = true;
	return true;
}

static bool is_union_file(const char *link)
{
	struct statfs st;

	return statfs(link, &st) == 0 && st.f_type == OVERLAYFS_SUPER_MAGIC;
}

/** Before Linux 6.6: is the file of a union the one that the path has at the same place? For a file in the upper, and
 * on one file system also for one in a lower, overlayfs shows the inode number of the layer's file. */
static bool is_same_file(const struct mica_holders_search *search, const struct mica_held_object *object,
			 const struct statx *st)
{
	_cleanup_free_ char *path = NULL;
	struct statx other;

	if (S_ISDIR(st->stx_mode) ||
	    asprintf(&path, "%s%s%s", search->host->prefix, search->path.real, object->text) < 0) {
		path = NULL;
		return false;
	}
	return mica_holders_stat(AT_FDCWD, path, &other) == 0 && other.stx_ino == st->stx_ino &&
	       (other.stx_mode & S_IFMT) == (st->stx_mode & S_IFMT);
}

/** A file by a mount that is in no namespace that is known. */
static bool match_unmounted(struct mica_holders_search *search, const struct mica_held_object *object,
			    struct mica_object_match *ret)
{
	char path[PATH_MAX];
	union handle handle;
	struct statx st;
	uint32_t device;

	*ret = (struct mica_object_match){ .unmounted = true, .role = MICA_ROLE_MERGED };
	if (mica_holders_stat(AT_FDCWD, object->link, &st) < 0)
		return false;
	device = st.stx_dev_major << 20 | st.stx_dev_minor;
	if (mica_holders_union(search, device)) {
		ret->union_device = device;
		return true;
	}
	if (mica_table_get(&search->union_by_device, device))
		return false;
	ret->union_device = device;
	if (!get_handle(AT_FDCWD, object->link, AT_SYMLINK_FOLLOW, &handle)) {
		ret->lost_union = is_union_file(object->link);
		ret->unplaced = ret->lost_union && !is_same_file(search, object, &st);
		ret->role = MICA_ROLE_LAYER;
		return ret->lost_union;
	}
	prepare_handles(search);
	if (handle.header.handle_type == UNION_HANDLE_TYPE)
		return match_lost_union(search, object, &handle, ret);
	ret->union_device = 0;
	if (!searches_path(search) || device != (major(search->path.id.device) << 20 | minor(search->path.id.device)))
		return false;
	return strcmp(search->path.path, "/") == 0 ||
	       (path_of_handle(search, &handle, path) && is_below(path, search->path.real));
}

bool mica_holders_match_object(struct mica_holders_search *search, const struct mica_held_object *object,
			       struct mica_object_match *ret)
{
	uintptr_t known = (uintptr_t)mica_table_get(&search->mount_by_id, (uint64_t)object->mount_id);
	const struct mica_mount_entry *mount;

	/* Pipes, sockets, anonymous inodes. */
	if (object->text[0] != '/')
		return false;
	*ret = (struct mica_object_match){};
	if (!known)
		return match_unmounted(search, object, ret);
	mount = search->mounts[known - 1].entry;
	if (strcmp(mount->type, "nsfs") == 0) {
		const struct mica_held_space *space =
			mica_holders_space(search, mica_holders_namespace_number(mount->root));

		ret->pinned_namespace = space && space->holds && !space->is_host ? space->inode : 0;
		return ret->pinned_namespace;
	}
	return mica_holders_match_mount(search, mount, &ret->union_device) || is_in_path(search, mount, object->text);
}
