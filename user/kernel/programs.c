// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/programs.h"

#define BIT(type) (1ULL << MICA_EVENT_##type)
#define COPY_UP BIT(COPY_UP)
#define NAMES (BIT(CREATE) | BIT(DELETE) | BIT(RENAME) | BIT(LINK))
#define MARKS (BIT(WHITEOUT) | BIT(OPAQUE) | BIT(REDIRECT))
#define MOUNTS (BIT(MOUNT) | BIT(MOVE_MOUNT) | BIT(REMOUNT) | BIT(MOUNT_SETATTR))
#define NAMESPACES (BIT(NAMESPACE_CREATED) | BIT(NAMESPACE_GONE))
#define ALL UINT64_MAX

#define DENTRY "dentry"

/* System calls: from 64-bit code, and from 32-bit code or by `int 0x80`, where the kernel has that (arm64: one entry).
 */
#if defined(__aarch64__)
#define ENTRY "__arm64_sys_"
#else
#define ENTRY "__x64_sys_"
#endif
#define CALL(call, program, of_events, type)                                                                   \
	.job = "sys_" call, .name = (program), .function = ENTRY call, .parameters = 1, .events = (of_events), \
	.makes = MICA_EVENT_##type
#define CALL_32(call, program, of_events, type)                                                                       \
	.job = "32_" call, .name = (program), .function = "__ia32_sys_" call, .parameters = 1, .events = (of_events), \
	.makes = MICA_EVENT_##type, .optional = true

/*
 * Signatures were read from the BTF of 6.1, 6.12 and 7.2. A function that does not look so is not hooked: the program
 * would load, and read nothing. The events that a program has a part in decide whether it is loaded at all.
 */
