// SPDX-License-Identifier: BSD-2-Clause
#include "store/archive_extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "store/archive_attributes.h"
#include "store/archive_data.h"
#include "store/archive_library.h"
#include "store/archive_path.h"
#include "store/lower.h"
#include "store/tree.h"

#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"
#define AUFS ".wh..wh."

struct directory_time {
	char *path;
	struct timespec time;
};

struct extraction {
	int top_fd;
	const struct mica_import_options *options;
	struct mica_import_counts *counts;
	struct archive *tar;
	/* Of the present entry. */
	struct mica_buffer path, link;
	/* The directory that was used last: the next entry is mostly in it too. */
	struct mica_buffer parent_path;
	int parent_fd;
	/* Set when all is unpacked, for each file made in a directory changes its time. */
	struct directory_time *times;
	size_t time_count, time_capacity;
	char *reason;
	size_t reason_size;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct extraction *extraction, int error, const char *format,
							...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(extraction->reason, extraction->reason_size, format, arguments);
	va_end(arguments);
	return error;
}

static int fail(struct extraction *extraction, int error, const char *what)
{
	return extraction->reason[0] ? error : refuse(extraction, error, "%s: %s", extraction->path.data, what);
}

static void end(struct extraction *extraction)
{
	for (size_t i = 0; i < extraction->time_count; i++)
		free(extraction->times[i].path);
	free(extraction->times);
	mica_cleanup_close(&extraction->parent_fd);
	mica_buffer_free(&extraction->path);
	mica_buffer_free(&extraction->link);
	mica_buffer_free(&extraction->parent_path);
	(void)libarchive.archive_read_free(extraction->tar);
}

static void forget_parent(struct extraction *extraction)
{
	mica_cleanup_close(&extraction->parent_fd);
	extraction->parent_fd = -EBADF;
}

