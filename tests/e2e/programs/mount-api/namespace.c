// SPDX-License-Identifier: BSD-2-Clause
/* A namespace that is not the host's: each call is reported, whatever it is about. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "flags.h"
#include "scenarios.h"

static long tmpfs(long attributes)
{
	long fd = call(&k_fsopen, "tmpfs", 0L);

	(void)call(&k_fsconfig, fd, FSCONFIG_SET_STRING, "source", "small", 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_CMD_CREATE, NONE, NONE, 0L);
	return call(&k_fsmount, fd, 0L, attributes);
}

void contexts(void)
{
	long fd, mount, picked, file = open("/tmp/api/l1", O_RDONLY | O_CLOEXEC);

	(void)call(&k_fsopen, "nosuchfs", 0L);
	(void)call(&k_fsopen, "tmpfs", 0x10L);
	fd = call(&k_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	(void)call(&k_fsconfig, fd, FSCONFIG_SET_STRING, "size", "1M", 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_SET_STRING, "no such key", "\"value\"", 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_SET_STRING, "mode", "rwx", 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_SET_FLAG, "ro", NONE, 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_SET_FLAG, "ro", "not NULL", 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_SET_PATH, "path", "/tmp/api/l1", CWD);
	(void)call(&k_fsconfig, fd, FSCONFIG_SET_PATH_EMPTY, "path", "", file);
	(void)call(&k_fsconfig, fd, FSCONFIG_SET_FD, "file", NONE, file);
	(void)call(&k_fsconfig, 99L, FSCONFIG_SET_STRING, "size", "1M", 0L);
	(void)call(&k_fsconfig, file, FSCONFIG_SET_STRING, "size", "1M", 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NONE, NONE, 0L);
	(void)call(&k_fsmount, fd, 0L, 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_CMD_CREATE, NONE, NONE, 0L);
	(void)call(&k_fsmount, fd, 0x10L, 0L);
	(void)call(&k_fsmount, fd, 0L, 0x8000L);
	(void)call(&k_fsmount, 99L, 0L, 0L);
	mount = call(&k_fsmount, fd, FSMOUNT_CLOEXEC, ATTR_RDONLY | ATTR_NOATIME);
	(void)call(&k_move_mount, mount, "", CWD, "/tmp/api/off", MOVE_MOUNT_F_EMPTY_PATH);
	picked = call(&k_fspick, CWD, "off", FSPICK_NO_AUTOMOUNT);
	(void)call(&k_fspick, 99L, "off", 0L);
	(void)call(&k_fspick, mount, "", FSPICK_EMPTY_PATH);
	(void)call(&k_fspick, CWD, "/tmp/api/off", 0x100L);
	(void)call(&k_fsconfig, picked, FSCONFIG_SET_FLAG, "rw", NONE, 0L);
	(void)call(&k_fsconfig, picked, FSCONFIG_SET_STRING, "size", "2M", 0L);
	(void)call(&k_fsconfig, picked, FSCONFIG_CMD_RECONFIGURE, NONE, NONE, 0L);
	fd = call(&k_fsopen, "tmpfs", 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_CMD_CREATE_EXCL, NONE, NONE, 0L);
}

void trees(void)
{
	static char via_fd[64];
	struct attr set = { .set = ATTR_RDONLY | ATTR_NODIRATIME, .cleared = ATTR__ATIME },
		    slave = { .propagation = MS_SLAVE }, wrong = { .set = 1UL << 40 };
	long mount = tmpfs(ATTR_NOSUID), directory, tree;

	(void)call(&k_move_mount, mount, "", CWD, "/tmp/api/none", MOVE_MOUNT_F_EMPTY_PATH);
	(void)call(&k_move_mount, mount, "", CWD, "/tmp/api/off", 0x1000L);
	(void)call(&k_move_mount, 99L, "", CWD, "/tmp/api/off", MOVE_MOUNT_F_EMPTY_PATH);
	(void)call(&k_move_mount, mount, "", CWD, "off", MOVE_MOUNT_F_EMPTY_PATH);
	(void)call(&k_move_mount, CWD, "off/none", CWD, "off2", 0L);
	(void)call(&k_move_mount, CWD, "/tmp/api/l1", CWD, "/tmp/api/off2", 0L);
	(void)call(&k_move_mount, CWD, "/tmp/api/off", CWD, "/tmp/api/off2", 0L);
	directory = open("/tmp/api", O_PATH | O_CLOEXEC);
	tree = call(&k_open_tree, directory, "./off2/../link/../union/", OPEN_TREE_CLONE | AT_RECURSIVE);
	(void)call(&k_open_tree, directory, "off2", 0L);
	(void)call(&k_open_tree, directory, "./none/../none", OPEN_TREE_CLONE);
	(void)call(&k_open_tree, 99L, "off2", 0L);
	(void)call(&k_open_tree, directory, "", (long)AT_EMPTY_PATH);
	(void)call(&k_open_tree, directory, "", 0L);
	(void)call(&k_open_tree, CWD, "link", (long)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT));
	(void)call(&k_open_tree, CWD, "off2", 0x10L);
	(void)call(&k_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &set, ATTR_SIZE);
	(void)call(&k_mount_setattr, directory, "off2", 0L, &set, ATTR_SIZE);
	(void)call(&k_mount_setattr, CWD, "off2", 0L, &slave, ATTR_SIZE);
	(void)call(&k_mount_setattr, CWD, "off2", 0L, &wrong, ATTR_SIZE);
	(void)call(&k_mount_setattr, CWD, "off2/none", 0L, &set, ATTR_SIZE);
	(void)call(&k_mount_setattr, CWD, "off2", 0L, &set, 8L);
	(void)snprintf(via_fd, sizeof(via_fd), "/proc/self/fd/%ld", directory);
	(void)call(&k_mount_setattr, CWD, via_fd, 0L, &slave, ATTR_SIZE);
	if (call(&k_open_tree_attr, CWD, "off2", OPEN_TREE_CLONE, &set, ATTR_SIZE) == -ENOSYS) {
		(void)fprintf(stderr, "mount-api: NOT TESTED: this kernel has no open_tree_attr\n");
		return;
	}
	(void)call(&k_open_tree_attr, CWD, "off2/none", OPEN_TREE_CLONE, &set, ATTR_SIZE);
}

void mounts(void)
{
	(void)call(&k_mount, "none", "/tmp/api/none", "tmpfs", (long)MS_NOSUID, NONE);
	(void)call(&k_mount, "none", "/tmp/api/off", "nosuchfs", (long)MS_NODEV, NONE);
	(void)call(&k_mount, "small", "off", "tmpfs", (long)(MS_NOSUID | MS_NODEV), "size=64k");
	(void)call(&k_mount, NONE, "/tmp/api/off", NONE, (long)(MS_REMOUNT | MS_BIND | MS_RDONLY), NONE);
	(void)call(&k_mount, NONE, "/tmp/api/off", NONE, (long)(MS_REMOUNT | MS_NOSUID), "size=128k");
	(void)call(&k_mount, NONE, "/tmp/api/l1", NONE, (long)MS_REMOUNT, NONE);
	(void)call(&k_mount, NONE, "/tmp/api/off", NONE, (long)(MS_SHARED | MS_REC), NONE);
	(void)call(&k_mount, NONE, "/tmp/api/off", NONE, (long)(MS_SHARED | MS_SLAVE), NONE);
	(void)call(&k_mount, NONE, "/tmp/api/off", NONE, (long)MS_UNBINDABLE, NONE);
	(void)call(&k_mount, NONE, "/tmp/api/none", NONE, (long)MS_PRIVATE, NONE);
	(void)call(&k_mount, "/tmp/api/off", "/tmp/api/off2", NONE, (long)MS_BIND, NONE);
	(void)call(&k_mount, "/tmp/api/off", "/tmp/api/off2", NONE, (long)MS_MOVE, NONE);
	(void)call(&k_mount, "/tmp/api/l1", "/tmp/api/off", NONE, (long)MS_MOVE, NONE);
	(void)call(&k_mount, "/tmp/api/l1", "/tmp/api/off", "dddd", (long)(MS_BIND | MS_REC), NONE);
	(void)call(&k_umount, "/tmp/api/off/none", 0L);
	(void)call(&k_umount, "/tmp/api/l1", 0L);
	(void)call(&k_umount, "off", 0x100L);
	(void)call(&k_umount, "off", (long)UMOUNT_NOFOLLOW);
	(void)call(&k_umount, "/tmp/api/off2", (long)MNT_EXPIRE);
	(void)call(&k_umount, "/tmp/api/off2", (long)MNT_DETACH);
}

void new_root(void)
{
	(void)call(&k_mount, "root", "/tmp/api/off", "tmpfs", 0L, NONE);
	if (mkdir("off/old", 0755) < 0 || mkdir("off/proc", 0755) < 0)
		die("directories of the new root");
	/* What comes after it is looked at through /proc. */
	(void)call(&k_mount, "/proc", "/tmp/api/off/proc", NONE, (long)(MS_BIND | MS_REC), NONE);
	(void)call(&k_pivot_root, "/tmp/api/none", "/tmp/api/off/old");
	(void)call(&k_pivot_root, "/tmp/api/l1", "/tmp/api/off/old");
	(void)call(&k_pivot_root, "off", "off/old");
	if (chdir("/") < 0)
		die("chdir to the new root");
	(void)call(&k_umount, "/old", (long)MNT_DETACH);
	(void)call(&k_mount, "small", "none", "tmpfs", 0L, NONE);
	if (mkdir("/jail", 0755) < 0 || mkdir("/jail/proc", 0755) < 0)
		die("directories of the jail");
	(void)call(&k_mount, "/proc", "/jail/proc", NONE, (long)(MS_BIND | MS_REC), NONE);
	if (chroot("/jail") < 0 || chdir("/proc") < 0)
		die("chroot");
	say("root /jail", 0);
	(void)call(&k_umount, "/none", 0L);
	(void)call(&k_umount, "../none", 0L);
	(void)call(&k_umount, "/proc", (long)MNT_DETACH);
}