/* A table, a row each. */
/* clang-format off */
const struct mica_program mica_programs[] = {
	/* Why, and how long: details of a copy-up. */
	{ .job = "reason-setattr", .name = "setattr_entry", .function = "ovl_setattr",
	  .arguments = { { 1, DENTRY }, { 2, "iattr" } }, .events = COPY_UP, .optional = true },
	{ .job = "reason-xattr", .name = "xattr_set_entry", .function = "ovl_xattr_set",
	  .arguments = { { 0, DENTRY } }, .events = COPY_UP, .optional = true },
	/* Until 6.1 through ovl_xattr_set. */
	{ .job = "reason-acl", .name = "set_acl_entry", .function = "ovl_set_acl", .arguments = { { 1, DENTRY } },
	  .events = COPY_UP, .optional = true },
	{ .job = "reason-ioctl", .name = "fileattr_entry", .function = "ovl_fileattr_set",
	  .arguments = { { 1, DENTRY } }, .events = COPY_UP, .optional = true },
	{ .job = "reason-setattr-end", .name = "setattr_exit", .function = "ovl_setattr",
	  .arguments = { { 1, DENTRY } }, .events = COPY_UP, .optional = true },
	{ .job = "reason-xattr-end", .name = "xattr_set_exit", .function = "ovl_xattr_set",
	  .arguments = { { 0, DENTRY } }, .events = COPY_UP, .optional = true },
	{ .job = "reason-acl-end", .name = "set_acl_exit", .function = "ovl_set_acl", .arguments = { { 1, DENTRY } },
	  .events = COPY_UP, .optional = true },
	{ .job = "reason-ioctl-end", .name = "fileattr_exit", .function = "ovl_fileattr_set",
	  .arguments = { { 1, DENTRY } }, .events = COPY_UP, .optional = true },
	{ .job = "copy-up-all", .name = "copy_up_all", .function = "ovl_copy_up_flags",
	  .arguments = { { 0, DENTRY }, { 1, "" } }, .events = COPY_UP },
	{ .job = "copy-up-all-end", .name = "copy_up_all_end", .function = "ovl_copy_up_flags",
	  .arguments = { { 0, DENTRY } }, .events = COPY_UP },
	{ .job = "copy-up-start", .name = "copy_up_entry", .function = "ovl_copy_up_one",
	  .arguments = { { 1, DENTRY } }, .events = COPY_UP },
	{ .job = "copy-up-race", .name = "copy_up_start", .function = "ovl_copy_up_start", .parameters = 2,
	  .arguments = { { 0, DENTRY } }, .events = COPY_UP },
	{ .job = "copy-up-bytes", .name = "copy_up_chunk", .function = "do_splice_direct", .parameters = 6,
	  .events = COPY_UP },
	{ .job = "copy-up", .name = "copy_up_exit", .function = "ovl_copy_up_one", .parameters = 3,
	  .arguments = { { 1, DENTRY } }, .events = COPY_UP, .makes = MICA_EVENT_COPY_UP },

	/* Names. The removal and rename checks also start the operation that whiteouts and copy-ups belong to. */
	{ .job = "unlink-check", .name = "lsm_inode_unlink", .function = "bpf_lsm_inode_unlink", .lsm = true,
	  .arguments = { { 1, DENTRY } }, .events = BIT(WHITEOUT) | BIT(DELETE) | COPY_UP },
	{ .job = "unlink-check", .name = "unlink_check", .function = "security_inode_unlink",
	  .arguments = { { 1, DENTRY } }, .events = BIT(WHITEOUT) | BIT(DELETE) | COPY_UP },
	{ .job = "rmdir-check", .name = "lsm_inode_rmdir", .function = "bpf_lsm_inode_rmdir", .lsm = true,
	  .arguments = { { 1, DENTRY } }, .events = BIT(WHITEOUT) | BIT(DELETE) | COPY_UP },
	{ .job = "rmdir-check", .name = "rmdir_check", .function = "security_inode_rmdir",
	  .arguments = { { 1, DENTRY } }, .events = BIT(WHITEOUT) | BIT(DELETE) | COPY_UP },
	{ .job = "link-check", .name = "lsm_inode_link", .function = "bpf_lsm_inode_link", .lsm = true,
	  .arguments = { { 0, DENTRY } }, .events = COPY_UP },
	{ .job = "link-check", .name = "link_check", .function = "security_inode_link",
	  .arguments = { { 0, DENTRY } }, .events = COPY_UP },
	{ .job = "rename-check", .name = "lsm_inode_rename", .function = "bpf_lsm_inode_rename", .lsm = true,
	  .arguments = { { 1, DENTRY }, { 3, DENTRY } }, .events = BIT(RENAME) | MARKS | COPY_UP },
	{ .job = "rename-check", .name = "rename_check", .function = "security_inode_rename",
	  .arguments = { { 1, DENTRY }, { 3, DENTRY } }, .events = BIT(RENAME) | MARKS | COPY_UP },
	{ .job = "create-open", .name = "lsm_file_open", .function = "bpf_lsm_file_open", .lsm = true,
	  .arguments = { { 0, "file" } }, .events = BIT(CREATE), .makes = MICA_EVENT_CREATE },
	{ .job = "create-open", .name = "file_open_check", .function = "security_file_open",
	  .arguments = { { 0, "file" } }, .events = BIT(CREATE), .makes = MICA_EVENT_CREATE },
	{ .job = "create-mknod", .name = "create_exit", .function = "vfs_create", .parameters = 5,
	  .arguments = { { 2, DENTRY } }, .events = BIT(CREATE), .makes = MICA_EVENT_CREATE },
	{ .job = "create-mknod", .name = "create_exit_72", .function = "vfs_create", .parameters = 4,
	  .arguments = { { 1, DENTRY } }, .events = BIT(CREATE), .makes = MICA_EVENT_CREATE },
	{ .job = "create-node", .name = "mknod_exit", .function = "vfs_mknod", .arguments = { { 2, DENTRY } },
	  .events = BIT(CREATE), .makes = MICA_EVENT_CREATE },
	{ .job = "create-symlink", .name = "symlink_exit", .function = "vfs_symlink", .arguments = { { 2, DENTRY } },
	  .events = BIT(CREATE), .makes = MICA_EVENT_CREATE },
	{ .job = "create-directory", .name = "mkdir_exit_615", .function = "vfs_mkdir", .returns = DENTRY,
	  .arguments = { { 2, DENTRY } }, .events = BIT(CREATE), .makes = MICA_EVENT_CREATE },
	{ .job = "create-directory", .name = "mkdir_exit", .function = "vfs_mkdir", .parameters = 4,
	  .arguments = { { 2, DENTRY } }, .events = BIT(CREATE), .makes = MICA_EVENT_CREATE },
	{ .job = "delete-file", .name = "unlink_exit", .function = "vfs_unlink", .arguments = { { 2, DENTRY } },
	  .events = BIT(DELETE) | COPY_UP | MARKS, .makes = MICA_EVENT_DELETE },
	{ .job = "delete-directory", .name = "rmdir_exit", .function = "vfs_rmdir", .arguments = { { 2, DENTRY } },
	  .events = BIT(DELETE) | COPY_UP | MARKS, .makes = MICA_EVENT_DELETE },
	{ .job = "link", .name = "link_exit", .function = "vfs_link", .arguments = { { 0, DENTRY }, { 3, DENTRY } },
	  .events = BIT(LINK) | COPY_UP, .makes = MICA_EVENT_LINK },
	{ .job = "rename", .name = "rename_exit", .function = "vfs_rename", .parameters = 1,
	  .arguments = { { 0, "renamedata" } }, .events = BIT(RENAME) | MARKS | COPY_UP,
	  .makes = MICA_EVENT_RENAME },

	/* overlayfs' marks */
	{ .job = "whiteout", .name = "whiteout_exit", .function = "ovl_cleanup_and_whiteout",
	  .events = BIT(WHITEOUT), .makes = MICA_EVENT_WHITEOUT },
	{ .job = "mark", .name = "setxattr_exit", .function = "ovl_check_setxattr", .parameters = 6,
	  .arguments = { { 1, DENTRY }, { 2, "" } }, .events = BIT(OPAQUE) | BIT(REDIRECT) },
	{ .job = "mark-create", .name = "create_marks", .function = "ovl_create_or_link",
	  .arguments = { { 0, DENTRY } }, .events = BIT(OPAQUE), .makes = MICA_EVENT_OPAQUE },
	{ .job = "mark-rename", .name = "rename_marks", .function = "ovl_rename", .parameters = 6,
	  .arguments = { { 2, DENTRY }, { 4, DENTRY } }, .events = BIT(OPAQUE) | BIT(REDIRECT),
	  .makes = MICA_EVENT_REDIRECT },

	/* Writes */
	{ .job = "write-union", .name = "overlay_write", .function = "ovl_write_iter", .parameters = 2,
	  .arguments = { { 0, "kiocb" } }, .events = BIT(WRITE), .makes = MICA_EVENT_WRITE },
	{ .job = "splice-union", .name = "overlay_splice", .function = "ovl_splice_write", .parameters = 5,
	  .arguments = { { 1, "file" } }, .events = BIT(WRITE), .makes = MICA_EVENT_WRITE },
	{ .job = "write-volume", .name = "write_request", .function = "rw_verify_area", .parameters = 4,
	  .arguments = { { 0, "" }, { 1, "file" }, { 3, "" } }, .events = BIT(WRITE), .makes = MICA_EVENT_WRITE },
	{ .job = "splice-volume", .name = "splice_write", .function = "iter_file_splice_write", .parameters = 5,
	  .arguments = { { 1, "file" } }, .events = BIT(WRITE), .makes = MICA_EVENT_WRITE },
	{ .job = "uring-start", .name = "uring_entry", .function = "io_write", .events = BIT(WRITE),
	  .optional = true },
	{ .job = "uring-end", .name = "uring_exit", .function = "io_write", .events = BIT(WRITE),
	  .makes = MICA_EVENT_WRITE, .optional = true },
	{ .job = "splice-start", .name = "splice_entry", .function = "do_splice", .events = BIT(WRITE),
	  .optional = true },
	{ .job = "splice-end", .name = "splice_exit", .function = "do_splice", .events = BIT(WRITE),
	  .optional = true },
	{ .job = "sendfile-start", .name = "sendfile_entry", .function = "do_sendfile", .events = BIT(WRITE),
	  .optional = true },
	{ .job = "sendfile-end", .name = "sendfile_exit", .function = "do_sendfile", .events = BIT(WRITE),
	  .optional = true },
	{ .job = "copy-range-start", .name = "copy_range_entry", .function = "vfs_copy_file_range",
	  .arguments = { { 2, "file" } }, .events = BIT(WRITE) },
	{ .job = "copy-range", .name = "copy_range_exit", .function = "vfs_copy_file_range", .parameters = 6,
	  .arguments = { { 2, "file" } }, .events = BIT(WRITE), .makes = MICA_EVENT_WRITE },
	{ .job = "clone-range", .name = "clone_range_exit", .function = "vfs_clone_file_range", .parameters = 6,
	  .arguments = { { 2, "file" } }, .events = BIT(WRITE), .makes = MICA_EVENT_WRITE },
	{ .job = "fallocate", .name = "fallocate_exit", .function = "vfs_fallocate", .parameters = 4,
	  .arguments = { { 0, "file" }, { 3, "" } }, .events = BIT(WRITE), .makes = MICA_EVENT_WRITE },
	{ .job = "truncate-start", .name = "truncate_entry", .function = "do_truncate",
	  .arguments = { { 1, DENTRY } }, .events = BIT(WRITE) },
	{ .job = "truncate", .name = "truncate_exit", .function = "do_truncate", .parameters = 5,
	  .arguments = { { 1, DENTRY }, { 2, "" }, { 4, "file" } }, .events = BIT(WRITE),
	  .makes = MICA_EVENT_WRITE },
	{ .job = "dirty-page", .name = "page_dirtied", .function = "fault_dirty_shared_page", .parameters = 1,
	  .arguments = { { 0, "vm_fault" } }, .events = BIT(WRITE), .makes = MICA_EVENT_WRITE,
	  .optional = true },
	{ .job = "write-close", .name = "lsm_file_release", .function = "bpf_lsm_file_release", .lsm = true,
	  .arguments = { { 0, "file" } }, .events = BIT(WRITE), .makes = MICA_EVENT_WRITE },
	{ .job = "write-close", .name = "file_release_check", .function = "security_file_release",
	  .arguments = { { 0, "file" } }, .events = BIT(WRITE), .makes = MICA_EVENT_WRITE },
	{ .job = "write-close", .name = "file_close", .function = "locks_remove_file", .parameters = 1,
	  .arguments = { { 0, "file" } }, .events = BIT(WRITE), .makes = MICA_EVENT_WRITE },

	/* Mounts */
	{ .job = "mount-check", .name = "lsm_sb_mount", .function = "bpf_lsm_sb_mount", .lsm = true,
	  .events = MOUNTS | BIT(UNION_UP) },
	{ .job = "mount-check", .name = "mount_check", .function = "security_sb_mount",
	  .events = MOUNTS | BIT(UNION_UP) },
	{ .job = "mount", .name = "mount_exit", .function = "path_mount", .parameters = 5,
	  .arguments = { { 1, "path" } }, .events = MOUNTS, .makes = MICA_EVENT_MOUNT },
	{ .job = "umount-check", .name = "lsm_sb_umount", .function = "bpf_lsm_sb_umount", .lsm = true,
	  .arguments = { { 0, "vfsmount" }, { 1, "" } }, .events = BIT(UMOUNT) },
	{ .job = "umount-check", .name = "umount_check", .function = "security_sb_umount",
	  .arguments = { { 0, "vfsmount" }, { 1, "" } }, .events = BIT(UMOUNT) },
	{ .job = "umount", .name = "umount_exit", .function = "path_umount", .parameters = 2, .events = BIT(UMOUNT),
	  .makes = MICA_EVENT_UMOUNT },
	{ .job = "move-mount-check", .name = "lsm_move_mount", .function = "bpf_lsm_move_mount", .lsm = true,
	  .arguments = { { 0, "path" }, { 1, "path" } }, .events = BIT(MOUNT) | BIT(MOVE_MOUNT) },
	{ .job = "move-mount-check", .name = "move_mount_check", .function = "security_move_mount",
	  .arguments = { { 0, "path" }, { 1, "path" } }, .events = BIT(MOUNT) | BIT(MOVE_MOUNT) },
	{ CALL("mount", "mount_done_native", MOUNTS, MOUNT) },
	{ CALL("umount", "umount_done_native", BIT(UMOUNT), UMOUNT) },
	{ CALL("move_mount", "move_mount_exit", BIT(MOUNT) | BIT(MOVE_MOUNT), MOVE_MOUNT) },

	/* The mount API */
	{ CALL("fsopen", "fsopen_exit", BIT(FSOPEN), FSOPEN) },
	{ CALL("fspick", "fspick_exit", BIT(FSPICK), FSPICK) },
	{ .job = "parameter", .name = "lsm_parse_parameter", .function = "bpf_lsm_fs_context_parse_param",
	  .lsm = true, .arguments = { { 0, "fs_context" }, { 1, "fs_parameter" } }, .events = BIT(FSCONFIG) },
	{ .job = "parameter", .name = "parse_parameter_check", .function = "security_fs_context_parse_param",
	  .arguments = { { 0, "fs_context" }, { 1, "fs_parameter" } }, .events = BIT(FSCONFIG) },
	{ .job = "reconfigure", .name = "lsm_sb_remount", .function = "bpf_lsm_sb_remount", .lsm = true,
	  .events = BIT(REMOUNT) },
	{ .job = "reconfigure", .name = "sb_remount_check", .function = "security_sb_remount",
	  .events = BIT(REMOUNT) },
	{ CALL("fsconfig", "fsconfig_exit", BIT(FSCONFIG) | BIT(REMOUNT), FSCONFIG) },
	{ CALL("fsmount", "fsmount_exit", BIT(FSMOUNT), FSMOUNT) },
	{ .job = "tree-copy", .name = "copy_tree_entry", .function = "__do_loopback", .arguments = { { 0, "path" } },
	  .events = BIT(OPEN_TREE), .optional = true },
	{ CALL("open_tree", "open_tree_exit", BIT(OPEN_TREE), OPEN_TREE) },
	/* Since 6.15. */
	{ CALL("open_tree_attr", "open_tree_attr_exit", BIT(OPEN_TREE), OPEN_TREE), .optional = true },
	{ CALL("mount_setattr", "mount_setattr_exit", BIT(MOUNT_SETATTR), MOUNT_SETATTR) },
	{ .job = "pivot-check", .name = "lsm_sb_pivotroot", .function = "bpf_lsm_sb_pivotroot", .lsm = true,
	  .arguments = { { 0, "path" }, { 1, "path" } }, .events = BIT(PIVOT_ROOT) },
	{ .job = "pivot-check", .name = "sb_pivotroot_check", .function = "security_sb_pivotroot",
	  .arguments = { { 0, "path" }, { 1, "path" } }, .events = BIT(PIVOT_ROOT) },
	{ CALL("pivot_root", "pivot_root_exit", BIT(PIVOT_ROOT), PIVOT_ROOT) },
#if defined(__x86_64__)
	{ CALL_32("mount", "mount_done_32", MOUNTS, MOUNT) },
	{ CALL_32("umount", "umount_done_32", BIT(UMOUNT), UMOUNT) },
	{ CALL_32("oldumount", "umount_done_old", BIT(UMOUNT), UMOUNT) },
	{ CALL_32("move_mount", "move_mount_exit_32", BIT(MOUNT) | BIT(MOVE_MOUNT), MOVE_MOUNT) },
	{ CALL_32("fsopen", "fsopen_exit_32", BIT(FSOPEN), FSOPEN) },
	{ CALL_32("fspick", "fspick_exit_32", BIT(FSPICK), FSPICK) },
	{ CALL_32("fsconfig", "fsconfig_exit_32", BIT(FSCONFIG) | BIT(REMOUNT), FSCONFIG) },
	{ CALL_32("fsmount", "fsmount_exit_32", BIT(FSMOUNT), FSMOUNT) },
	{ CALL_32("open_tree", "open_tree_exit_32", BIT(OPEN_TREE), OPEN_TREE) },
	{ CALL_32("open_tree_attr", "open_tree_attr_exit_32", BIT(OPEN_TREE), OPEN_TREE) },
	{ CALL_32("mount_setattr", "mount_setattr_exit_32", BIT(MOUNT_SETATTR), MOUNT_SETATTR) },
	{ CALL_32("pivot_root", "pivot_root_exit_32", BIT(PIVOT_ROOT), PIVOT_ROOT) },
#endif

	/* Namespaces, cgroups and unions: what the identity tables live on, so they are always there. */
	{ .job = "namespace-created", .name = "namespace_created", .function = "alloc_mnt_ns", .parameters = 2,
	  .returns = "mnt_namespace", .events = BIT(NAMESPACE_CREATED), .makes = MICA_EVENT_NAMESPACE_CREATED },
	{ .job = "namespace-gone", .name = "namespace_gone", .function = "free_mnt_ns", .parameters = 1,
	  .arguments = { { 0, "mnt_namespace" } }, .events = ALL, .makes = MICA_EVENT_NAMESPACE_GONE },
	/* Its first parameter is the tracepoint's own. Without it a cgroup's path is looked up when a record names it. */
	{ .job = "cgroup-made", .name = "cgroup_made", .function = "btf_trace_cgroup_mkdir", .parameters = 3,
	  .arguments = { { 1, "cgroup" } }, .events = ALL, .makes = MICA_RECORD_CGROUP, .optional = true },
	{ .job = "union-setup", .name = "union_setup", .function = "ovl_fill_super",
	  .arguments = { { 0, "super_block" } }, .events = ALL },
	{ .job = "union-up", .name = "union_up", .function = "ovl_fill_super", .arguments = { { 0, "super_block" } },
	  .events = ALL, .makes = MICA_EVENT_UNION_UP },
	{ .job = "union-asked", .name = "union_asked", .function = "ovl_statfs", .arguments = { { 0, DENTRY } },
	  .events = ALL },
	{ .job = "union-down", .name = "union_down", .function = "ovl_put_super", .parameters = 1,
	  .arguments = { { 0, "super_block" } }, .events = ALL, .makes = MICA_EVENT_UNION_DOWN },
	{ .job = "union-freed", .name = "lsm_sb_free", .function = "bpf_lsm_sb_free_security", .lsm = true,
	  .arguments = { { 0, "super_block" } }, .events = ALL, .optional = true },
};
/* clang-format on */

const unsigned mica_program_count = sizeof(mica_programs) / sizeof(mica_programs[0]);