/* Makes room for `name`, except for a directory where one is to be. *ret_hides: a whiteout was there. */
static int make_room(int parent_fd, const char *name, bool directory, bool *ret_kept, bool *ret_hides)
{
	struct stat stat;

	*ret_kept = *ret_hides = false;
	if (fstatat(parent_fd, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (directory && S_ISDIR(stat.st_mode)) {
		*ret_kept = true;
		return 0;
	}
	*ret_hides = mica_is_whiteout(&stat);
	return mica_tree_remove(parent_fd, name);
}

static int set_opaque(int directory_fd)
{
	return fsetxattr(directory_fd, MICA_OPAQUE_XATTR, "y", 1, 0) < 0 ? -errno : 0;
}

/* Makes a directory, or takes the one that is there. What a whiteout of the same layer hid stays hidden. */
static int make_directory(int parent_fd, const char *name, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	bool kept, hides;
	int r = make_room(parent_fd, name, true, &kept, &hides);

	if (r == 0 && !kept && mkdirat(parent_fd, name, 0755) < 0)
		r = -errno;
	if (r < 0)
		return r;
	fd = mica_tree_open(parent_fd, name, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	/* Not by the umask of whoever imports. */
	if (!kept && fchmod(fd, 0755) < 0)
		return -errno;
	r = hides ? set_opaque(fd) : 0;
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

/* Directories that the archive does not name. */
static int make_parents(struct extraction *extraction, const char *path, int *ret_fd)
{
	char component[256];
	_cleanup_close_ int fd = fcntl(extraction->top_fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	while (*path) {
		size_t size = strcspn(path, "/");
		int below, r;

		(void)memcpy(component, path, size); /* cleaned: NAME_MAX at most */
		component[size] = '\0';
		below = mica_tree_open(fd, component, O_RDONLY | O_DIRECTORY);
		if (below == -ENOENT || below == -ENOTDIR) {
			struct stat stat;

			if (below == -ENOTDIR &&
			    (fstatat(fd, component, &stat, AT_SYMLINK_NOFOLLOW) < 0 || !mica_is_whiteout(&stat)))
				return below;
			r = make_directory(fd, component, &below);
			if (r < 0)
				return r;
		}
		if (below < 0)
			return below;
		(void)close(fd);
		fd = below;
		path += size + strspn(path + size, "/");
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int open_parent(struct extraction *extraction, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	size_t size = slash ? (size_t)(slash - path) : 0;
	int fd = -EBADF;
	int r;

	*ret_name = slash ? slash + 1 : path;
	if (extraction->parent_fd >= 0 && extraction->parent_path.size == size &&
	    (!size || memcmp(extraction->parent_path.data, path, size) == 0))
		return 0;
	forget_parent(extraction);
	mica_buffer_reset(&extraction->parent_path);
	(void)mica_buffer_append(&extraction->parent_path, path, size);
	if (!mica_buffer_string(&extraction->parent_path))
		return -ENOMEM;
	fd = mica_tree_open(extraction->top_fd, size ? extraction->parent_path.data : ".", O_RDONLY | O_DIRECTORY);
	if (fd == -ENOENT || fd == -ENOTDIR) {
		r = make_parents(extraction, extraction->parent_path.data, &fd);
		if (r < 0)
			fd = r;
	}
	if (fd == -ELOOP || fd == -ENOTDIR || fd == -EXDEV)
		return refuse(extraction, -EBADMSG, "%s: the way to it is not of directories", path);
	if (fd < 0)
		return fd;
	extraction->parent_fd = fd;
	return 0;
}

static int note_time(struct extraction *extraction, struct archive_entry *entry)
{
	if (!libarchive.archive_entry_mtime_is_set(entry))
		return 0;
	if (extraction->time_count == extraction->time_capacity) {
		size_t capacity = extraction->time_capacity ? 2 * extraction->time_capacity : 64;
		struct directory_time *times = reallocarray(extraction->times, capacity, sizeof(*times));

		if (!times)
			return -ENOMEM;
		extraction->times = times;
		extraction->time_capacity = capacity;
	}
	extraction->times[extraction->time_count] = (struct directory_time){
		.path = strdup(extraction->path.size ? extraction->path.data : "."),
		.time = { libarchive.archive_entry_mtime(entry), libarchive.archive_entry_mtime_nsec(entry) },
	};
	return extraction->times[extraction->time_count].path ? (extraction->time_count++, 0) : -ENOMEM;
}

static int set_directory_times(struct extraction *extraction)
{
	for (size_t i = extraction->time_count; i-- > 0;) {
		const struct directory_time *item = &extraction->times[i];
		struct timespec times[2] = { item->time, item->time };
		_cleanup_close_ int fd = mica_tree_open(extraction->top_fd, item->path, O_RDONLY | O_DIRECTORY);

		/* A later entry may have replaced it. */
		if (fd >= 0 && futimens(fd, times) < 0)
			return -errno;
	}
	return 0;
}

static int extract_directory(struct extraction *extraction, struct archive_entry *entry, const char *name)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!extraction->path.size)
		fd = fcntl(extraction->top_fd, F_DUPFD_CLOEXEC, 0);
	else {
		r = make_directory(extraction->parent_fd, name, &fd);
		if (r < 0)
			return r;
	}
	r = fd < 0 ? -errno : mica_archive_set_attributes(fd, -EBADF, NULL, entry, extraction->counts);
	return r < 0 ? r : note_time(extraction, entry);
}

/* Mostly nothing has the name yet. */
static int make_file(int parent_fd, const char *name, int *ret_fd)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(parent_fd, name, flags, 0600);
	bool kept, hides;
	int r;

	if (fd < 0 && errno == EEXIST) {
		r = make_room(parent_fd, name, false, &kept, &hides);
		if (r < 0)
			return r;
		fd = openat(parent_fd, name, flags, 0600);
	}
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int extract_file(struct extraction *extraction, struct archive_entry *entry, const char *name)
{
	la_int64_t size = libarchive.archive_entry_size(entry);
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (size < 0)
		return -EBADMSG;
	if (extraction->options->max_bytes &&
	    (uint64_t)size > extraction->options->max_bytes - extraction->counts->bytes)
		return fail(extraction, -EFBIG, "with it the files are larger than is allowed");
	extraction->counts->bytes += (uint64_t)size;
	r = make_file(extraction->parent_fd, name, &fd);
	if (r < 0)
		return r;
	r = mica_archive_write_file(extraction->tar, fd, (uint64_t)size);
	if (r == -EBADMSG)
		return fail(extraction, r, libarchive.archive_error_string(extraction->tar));
	return r < 0 ? r : mica_archive_set_attributes(fd, -EBADF, NULL, entry, extraction->counts);
}

static int extract_link(struct extraction *extraction, struct archive_entry *entry, const char *name)
{
	_cleanup_buffer_ struct mica_buffer parent = {};
	_cleanup_close_ int target_fd = -EBADF;
	const char *slash;
	int r = mica_archive_path_clean(libarchive.archive_entry_hardlink(entry), &extraction->link);

	if (r == -EINVAL || (r == 0 && !extraction->link.size))
		return refuse(extraction, -EBADMSG, "%s: a hard link to '%s', which is outside of the layer",
			      extraction->path.data, libarchive.archive_entry_hardlink(entry));
	if (r < 0)
		return r;
	slash = strrchr(extraction->link.data, '/');
	(void)mica_buffer_append_string(&parent, "./");
	(void)mica_buffer_append(&parent, extraction->link.data, slash ? (size_t)(slash - extraction->link.data) : 0);
	if (!mica_buffer_string(&parent))
		return -ENOMEM;
	target_fd = mica_tree_open(extraction->top_fd, parent.data, O_RDONLY | O_DIRECTORY);
	r = target_fd;
	if (r >= 0 && linkat(target_fd, slash ? slash + 1 : extraction->link.data, extraction->parent_fd, name, 0) < 0)
		r = -errno;
	if (r == -ENOENT || r == -ELOOP || r == -ENOTDIR || r == -EPERM || r == -EXDEV)
		return refuse(extraction, -EBADMSG, "%s: a hard link to '%s', which is no file of this layer",
			      extraction->path.data, extraction->link.data);
	return r < 0 ? r : 0;
}

static int extract_device(struct extraction *extraction, struct archive_entry *entry, const char *name)
{
	dev_t device = libarchive.archive_entry_rdev(entry);
	mode_t type = libarchive.archive_entry_filetype(entry);

	if (type == AE_IFCHR && device == makedev(0, 0))
		return fail(extraction, -EBADMSG, "a whiteout as overlayfs keeps it, which no archive may bring");
	if (!extraction->options->devices) {
		extraction->counts->devices++;
		return 0;
	}
	if (mknodat(extraction->parent_fd, name, type | 0600, device) < 0)
		return -errno;
	return mica_archive_set_attributes(-EBADF, extraction->parent_fd, name, entry, extraction->counts);
}

/* In the parent that is open, where nothing has the name any more. */
static int extract_other(struct extraction *extraction, struct archive_entry *entry, const char *name)
{
	switch (libarchive.archive_entry_filetype(entry)) {
	case AE_IFLNK:
		if (symlinkat(libarchive.archive_entry_symlink(entry), extraction->parent_fd, name) < 0)
			return -errno;
		break;
	case AE_IFIFO:
		if (mknodat(extraction->parent_fd, name, S_IFIFO | 0600, 0) < 0)
			return -errno;
		break;
	case AE_IFCHR:
	case AE_IFBLK:
		return extract_device(extraction, entry, name);
	default:
		extraction->counts->others++;
		return 0;
	}
	return mica_archive_set_attributes(-EBADF, extraction->parent_fd, name, entry, extraction->counts);
}

static int extract_whiteout(struct extraction *extraction, const char *name)
{
	struct stat stat;

	if (strcmp(name, OPAQUE) == 0)
		return set_opaque(extraction->parent_fd);
	name += strlen(WHITEOUT);
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return fail(extraction, -EBADMSG, "a whiteout of nothing");
	/* It hides what is in lower layers, not what this layer has itself. */
	if (fstatat(extraction->parent_fd, name, &stat, AT_SYMLINK_NOFOLLOW) == 0) {
		_cleanup_close_ int fd = -EBADF;

		if (!S_ISDIR(stat.st_mode))
			return 0;
		fd = mica_tree_open(extraction->parent_fd, name, O_RDONLY | O_DIRECTORY);
		return fd < 0 ? fd : set_opaque(fd);
	}
	return mknodat(extraction->parent_fd, name, S_IFCHR, makedev(0, 0)) < 0 ? -errno : 0;
}

/* AUFS keeps its own under such names, anywhere in the path; only the mark of an opaque directory is everybody's. */
static bool is_aufs(const char *path)
{
	for (const char *component = path; component; component = strchr(component, '/')) {
		component += *component == '/';
		if (strncmp(component, AUFS, strlen(AUFS)) == 0 && strcmp(component, OPAQUE) != 0)
			return true;
	}
	return false;
}

static int extract_entry(struct extraction *extraction, struct archive_entry *entry)
{
	const char *given = libarchive.archive_entry_pathname(entry), *name;
	bool kept, hides;
	int r = given ? mica_archive_path_clean(given, &extraction->path) : -EBADMSG;

	if (r == -EINVAL)
		return refuse(extraction, -EBADMSG, "%s: leads out of the layer", given);
	if (r < 0)
		return refuse(extraction, r, "an entry without a usable name");
	if (is_aufs(extraction->path.data)) {
		extraction->counts->aufs++;
		return 0;
	}
	r = open_parent(extraction, extraction->path.data, &name);
	if (r < 0)
		return r;
	if (strncmp(name, WHITEOUT, strlen(WHITEOUT)) == 0)
		return extract_whiteout(extraction, name);
	if (libarchive.archive_entry_filetype(entry) == AE_IFDIR && !libarchive.archive_entry_hardlink(entry))
		return extract_directory(extraction, entry, name);
	if (!extraction->path.size)
		return fail(extraction, -EBADMSG, "the layer's top is no directory");
	if (libarchive.archive_entry_filetype(entry) == AE_IFREG && !libarchive.archive_entry_hardlink(entry))
		return extract_file(extraction, entry, name);
	r = make_room(extraction->parent_fd, name, false, &kept, &hides);
	if (r < 0)
		return r;
	return libarchive.archive_entry_hardlink(entry) ? extract_link(extraction, entry, name)
							: extract_other(extraction, entry, name);
}

static int extract_all(struct extraction *extraction)
{
	struct archive_entry *entry;

	for (;;) {
		int r = libarchive.archive_read_next_header(extraction->tar, &entry);

		if (r == ARCHIVE_EOF)
			return set_directory_times(extraction);
		/* A warning is that a name is no text in this locale: bytes are all that is wanted. */
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return refuse(extraction, -EBADMSG, "the archive is damaged: %s",
				      libarchive.archive_error_string(extraction->tar));
		extraction->counts->entries++;
		r = extract_entry(extraction, entry);
		if (r < 0)
			return r == -EBADMSG ? fail(extraction, r, "the archive contradicts itself")
					     : fail(extraction, r, "cannot be made");
	}
}

int mica_archive_extract(struct mica_archive_input *input, int directory_fd, const struct mica_import_options *options,
			 struct mica_import_counts *counts, char *reason, size_t reason_size)
{
	_cleanup_(end) struct extraction extraction = {
		.top_fd = directory_fd,
		.options = options,
		.counts = counts,
		.parent_fd = -EBADF,
		.reason = reason,
		.reason_size = reason_size,
	};
	int r;

	reason[0] = '\0';
	/* So that messages always have a name to print. */
	if (!mica_buffer_string(&extraction.path))
		return -ENOMEM;
	r = mica_archive_input_tar(input, &extraction.tar);
	if (r < 0)
		return refuse(&extraction, r, "no tar archive: %s", mica_archive_input_message(input));
	return extract_all(&extraction);
}
