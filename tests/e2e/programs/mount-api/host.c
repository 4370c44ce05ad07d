// SPDX-License-Identifier: BSD-2-Clause
/* The host: each call that concerns a union, beside the same one that does not. */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"
#include "flags.h"
#include "scenarios.h"

static long set(long fd, const char *key, const char *value)
{
	return call(&k_fsconfig, fd, FSCONFIG_SET_STRING, key, value, 0L);
}

void host_contexts(void)
{
	long other = call(&k_fsopen, "tmpfs", 0L), fd = call(&k_fsopen, "overlay", FSOPEN_CLOEXEC), mount, picked;

	(void)call(&k_fsopen, "nosuchfs", 0L);
	(void)call(&k_fsopen, "overlay", 0x80L);
	(void)set(other, "size", "1M");
	(void)set(fd, "lowerdir", "/tmp/api/l1:/tmp/api/l2");
	(void)set(fd, "upperdir", "/tmp/api/up2");
	(void)set(fd, "workdir", "/tmp/api/work2");
	/* No hook sees this one: the VFS takes it for its own. */
	(void)call(&k_fsconfig, fd, FSCONFIG_SET_FLAG, "rw", NONE, 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_SET_BINARY, "blob", "\001\002\003", 3L);
	(void)call(&k_fsconfig, fd, 99L, NONE, NONE, 0L);
	(void)call(&k_fsconfig, other, FSCONFIG_CMD_CREATE, NONE, NONE, 0L);
	(void)call(&k_fsmount, other, 0L, 0L);
	(void)call(&k_fsmount, fd, 0L, 0L);
	fd = call(&k_fsopen, "overlay", 0L);
	(void)set(fd, "lowerdir", "/tmp/api/l1:/tmp/api/l2");
	(void)set(fd, "upperdir", "/tmp/api/up2");
	(void)set(fd, "workdir", "/tmp/api/work2");
	(void)call(&k_fsconfig, fd, FSCONFIG_CMD_CREATE, NONE, NONE, 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_CMD_CREATE, NONE, NONE, 0L);
	mount = call(&k_fsmount, fd, FSMOUNT_CLOEXEC, ATTR_NOSUID | ATTR_NODEV);
	(void)call(&k_move_mount, mount, "", CWD, "/tmp/api/m1", MOVE_MOUNT_F_EMPTY_PATH);
	picked = call(&k_fspick, CWD, "/tmp/api/m1", FSPICK_CLOEXEC);
	(void)call(&k_fspick, CWD, "/tmp/api/l1", 0L);
	(void)call(&k_fspick, CWD, "/tmp/api/m1/none", 0L);
	(void)call(&k_fspick, CWD, "/tmp/api/none", 0L);
	(void)call(&k_fsconfig, picked, FSCONFIG_SET_FLAG, "ro", NONE, 0L);
	(void)call(&k_fsconfig, picked, FSCONFIG_CMD_RECONFIGURE, NONE, NONE, 0L);
	(void)call(&k_umount, "/tmp/api/m1", 0L);
}

