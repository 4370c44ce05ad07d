// SPDX-License-Identifier: BSD-2-Clause
#include "enforce/links.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "container/table.h"

/* Not in linux/magic.h: of fs/fuse/inode.c (GlusterFS and MooseFS too), fs/smb/client/cifsglob.h. */
#define FUSE_MAGIC 0x65735546
#define CIFS_MAGIC 0xff534d42

/** A file of more links than one. */
struct linked {
	nlink_t links, found;
	char path[];
};

static bool is_remote(const char *directory)
{
	struct statfs status;

	if (statfs(directory, &status) < 0)
		return false;
	switch ((unsigned)status.f_type) {
	case NFS_SUPER_MAGIC:
	case FUSE_MAGIC:
	case CIFS_MAGIC:
	case SMB2_SUPER_MAGIC:
	case CEPH_SUPER_MAGIC:
	case V9FS_MAGIC:
		return true;
	default:
		return false;
	}
}

static int note(struct mica_table *table, const FTSENT *entry)
{
	struct linked *linked = mica_table_get(table, entry->fts_statp->st_ino);

	if (!linked) {
		linked = calloc(1, sizeof(*linked) + entry->fts_pathlen + 1);
		if (!linked)
			return -ENOMEM;
		linked->links = entry->fts_statp->st_nlink;
		memcpy(linked->path, entry->fts_path, entry->fts_pathlen + 1);
		if (mica_table_put(table, entry->fts_statp->st_ino, linked) < 0) {
			free(linked);
			return -ENOMEM;
		}
	}
	linked->found++;
	return 0;
}

static int collect(FTS *tree, struct mica_table *table)
{
	size_t entries = 0;
	int r = 0;

	errno = 0;
	for (const FTSENT *entry = fts_read(tree); r == 0 && entry; entry = fts_read(tree)) {
		if (++entries > MICA_LINKS_MAX)
			return -E2BIG;
		/* Others may remove files meanwhile. */
		if ((entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR) &&
		    (entry->fts_errno != ENOENT || entry->fts_level == FTS_ROOTLEVEL))
			return -entry->fts_errno;
		if (entry->fts_info == FTS_F && entry->fts_statp->st_nlink > 1)
			r = note(table, entry);
		errno = 0;
	}
	return r == 0 && errno ? -errno : r;
}

static int tell(uint64_t inode, const struct linked *linked, int (*visit)(int fd, void *userdata), void *userdata)
{
	_cleanup_close_ int fd = open(linked->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	/* Gone meanwhile, or another one. */
	if (fd < 0 || fstat(fd, &status) < 0 || status.st_ino != inode)
		return 0;
	return visit(fd, userdata);
}

int mica_links_each(const char *directory, int (*visit)(int fd, void *userdata), void *userdata)
{
	char *const roots[] = { (char *)directory, NULL };
	struct mica_table table = {};
	int result, r = 0;
	FTS *tree;

	if (is_remote(directory))
		return -EOPNOTSUPP;
	tree = fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	if (!tree)
		return -errno;
	result = collect(tree, &table);
	(void)fts_close(tree);
	for (size_t i = 0; r >= 0 && i < table.capacity; i++) {
		const struct linked *linked = table.slots[i].value;

		if (linked && linked->found < linked->links)
			r = tell(table.slots[i].key, linked, visit, userdata);
	}
	mica_table_free(&table, free);
	return r < 0 ? r : result;
}
