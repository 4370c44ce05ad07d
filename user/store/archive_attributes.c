// SPDX-License-Identifier: BSD-2-Clause
#include "store/archive_attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/archive_library.h"

bool mica_is_overlay_xattr(const char *name)
{
	return strncmp(name, "trusted.overlay.", strlen("trusted.overlay.")) == 0 ||
	       strncmp(name, "user.overlay.", strlen("user.overlay.")) == 0;
}

static int set_owner_and_mode(int fd, int directory_fd, const char *name, struct archive_entry *entry)
{
	la_int64_t uid = libarchive.archive_entry_uid(entry), gid = libarchive.archive_entry_gid(entry);
	/* The type again by hand: a hard link's entry has none. */
	mode_t mode = libarchive.archive_entry_perm(entry);
	bool link = libarchive.archive_entry_filetype(entry) == AE_IFLNK;

	if (uid < 0 || gid < 0 || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return -EBADMSG;
	/* First the owner, for a change of it takes setuid bits and capabilities away. */
	if (fd >= 0)
		return fchown(fd, (uid_t)uid, (gid_t)gid) < 0 || fchmod(fd, mode) < 0 ? -errno : 0;
	if (fchownat(directory_fd, name, (uid_t)uid, (gid_t)gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return !link && fchmodat(directory_fd, name, mode, 0) < 0 ? -errno : 0;
}

static int set_xattrs(int fd, int directory_fd, const char *name, struct archive_entry *entry,
		      struct mica_import_counts *counts)
{
	_cleanup_free_ char *path = NULL;
	const char *attribute;
	const void *value;
	size_t size;

	if (!libarchive.archive_entry_xattr_reset(entry))
		return 0;
	/* A symlink or device cannot be opened: its directory can. */
	if (fd < 0 && asprintf(&path, "/proc/self/fd/%d/%s", directory_fd, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	while (libarchive.archive_entry_xattr_next(entry, &attribute, &value, &size) == ARCHIVE_OK) {
		int r;

		if (mica_is_overlay_xattr(attribute)) {
			counts->overlay_xattrs++;
			continue;
		}
		r = fd >= 0 ? fsetxattr(fd, attribute, value, size, 0) : lsetxattr(path, attribute, value, size, 0);
		if (r < 0 && errno != EOPNOTSUPP && errno != EPERM)
			return -errno;
		/* EPERM: user.* of what is no file or directory. */
		if (r < 0)
			counts->xattrs++;
	}
	return 0;
}

static int set_times(int fd, int directory_fd, const char *name, struct archive_entry *entry)
{
	struct timespec times[2];

	if (!libarchive.archive_entry_mtime_is_set(entry))
		return 0;
	times[0] = times[1] =
		(struct timespec){ libarchive.archive_entry_mtime(entry), libarchive.archive_entry_mtime_nsec(entry) };
	if (fd >= 0)
		return futimens(fd, times) < 0 ? -errno : 0;
	return utimensat(directory_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int mica_archive_set_attributes(int fd, int directory_fd, const char *name, struct archive_entry *entry,
				struct mica_import_counts *counts)
{
	int r = set_owner_and_mode(fd, directory_fd, name, entry);

	if (r == 0)
		r = set_xattrs(fd, directory_fd, name, entry, counts);
	if (r == 0 && libarchive.archive_entry_filetype(entry) != AE_IFDIR)
		r = set_times(fd, directory_fd, name, entry);
	if (libarchive.archive_entry_acl_types(entry) & ARCHIVE_ENTRY_ACL_TYPE_NFS4 ||
	    libarchive.archive_entry_acl_count(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS | ARCHIVE_ENTRY_ACL_TYPE_DEFAULT))
		counts->acls++;
	return r;
}
