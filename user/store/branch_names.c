// SPDX-License-Identifier: BSD-2-Clause
#include "store/branch_names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/utf8.h"

struct comparison {
	struct mica_buffer path;
	struct mica_buffer *out;
	size_t count;
};

static bool is_whiteout(const struct stat *stat)
{
	return S_ISCHR(stat->st_mode) && stat->st_rdev == makedev(0, 0);
}

/* Does a directory of the upper hide what lowers have under its name? */
static bool hides_lowers(int fd)
{
	static const char *const names[] = { "trusted.overlay.opaque", "user.overlay.opaque",
					     "trusted.overlay.redirect", "user.overlay.redirect" };
	char value[1];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ssize_t size = fgetxattr(fd, names[i], value, sizeof(value));

		/* "y", or a name; "x" is the sign of something else, since 6.8. */
		if ((size == 1 && (value[0] == 'y' || i >= 2)) || (size < 0 && errno == ERANGE))
			return true;
	}
	return false;
}

static int note(struct comparison *comparison, const char *name)
{
	int r = 0;

	if (comparison->count++ >= MICA_BRANCH_NAMES_SHOWN)
		return 0;
	if (comparison->count > 1)
		r = mica_buffer_append_string(comparison->out, ", ");
	if (r == 0 && comparison->path.size)
		r = mica_utf8_append_escaped(comparison->out, comparison->path.data, comparison->path.size);
	if (r == 0)
		r = mica_buffer_append_byte(comparison->out, '/');
	return r < 0 ? r : mica_utf8_append_escaped(comparison->out, name, strlen(name));
}

static int compare(struct comparison *comparison, int readonly_fd, int writable_fd);

static int compare_directories(struct comparison *comparison, int readonly_fd, int writable_fd, const char *name)
{
	_cleanup_close_ int readonly = openat(readonly_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int writable = openat(writable_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	size_t before = comparison->path.size;
	int r;

	if (readonly < 0 || writable < 0)
		return -errno;
	if (hides_lowers(writable))
		return note(comparison, name);
	r = mica_buffer_appendf(&comparison->path, "/%s", name);
	if (r == 0)
		r = compare(comparison, readonly, writable);
	/* On failure the path stays, to tell where. */
	if (r == 0)
		comparison->path.size = before;
	return r;
}

static int compare_name(struct comparison *comparison, int readonly_fd, int writable_fd, const char *name)
{
	struct stat readonly, writable;

	if (fstatat(readonly_fd, name, &readonly, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstatat(writable_fd, name, &writable, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (is_whiteout(&readonly))
		return 0;
	if (S_ISDIR(readonly.st_mode) && S_ISDIR(writable.st_mode))
		return compare_directories(comparison, readonly_fd, writable_fd, name);
	return note(comparison, name);
}

static int compare(struct comparison *comparison, int readonly_fd, int writable_fd)
{
	int copy = openat(writable_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int r = 0;

	if (!entries) {
		r = -errno;
		if (copy >= 0)
			(void)close(copy);
		return r;
	}
	while (r == 0 && (errno = 0, entry = readdir(entries)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = compare_name(comparison, readonly_fd, writable_fd, entry->d_name);
	return r < 0 ? r : -errno;
}

int mica_branch_names_compare(const char *readonly, const char *writable, struct mica_buffer *out, size_t *ret_count)
{
	_cleanup_close_ int readonly_fd = open(readonly, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int writable_fd = open(writable, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct comparison comparison = { .out = out };
	int r = readonly_fd < 0 || writable_fd < 0 ? -errno : compare(&comparison, readonly_fd, writable_fd);

	if (r < 0) {
		mica_buffer_reset(out);
		if (comparison.path.size)
			(void)mica_utf8_append_escaped(out, comparison.path.data, comparison.path.size);
	} else {
		*ret_count = comparison.count;
	}
	mica_buffer_free(&comparison.path);
	return r;
}
