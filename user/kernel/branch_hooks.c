// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/branch_guard_internal.h"

#define DENTRY "dentry"
#define HOOK(hook) .job = #hook, .function = "bpf_lsm_" #hook, .lsm = true
#define ARGUMENTS(...) .arguments = { __VA_ARGS__ }

/* clang-format off */
const struct mica_program mica_branch_hooks[] = {
	{ HOOK(sb_free_security), .name = "branch_sb_free", ARGUMENTS({ 0, "super_block" }) },
	{ HOOK(file_open), .name = "branch_file_open", ARGUMENTS({ 0, "file" }) },
	{ HOOK(file_ioctl), .name = "branch_file_ioctl", ARGUMENTS({ 0, "file" }, { 1, "" }) },
	{ HOOK(file_ioctl_compat), .name = "branch_file_ioctl_compat", ARGUMENTS({ 0, "file" }, { 1, "" }),
	  .optional = true },
	{ HOOK(inode_file_setattr), .name = "branch_inode_file_setattr", ARGUMENTS({ 0, DENTRY }), .optional = true },
	{ HOOK(inode_create), .name = "branch_inode_create", ARGUMENTS({ 0, "inode" }, { 1, DENTRY }) },
	{ HOOK(inode_mkdir), .name = "branch_inode_mkdir", ARGUMENTS({ 0, "inode" }, { 1, DENTRY }) },
	{ HOOK(inode_mknod), .name = "branch_inode_mknod", ARGUMENTS({ 0, "inode" }, { 1, DENTRY }) },
	{ HOOK(inode_symlink), .name = "branch_inode_symlink", ARGUMENTS({ 0, "inode" }, { 1, DENTRY }) },
	{ HOOK(inode_link), .name = "branch_inode_link", ARGUMENTS({ 0, DENTRY }, { 2, DENTRY }) },
	{ HOOK(inode_unlink), .name = "branch_inode_unlink", ARGUMENTS({ 0, "inode" }, { 1, DENTRY }) },
	{ HOOK(inode_rmdir), .name = "branch_inode_rmdir", ARGUMENTS({ 0, "inode" }, { 1, DENTRY }) },
	{ HOOK(inode_rename), .name = "branch_inode_rename", ARGUMENTS({ 1, DENTRY }, { 3, DENTRY }),
	  .parameters = 4 },
	{ HOOK(inode_setattr), .name = "branch_inode_setattr_idmap", .parameters = 3,
	  ARGUMENTS({ 1, DENTRY }, { 2, "iattr" }) },
	{ HOOK(inode_setattr), .name = "branch_inode_setattr", .parameters = 2,
	  ARGUMENTS({ 0, DENTRY }, { 1, "iattr" }) },
	{ HOOK(inode_setxattr), .name = "branch_inode_setxattr", ARGUMENTS({ 1, DENTRY }) },
	{ HOOK(inode_removexattr), .name = "branch_inode_removexattr", ARGUMENTS({ 1, DENTRY }) },
	{ HOOK(inode_set_acl), .name = "branch_inode_set_acl", ARGUMENTS({ 1, DENTRY }), .optional = true },
	{ HOOK(inode_remove_acl), .name = "branch_inode_remove_acl", ARGUMENTS({ 1, DENTRY }), .optional = true },
	{ HOOK(inode_copy_up), .name = "branch_inode_copy_up", ARGUMENTS({ 0, DENTRY }) },
};
/* clang-format on */

const unsigned mica_branch_hook_count = sizeof(mica_branch_hooks) / sizeof(mica_branch_hooks[0]);