void no_privilege(void)
{
	struct attr set = { .set = ATTR_RDONLY };
	long fd = call(&k_fsopen, "tmpfs", 0L);

	if (setgid(1000) < 0 || setuid(1000) < 0)
		die("setuid");
	(void)call(&k_fsopen, "tmpfs", 0L);
	(void)call(&k_fspick, CWD, "/tmp/api", 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_CMD_CREATE, NONE, NONE, 0L);
	(void)call(&k_fsmount, fd, 0L, 0L);
	(void)call(&k_open_tree, CWD, "/tmp/api/union", OPEN_TREE_CLONE);
	(void)call(&k_move_mount, CWD, "/tmp/api/union", CWD, "/tmp/api/off", 0L);
	(void)call(&k_mount_setattr, CWD, "/tmp/api/union", 0L, &set, ATTR_SIZE);
	(void)call(&k_pivot_root, "/tmp/api/union", "/tmp/api/union/dir");
	(void)call(&k_umount, "/tmp/api/union", 0L);
	(void)call(&k_mount, "none", "/tmp/api/off", "tmpfs", 0L, NONE);
}

void calls_32(void)
{
	static struct attr set = { .set = ATTR_NOEXEC };
	long fd, mount, picked;

	use_int80(true);
	(void)call(&k_mount, "small", "/tmp/api/off", "tmpfs", (long)MS_NODEV, NONE);
	(void)call(&k_mount, "small", "/tmp/api/none", "tmpfs", 0L, NONE);
	picked = call(&k_fspick, CWD, "off", 0L);
	(void)call(&k_fsconfig, picked, FSCONFIG_SET_FLAG, "ro", NONE, 0L);
	(void)call(&k_fsconfig, picked, FSCONFIG_CMD_RECONFIGURE, NONE, NONE, 0L);
	(void)call(&k_umount, "/tmp/api/off", (long)MNT_DETACH);
	(void)call(&k_umount, "/tmp/api/off", 0L);
	fd = call(&k_fsopen, "tmpfs", 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_SET_STRING, "size", "1M", 0L);
	(void)call(&k_fsconfig, fd, FSCONFIG_CMD_CREATE, NONE, NONE, 0L);
	mount = call(&k_fsmount, fd, 0L, ATTR_NODEV);
	(void)call(&k_mount_setattr, mount, "", (long)AT_EMPTY_PATH, &set, ATTR_SIZE);
	(void)call(&k_move_mount, mount, "", CWD, "/tmp/api/off", MOVE_MOUNT_F_EMPTY_PATH);
	(void)call(&k_move_mount, CWD, "/tmp/api/none", CWD, "/tmp/api/off", 0L);
	(void)call(&k_open_tree, CWD, "/tmp/api/off", OPEN_TREE_CLONE);
	(void)call(&k_open_tree_attr, CWD, "/tmp/api/off", OPEN_TREE_CLONE, &set, ATTR_SIZE);
	(void)call(&k_pivot_root, "/tmp/api/l1", "/tmp/api/l1");
	(void)call(&k_oldumount, "/tmp/api/off");
	(void)call(&k_oldumount, "/tmp/api/off");
	use_int80(false);
}

