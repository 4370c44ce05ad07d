// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/files.h"
#include "store/container_root.h"
#include "store/store_internal.h"
#include "store/tree_copy.h"

/* A name in a directory. */
struct place {
	int directory_fd;
	char *name;
};
#define PLACE_NONE ((struct place){ .directory_fd = -EBADF })

static void free_place(const struct place *place)
{
	mica_cleanup_close(&place->directory_fd);
	free(place->name);
}

/* A file tree: the host's, or a container's. */
static int open_in(int root_fd, const char *path, int flags)
{
	int fd;

	if (root_fd >= 0)
		return mica_root_open(root_fd, path, flags, 0);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The directory that a path's last name is in. Slashes at the end do not count. */
static int find_parent(int root_fd, const char *path, struct place *ret)
{
	_cleanup_free_ char *copy = strdup(path), *name = NULL;
	char *slash;
	size_t size;
	int fd;

	if (!copy)
		return -ENOMEM;
	for (size = strlen(copy); size > 1 && copy[size - 1] == '/'; size--)
		copy[size - 1] = '\0';
	slash = strrchr(copy, '/');
	name = strdup(slash ? slash + 1 : copy);
	if (!name)
		return -ENOMEM;
	if (slash)
		slash[slash == copy ? 1 : 0] = '\0';
	fd = open_in(root_fd, slash ? copy : ".", O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	*ret = (struct place){ fd, TAKE_PTR(name) };
	return 0;
}

static bool is_whole_directory(const char *path)
{
	size_t size = strlen(path);

	return strcmp(path, ".") == 0 || strcmp(path, "/") == 0 || (size >= 2 && strcmp(path + size - 2, "/.") == 0) ||
	       strcmp(path, "..") == 0 || (size >= 3 && strcmp(path + size - 3, "/..") == 0);
}

static bool ends_with_slash(const char *path)
{
	size_t size = strlen(path);

	return size && path[size - 1] == '/';
}

/* What is in a directory goes into one that is there or is made. */
static int copy_content(int from_root, const char *from, int to_root, const char *to,
			const struct mica_tree_copy_options *options)
{
	_cleanup_close_ int in = open_in(from_root, from, O_RDONLY | O_DIRECTORY);
	_cleanup_(free_place) struct place place = PLACE_NONE;
	_cleanup_close_ int out = open_in(to_root, to, O_RDONLY | O_DIRECTORY);
	struct mica_tree_copy_options contents = *options;
	int r;

	if (in < 0)
		return in;
	if (out >= 0) {
		contents.contents_only = true;
		return mica_tree_copy_with(in, out, &contents);
	}
	if (out != -ENOENT)
		return out;
	r = find_parent(to_root, to, &place);
	if (r < 0)
		return r;
	if (mkdirat(place.directory_fd, place.name, 0755) < 0)
		return -errno;
	out = openat(place.directory_fd, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return out < 0 ? -errno : mica_tree_copy_with(in, out, &contents);
}

static int copy_one(int from_root, const char *from, int to_root, const char *to,
		    const struct mica_tree_copy_options *options)
{
	_cleanup_(free_place) struct place source = PLACE_NONE, target = PLACE_NONE;
	_cleanup_close_ int into = open_in(to_root, to, O_RDONLY | O_DIRECTORY);
	struct stat stat;
	int r = find_parent(from_root, from, &source);

	if (r < 0)
		return r;
	if (fstatat(source.directory_fd, source.name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (ends_with_slash(from) && !S_ISDIR(stat.st_mode))
		return -ENOTDIR;
	if (into >= 0)
		return mica_tree_copy_entry(source.directory_fd, source.name, into, source.name, options);
	if (into != -ENOENT && into != -ENOTDIR)
		return into;
	/* A name: a file that is there is replaced, a symlink to one too. */
	if ((ends_with_slash(to) && !S_ISDIR(stat.st_mode)) || (into == -ENOTDIR && S_ISDIR(stat.st_mode)))
		return -ENOTDIR;
	r = find_parent(to_root, to, &target);
	return r < 0 ? r
		     : mica_tree_copy_entry(source.directory_fd, source.name, target.directory_fd, target.name,
					    options);
}

static int copy(int from_root, const char *from, int to_root, const char *to, bool archive, uid_t uid, gid_t gid)
{
	struct mica_tree_copy_options options = MICA_TREE_COPY_EXACT;

	if (!archive) {
		options.uid = uid;
		options.gid = gid;
	}
	return is_whole_directory(from) ? copy_content(from_root, from, to_root, to, &options)
					: copy_one(from_root, from, to_root, to, &options);
}

/* Paths in a container begin at its root, whether they say so or not. */
static char *absolute(const char *path)
{
	char *text = NULL;

	return asprintf(&text, "%s%s", path[0] == '/' ? "" : "/", path) < 0 ? NULL : text;
}

int mica_container_copy_out(struct mica_store *store, const char *id, const char *from, const char *to, bool archive)
{
	_cleanup_container_files_ struct mica_container_files files = MICA_CONTAINER_FILES_NONE;
	_cleanup_free_ char *path = absolute(from);
	int r = path ? mica_container_files_open(store, id, &files) : -ENOMEM;

	if (r < 0)
		return r;
	r = copy(files.root_fd, path, -1, to, archive, geteuid(), getegid());
	return r < 0 ? mica_store_refuse(store, r == -EINVAL ? -EIO : r, "cannot copy %s of the container to %s", from,
					 to)
		     : 0;
}

int mica_container_copy_in(struct mica_store *store, const char *id, const char *from, const char *to, bool archive)
{
	_cleanup_container_files_ struct mica_container_files files = MICA_CONTAINER_FILES_NONE;
	_cleanup_free_ char *path = absolute(to);
	int r = path ? mica_container_files_open(store, id, &files) : -ENOMEM;

	if (r < 0)
		return r;
	r = copy(-1, from, files.root_fd, path, archive, 0, 0);
	return r < 0 ? mica_store_refuse(store, r == -EINVAL ? -EIO : r, "cannot copy %s to %s of the container", from,
					 to)
		     : 0;
}
