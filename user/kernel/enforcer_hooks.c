// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/enforcer_hooks.h"

#include "mica/enforce.h"

#define BIT(operation) MICA_OPERATION_BIT(MICA_OPERATION_##operation)
#define DENTRY "dentry"
/* Objects' guards: for whatever changes a file. */
#define GUARDS (MICA_ENFORCE_GUARD_LAYERS | MICA_ENFORCE_GUARD_UPPERS)

#define HOOK(hook) .program.job = #hook, .program.function = "bpf_lsm_" #hook, .program.lsm = true
#define OWN(hook, text)                                                                         \
	.program.job = "own_" #hook, .program.function = "bpf_lsm_" #hook, .program.lsm = true, \
	.program.name = "enforce_own_" text
#define NAME(text) .program.name = "enforce_" text
#define ARGUMENTS(...) .program.arguments = { __VA_ARGS__ }

/* A table, a row each. Two rows of a job are the same hook as it looks on different kernels. */
/* clang-format off */
const struct mica_enforcer_hook mica_enforcer_hooks[] = {
	/* Who, and what is there. */
	{ HOOK(bprm_check_security), NAME("bprm_check"), .always = true },
	{ HOOK(task_alloc), NAME("task_alloc"), ARGUMENTS({ 0, "task_struct" }), .always = true },
	{ HOOK(sb_kern_mount), NAME("sb_kern_mount"), ARGUMENTS({ 0, "super_block" }), .always = true, .asks = true },
	{ HOOK(sb_free_security), NAME("sb_free"), ARGUMENTS({ 0, "super_block" }), .always = true },
	/* First those who forget, then who notes: nothing that is noted is missed. */
	{ HOOK(cred_free), NAME("cred_free"), ARGUMENTS({ 0, "cred" }), .always = true },
	{ HOOK(cred_prepare), NAME("cred_prepare"), ARGUMENTS({ 0, "cred" }), .always = true },
	{ HOOK(cred_alloc_blank), NAME("cred_blank"), ARGUMENTS({ 0, "cred" }), .always = true },
	{ HOOK(dentry_create_files_as), NAME("create_as"), ARGUMENTS({ 0, DENTRY }, { 4, "cred" }), .always = true },

	/* Enforcement itself. A job is a name of its own: rules have some of these hooks too. */
	{ HOOK(bpf), NAME("bpf"), ARGUMENTS({ 0, "" }), .always = true },
	{ HOOK(ptrace_access_check), NAME("ptrace"), ARGUMENTS({ 0, "task_struct" }, { 1, "" }), .always = true },
	{ OWN(capable, "pins"), ARGUMENTS({ 2, "" }), .always = true },
	{ OWN(path_unlink, "unlink"), ARGUMENTS({ 1, DENTRY }), .always = true },
	{ OWN(path_rmdir, "rmdir"), ARGUMENTS({ 1, DENTRY }), .always = true },
	{ OWN(path_rename, "rename"), ARGUMENTS({ 1, DENTRY }, { 3, DENTRY }), .always = true },
	{ OWN(path_link, "link"), ARGUMENTS({ 0, DENTRY }, { 2, DENTRY }), .always = true },
	{ OWN(path_mknod, "mknod"), ARGUMENTS({ 1, DENTRY }), .always = true },
	{ OWN(path_mkdir, "mkdir"), ARGUMENTS({ 1, DENTRY }), .always = true },
	{ OWN(path_symlink, "symlink"), ARGUMENTS({ 1, DENTRY }), .always = true },
	{ OWN(path_chmod, "chmod"), ARGUMENTS({ 0, "path" }), .always = true },
	{ OWN(sb_mount, "mount"), ARGUMENTS({ 1, "path" }, { 3, "" }), .always = true },
	{ OWN(sb_umount, "umount"), ARGUMENTS({ 0, "vfsmount" }), .always = true },
	{ OWN(move_mount, "move"), ARGUMENTS({ 0, "path" }, { 1, "path" }), .always = true },
	{ OWN(sb_remount, "remount"), ARGUMENTS({ 0, "super_block" }), .always = true },

	/* Files. What is opened may be what switches enforcement off. */
	{ HOOK(file_open), NAME("file_open"), ARGUMENTS({ 0, "file" }), .always = true, .asks = true,
	  .operations = BIT(READ) | BIT(WRITE) | BIT(TRUNCATE) | BIT(CREATE) | BIT(COPY_UP) | BIT(DEVICE_OPEN),
	  .guards = GUARDS | MICA_ENFORCE_GUARD_DEVICES },
	{ HOOK(file_permission), NAME("file_permission"), ARGUMENTS({ 0, "file" }, { 1, "" }), .asks = true,
	  .operations = BIT(READ) | BIT(WRITE) },
	{ HOOK(file_receive), NAME("file_receive"), ARGUMENTS({ 0, "file" }), .asks = true,
	  .operations = BIT(READ) | BIT(WRITE) },
	{ HOOK(mmap_file), NAME("mmap_file"), ARGUMENTS({ 0, "file" }, { 2, "" }, { 3, "" }), .asks = true,
	  .operations = BIT(MMAP_WRITE) | BIT(COPY_UP), .guards = GUARDS },
	{ HOOK(file_mprotect), NAME("file_mprotect"), ARGUMENTS({ 0, "vm_area_struct" }, { 2, "" }), .asks = true,
	  .operations = BIT(MMAP_WRITE) | BIT(COPY_UP), .guards = GUARDS },
	{ HOOK(file_ioctl), NAME("file_ioctl"), ARGUMENTS({ 0, "file" }, { 1, "" }), .asks = true,
	  .operations = BIT(IOCTL) | BIT(COPY_UP), .guards = GUARDS | MICA_ENFORCE_GUARD_DEVICES },
	/* Since 6.8: before, file_ioctl is asked by 32-bit code too. */
	{ HOOK(file_ioctl_compat), NAME("file_ioctl_compat"), ARGUMENTS({ 0, "file" }, { 1, "" }),
	  .program.optional = true, .asks = true, .operations = BIT(IOCTL) | BIT(COPY_UP),
	  .guards = GUARDS | MICA_ENFORCE_GUARD_DEVICES },

	/* Names. */
	{ HOOK(path_mknod), NAME("path_mknod"), ARGUMENTS({ 1, DENTRY }), .asks = true,
	  .operations = BIT(CREATE), .guards = GUARDS },
	{ HOOK(path_mkdir), NAME("path_mkdir"), ARGUMENTS({ 1, DENTRY }), .asks = true,
	  .operations = BIT(CREATE) | BIT(OPAQUE), .guards = GUARDS },
	{ HOOK(path_symlink), NAME("path_symlink"), ARGUMENTS({ 1, DENTRY }), .asks = true,
	  .operations = BIT(CREATE), .guards = GUARDS },
	{ HOOK(path_unlink), NAME("path_unlink"), ARGUMENTS({ 1, DENTRY }), .asks = true,
	  .operations = BIT(DELETE) | BIT(WHITEOUT), .guards = GUARDS },
	{ HOOK(path_rmdir), NAME("path_rmdir"), ARGUMENTS({ 1, DENTRY }), .asks = true,
	  .operations = BIT(DELETE) | BIT(WHITEOUT), .guards = GUARDS },
	{ HOOK(path_link), NAME("path_link"), ARGUMENTS({ 0, DENTRY }, { 2, DENTRY }), .asks = true,
	  .operations = BIT(LINK) | BIT(COPY_UP), .guards = GUARDS },
	{ HOOK(path_rename), NAME("path_rename"), ARGUMENTS({ 1, DENTRY }, { 3, DENTRY }, { 4, "" }), .asks = true,
	  .program.parameters = 5,
	  .operations = BIT(RENAME) | BIT(COPY_UP) | BIT(WHITEOUT) | BIT(OPAQUE), .guards = GUARDS },
	{ HOOK(path_truncate), NAME("path_truncate"), ARGUMENTS({ 0, "path" }), .asks = true,
	  .operations = BIT(TRUNCATE) | BIT(COPY_UP), .guards = GUARDS },
	/* Since 6.2: before, path_truncate is asked. */
	{ HOOK(file_truncate), NAME("file_truncate"), ARGUMENTS({ 0, "file" }), .program.optional = true,
	  .asks = true, .operations = BIT(TRUNCATE) | BIT(COPY_UP), .guards = GUARDS },
	{ HOOK(path_chmod), NAME("path_chmod"), ARGUMENTS({ 0, "path" }), .asks = true,
	  .operations = BIT(CHMOD) | BIT(COPY_UP), .guards = GUARDS },
	{ HOOK(path_chown), NAME("path_chown"), ARGUMENTS({ 0, "path" }), .asks = true,
	  .operations = BIT(CHOWN) | BIT(COPY_UP), .guards = GUARDS },

	/* Attributes. */
	{ HOOK(inode_setattr), NAME("inode_setattr_idmap"), .program.parameters = 3,
	  ARGUMENTS({ 1, DENTRY }, { 2, "iattr" }), .asks = true,
	  .operations = BIT(UTIMES) | BIT(COPY_UP), .guards = GUARDS },
	{ HOOK(inode_setattr), NAME("inode_setattr"), .program.parameters = 2,
	  ARGUMENTS({ 0, DENTRY }, { 1, "iattr" }), .asks = true,
	  .operations = BIT(UTIMES) | BIT(COPY_UP), .guards = GUARDS },
	{ HOOK(inode_setxattr), NAME("inode_setxattr"), ARGUMENTS({ 1, DENTRY }), .asks = true,
	  .operations = BIT(XATTR) | BIT(ACL) | BIT(COPY_UP), .guards = GUARDS },
	{ HOOK(inode_removexattr), NAME("inode_removexattr"), ARGUMENTS({ 1, DENTRY }), .asks = true,
	  .operations = BIT(XATTR) | BIT(ACL) | BIT(COPY_UP), .guards = GUARDS },
	/* Since 6.2: before, lists are set as extended attributes. */
	{ HOOK(inode_set_acl), NAME("inode_set_acl"), ARGUMENTS({ 1, DENTRY }), .program.optional = true,
	  .asks = true, .operations = BIT(ACL) | BIT(COPY_UP), .guards = GUARDS },
	{ HOOK(inode_remove_acl), NAME("inode_remove_acl"), ARGUMENTS({ 1, DENTRY }), .program.optional = true,
	  .asks = true, .operations = BIT(ACL) | BIT(COPY_UP), .guards = GUARDS },
	/* Since 7.0: before, there are the ioctls only. */
	{ HOOK(inode_file_setattr), NAME("inode_file_setattr"), ARGUMENTS({ 0, DENTRY }), .program.optional = true,
	  .asks = true, .operations = BIT(IOCTL) | BIT(COPY_UP), .guards = GUARDS },

	/* Mounts. */
	{ HOOK(sb_mount), NAME("sb_mount"), ARGUMENTS({ 1, "path" }, { 3, "" }), .asks = true,
	  .operations = BIT(MOUNT) | BIT(MOVE_MOUNT) | BIT(REMOUNT) },
	{ HOOK(sb_umount), NAME("sb_umount"), ARGUMENTS({ 0, "vfsmount" }), .asks = true,
	  .operations = BIT(UMOUNT) },
	{ HOOK(move_mount), NAME("move_mount"), ARGUMENTS({ 0, "path" }, { 1, "path" }), .asks = true,
	  .operations = BIT(MOVE_MOUNT) | BIT(MOUNT) },
	{ HOOK(sb_pivotroot), NAME("sb_pivotroot"), ARGUMENTS({ 0, "path" }, { 1, "path" }), .asks = true,
	  .operations = BIT(PIVOT_ROOT) },
	{ HOOK(sb_remount), NAME("sb_remount"), ARGUMENTS({ 0, "super_block" }), .asks = true,
	  .operations = BIT(REMOUNT) },
	{ .program.job = "new_superblock", .program.function = "bpf_lsm_sb_kern_mount", .program.lsm = true,
	  NAME("new_superblock"), ARGUMENTS({ 0, "super_block" }), .asks = true, .operations = BIT(MOUNT) },
	{ HOOK(capable), NAME("capable"), ARGUMENTS({ 2, "" }), .asks = true,
	  .operations = BIT(MOUNT_SETATTR) | BIT(OPEN_TREE) | BIT(SETNS) },

	/* Isolation: other ways to an object. A guard of devices is there whenever there is isolation. */
	{ HOOK(inode_getattr), NAME("inode_getattr"), ARGUMENTS({ 0, "path" }), .asks = true,
	  .guards = MICA_ENFORCE_GUARD_DEVICES },
	{ HOOK(inode_readlink), NAME("inode_readlink"), ARGUMENTS({ 0, DENTRY }), .asks = true,
	  .guards = MICA_ENFORCE_GUARD_DEVICES },
	{ HOOK(inode_getxattr), NAME("inode_getxattr"), ARGUMENTS({ 0, DENTRY }), .asks = true,
	  .guards = MICA_ENFORCE_GUARD_DEVICES },
	{ HOOK(inode_listxattr), NAME("inode_listxattr"), ARGUMENTS({ 0, DENTRY }), .asks = true,
	  .guards = MICA_ENFORCE_GUARD_DEVICES },
	{ HOOK(inode_permission), NAME("inode_permission"), ARGUMENTS({ 0, "inode" }, { 1, "" }), .asks = true,
	  .guards = MICA_ENFORCE_GUARD_DEVICES },
	{ HOOK(path_notify), NAME("path_notify"), ARGUMENTS({ 0, "path" }), .asks = true,
	  .guards = MICA_ENFORCE_GUARD_DEVICES },
	{ HOOK(path_chroot), NAME("path_chroot"), ARGUMENTS({ 0, "path" }), .asks = true,
	  .guards = MICA_ENFORCE_GUARD_DEVICES },
	{ HOOK(sb_statfs), NAME("sb_statfs"), ARGUMENTS({ 0, DENTRY }), .asks = true,
	  .guards = MICA_ENFORCE_GUARD_DEVICES },
	{ HOOK(inode_unlink), NAME("inode_unlink"), ARGUMENTS({ 1, DENTRY }), .asks = true,
	  .guards = MICA_ENFORCE_GUARD_UPPERS },
	{ HOOK(inode_rmdir), NAME("inode_rmdir"), ARGUMENTS({ 1, DENTRY }), .asks = true,
	  .guards = MICA_ENFORCE_GUARD_UPPERS },
	{ HOOK(inode_mkdir), NAME("inode_mkdir"), ARGUMENTS({ 1, DENTRY }), .asks = true,
	  .guards = MICA_ENFORCE_GUARD_UPPERS },
};
/* clang-format on */

const unsigned mica_enforcer_hook_count = sizeof(mica_enforcer_hooks) / sizeof(mica_enforcer_hooks[0]);