/* struct clone_args, as far as it has been from the start. */
static struct {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
} clone_arguments = { .flags = CLONE_EMPTY_MNTNS, .exit_signal = SIGCHLD };

void namespaces(void)
{
	long fd = call(&k_fsopen, "tmpfs", 0L), pid;

	(void)call(&k_fsconfig, fd, FSCONFIG_CMD_CREATE, NONE, NONE, 0L);
	if (call(&k_fsmount, fd, FSMOUNT_NAMESPACE, ATTR_NODEV) < 0)
		(void)fprintf(stderr, "mount-api: NOT TESTED: this kernel makes no namespace by fsmount\n");
	if (call(&k_open_tree, CWD, "/tmp/api/union", OPEN_TREE_NAMESPACE) < 0)
		(void)fprintf(stderr, "mount-api: NOT TESTED: this kernel makes no namespace by open_tree\n");
	pid = call(&k_clone3, &clone_arguments, (long)sizeof(clone_arguments));
	if (pid == 0)
		_exit(0);
	if (pid < 0)
		(void)fprintf(stderr, "mount-api: NOT TESTED: this kernel makes no empty namespace by clone3\n");
	else if (waitpid((pid_t)pid, NULL, 0) < 0)
		die("the child of clone3");
	if (call(&k_unshare, UNSHARE_EMPTY_MNTNS) < 0)
		(void)fprintf(stderr, "mount-api: NOT TESTED: this kernel makes no empty namespace by unshare\n");
}