void host_trees(void)
{
	struct attr noexec = { .set = ATTR_NOEXEC }, both = { .set = ATTR_RDONLY, .cleared = ATTR_RDONLY },
		    private = { .propagation = MS_PRIVATE };
	long tree = call(&k_open_tree, CWD, "/tmp/api/union", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	(void)call(&k_open_tree, CWD, "/tmp/api/l1", OPEN_TREE_CLONE);
	(void)call(&k_open_tree, CWD, "/tmp/api/union/dir", 0L);
	(void)call(&k_open_tree, CWD, "/tmp/api/union/none", 0L);
	(void)call(&k_open_tree, CWD, "/tmp/api/link/none", 0L);
	(void)call(&k_open_tree, CWD, "/tmp/api/none", 0L);
	(void)call(&k_mount_setattr, tree, "", (long)AT_EMPTY_PATH, &noexec, ATTR_SIZE);
	(void)call(&k_mount_setattr, tree, "", (long)AT_EMPTY_PATH, &both, ATTR_SIZE);
	(void)call(&k_move_mount, tree, "", CWD, "/tmp/api/none", MOVE_MOUNT_F_EMPTY_PATH);
	(void)call(&k_move_mount, tree, "", CWD, "/tmp/api/off", MOVE_MOUNT_F_EMPTY_PATH);
	(void)call(&k_mount_setattr, CWD, "/tmp/api/off", AT_RECURSIVE, &private, ATTR_SIZE);
	(void)call(&k_mount_setattr, CWD, "/tmp/api/link", 0L, &private, ATTR_SIZE);
	(void)call(&k_mount_setattr, CWD, "/tmp/api", 0L, &private, ATTR_SIZE);
	(void)call(&k_move_mount, CWD, "/tmp/api/off", CWD, "/tmp/api/off2", 0L);
	(void)call(&k_move_mount, CWD, "/tmp/api/off2/dir", CWD, "/tmp/api/off", 0L);
	(void)call(&k_move_mount, CWD, "/tmp/api/l1", CWD, "/tmp/api/off", 0L);
	(void)call(&k_pivot_root, "/tmp/api/off2", "/tmp/api/off2/none");
	(void)call(&k_pivot_root, "/tmp/api/off2/dir", "/tmp/api/off2/dir");
	(void)call(&k_pivot_root, "/tmp/api/l1", "/tmp/api/l1");
	(void)call(&k_umount, "/tmp/api/off2/dir", 0L);
	(void)call(&k_umount, "/tmp/api/off2/none", 0L);
	(void)call(&k_umount, "/tmp/api/none", 0L);
	(void)call(&k_umount, "/tmp/api/l1", 0L);
	(void)call(&k_umount, "/tmp/api/off2", (long)MNT_DETACH);
}

void host_mounts(void)
{
	/* Of the union, somewhere that is not on it. */
	(void)call(&k_mount, "/tmp/api/union/dir", "/tmp/api/off", NONE, (long)MS_BIND, NONE);
	(void)call(&k_mount, "/tmp/api/off", "/tmp/api/off2", NONE, (long)MS_MOVE, NONE);
	(void)call(&k_mount, NONE, "/tmp/api/off2", NONE, (long)(MS_REMOUNT | MS_BIND | MS_RDONLY), NONE);
	(void)call(&k_mount, NONE, "/tmp/api/off2", NONE, (long)MS_PRIVATE, NONE);
	(void)call(&k_umount, "/tmp/api/off2", 0L);
	(void)call(&k_mount, "/tmp/api/union/none", "/tmp/api/off", NONE, (long)MS_BIND, NONE);
	(void)call(&k_mount, "/tmp/api/union/dir", "/tmp/api/off", NONE, (long)MS_MOVE, NONE);
	(void)call(&k_mount, "/tmp/api/union/dir", "/tmp/api/none", NONE, (long)MS_BIND, NONE);
	(void)call(&k_mount, "none", "/tmp/api/union/none", "tmpfs", 0L, NONE);
	/* The same without a union. */
	(void)call(&k_mount, "/tmp/api/l1", "/tmp/api/off", NONE, (long)MS_BIND, NONE);
	(void)call(&k_mount, "/tmp/api/off", "/tmp/api/off2", NONE, (long)MS_MOVE, NONE);
	(void)call(&k_umount, "/tmp/api/off2", 0L);
	(void)call(&k_mount, "/tmp/api/none", "/tmp/api/off", NONE, (long)MS_BIND, NONE);
	(void)call(&k_mount, "/tmp/api/l1", "/tmp/api/none", NONE, (long)MS_BIND, NONE);
	(void)call(&k_mount, "none", "/tmp/api/none", "tmpfs", 0L, NONE);
}
