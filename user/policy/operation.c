// SPDX-License-Identifier: BSD-2-Clause
#include "policy/operation.h"

#include <errno.h>
#include <string.h>

#include "base/suggest.h"

/*
 * EROFS where something would be laid over a layer, as a read-only file system says it; EPERM for mounts, as without
 * the capability; EACCES for the rest, as permissions say it.
 */
static const struct mica_operation_info operations[_MICA_OPERATION_MAX] = {
	[MICA_OPERATION_READ] = { "read", "opens a file for reading, or reads a directory", EACCES },
	[MICA_OPERATION_WRITE] = { "write", "opens a file for writing, or writes to it", EACCES },
	[MICA_OPERATION_CREATE] = { "create", "makes a new file, directory, node or symbolic link", EACCES },
	[MICA_OPERATION_DELETE] = { "delete", "removes a name", EACCES },
	[MICA_OPERATION_RENAME] = { "rename", "renames from or to the path", EACCES },
	[MICA_OPERATION_LINK] = { "link", "makes a hard link from or to the path", EACCES },
	[MICA_OPERATION_TRUNCATE] = { "truncate", "changes the size of a file", EACCES },
	[MICA_OPERATION_CHMOD] = { "chmod", "changes the mode", EACCES },
	[MICA_OPERATION_CHOWN] = { "chown", "changes the owner or group", EACCES },
	[MICA_OPERATION_UTIMES] = { "utimes", "sets times", EACCES },
	[MICA_OPERATION_XATTR] = { "xattr", "sets or removes an extended attribute", EACCES },
	[MICA_OPERATION_ACL] = { "acl", "sets or removes an access control list", EACCES },
	[MICA_OPERATION_IOCTL] = { "ioctl", "changes inode flags by ioctl or file_setattr", EACCES },
	[MICA_OPERATION_MMAP_WRITE] = { "mmap-write", "maps a file shared and writable", EACCES },
	[MICA_OPERATION_COPY_UP] = { "copy-up", "changes a lower file, which is first copied to the upper", EROFS },
	[MICA_OPERATION_WHITEOUT] = { "whiteout", "hides a lower file by removing or replacing its name", EROFS },
	[MICA_OPERATION_OPAQUE] = { "opaque", "makes a directory that hides all of a lower one", EROFS },
	[MICA_OPERATION_MOUNT] = { "mount", "mounts or binds something on the path", EPERM },
	[MICA_OPERATION_UMOUNT] = { "umount", "unmounts what is mounted on the path", EPERM },
	[MICA_OPERATION_MOVE_MOUNT] = { "move-mount", "moves a mount, or attaches a new one, to the path", EPERM },
	[MICA_OPERATION_REMOUNT] = { "remount", "changes the options of a mount or its propagation", EPERM },
	[MICA_OPERATION_MOUNT_SETATTR] = { "mount-setattr", "calls mount_setattr", EPERM },
	[MICA_OPERATION_OPEN_TREE] = { "open-tree", "clones a mount by open_tree or open_tree_attr", EPERM },
	[MICA_OPERATION_PIVOT_ROOT] = { "pivot-root", "calls pivot_root", EPERM },
	[MICA_OPERATION_SETNS] = { "setns", "enters another mount namespace", EPERM },
	[MICA_OPERATION_DEVICE_OPEN] = { "device-open", "opens a block or character device", EACCES },
};

const struct mica_operation_group mica_operation_groups[] = {
	{ "modify", MICA_OPERATIONS_MODIFY },
	{ "change-lower", MICA_OPERATIONS_CHANGE_LOWER },
	{ "mounts", MICA_OPERATIONS_MOUNTS },
	{},
};

const struct mica_operation_info *mica_operation_describe(enum mica_operation operation)
{
	return &operations[operation];
}

uint32_t mica_operation_find(const char *name)
{
	for (unsigned i = 0; i < _MICA_OPERATION_MAX; i++)
		if (strcmp(operations[i].name, name) == 0)
			return MICA_OPERATION_BIT(i);
	for (const struct mica_operation_group *group = mica_operation_groups; group->name; group++)
		if (strcmp(group->name, name) == 0)
			return group->operations;
	return 0;
}

const char *mica_operation_suggest(const char *name)
{
	const char *words[_MICA_OPERATION_MAX + sizeof(mica_operation_groups) / sizeof(mica_operation_groups[0])] = {};
	size_t count = 0;

	for (unsigned i = 0; i < _MICA_OPERATION_MAX; i++)
		words[count++] = operations[i].name;
	for (const struct mica_operation_group *group = mica_operation_groups; group->name; group++)
		words[count++] = group->name;
	return mica_suggest(name, words);
}

bool mica_operation_delivers(enum mica_operation operation, int error)
{
	if (MICA_OPERATIONS_CAPABILITY & MICA_OPERATION_BIT(operation))
		return error == EPERM;
	return error == EPERM || error == EACCES || error == EROFS;
}

const char *mica_verdict_name(enum mica_verdict verdict)
{
	static const char *const names[_MICA_VERDICT_MAX] = {
		[MICA_VERDICT_ALLOW] = "allow",
		[MICA_VERDICT_AUDIT] = "audit",
		[MICA_VERDICT_DENY] = "deny",
	};
	return names[verdict];
}
