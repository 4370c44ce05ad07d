/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/mount_flags.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mount.h>

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256 /* Linux 5.10, include/uapi/linux/mount.h */
#endif

/* Programs older than Linux 2.4 put this in the upper half, where newer flags are now; the kernel strips it
 * (path_mount in fs/namespace.c). */
#define MAGIC_MASK UINT64_C(0xffff0000)
#define MAGIC UINT64_C(0xc0ed0000)

struct flag_word {
	uint64_t bit;
	const char *word;
};

static const struct flag_word mount_words[] = {
	{ MS_RDONLY, "ro" },
	{ MS_NOSUID, "nosuid" },
	{ MS_NODEV, "nodev" },
	{ MS_NOEXEC, "noexec" },
	{ MS_SYNCHRONOUS, "sync" },
	{ MS_REMOUNT, "remount" },
	{ MS_MANDLOCK, "mand" },
	{ MS_DIRSYNC, "dirsync" },
	{ MS_NOSYMFOLLOW, "nosymfollow" },
	{ MS_NOATIME, "noatime" },
	{ MS_NODIRATIME, "nodiratime" },
	{ MS_BIND, "bind" },
	{ MS_MOVE, "move" },
	{ MS_REC, "rec" },
	{ MS_SILENT, "silent" },
	{ MS_POSIXACL, "posixacl" },
	{ MS_UNBINDABLE, "unbindable" },
	{ MS_PRIVATE, "private" },
	{ MS_SLAVE, "slave" },
	{ MS_SHARED, "shared" },
	{ MS_RELATIME, "relatime" },
	{ MS_I_VERSION, "iversion" },
	{ MS_STRICTATIME, "strictatime" },
	{ MS_LAZYTIME, "lazytime" },
};

static const struct flag_word umount_words[] = {
	{ MNT_FORCE, "force" },
	{ MNT_DETACH, "detach" },
	{ MNT_EXPIRE, "expire" },
	{ UMOUNT_NOFOLLOW, "nofollow" },
};

/* The rest as in include/uapi/linux/mount.h of Linux 7.2: the C library's headers are older, and <linux/mount.h> and
 * <sys/mount.h> exclude each other. */

static const struct flag_word move_mount_words[] = {
	{ 0x1, "from-follow" },   { 0x2, "from-automount" }, { 0x4, "from-empty-path" }, { 0x10, "to-follow" },
	{ 0x20, "to-automount" }, { 0x40, "to-empty-path" }, { 0x100, "set-group" },     { 0x200, "beneath" },
};

static const struct flag_word fsopen_words[] = {
	{ 0x1, "cloexec" },
};

static const struct flag_word fspick_words[] = {
	{ 0x1, "cloexec" },
	{ 0x2, "nofollow" },
	{ 0x4, "no-automount" },
	{ 0x8, "empty-path" },
};

static const struct flag_word fsmount_words[] = {
	{ 0x1, "cloexec" },
	{ 0x2, "namespace" },
};

/* MOUNT_ATTR_* */
static const struct flag_word attribute_words[] = {
	{ 0x1, "ro" },          { 0x2, "nosuid" },     { 0x4, "nodev" },
	{ 0x8, "noexec" },      { 0x10, "noatime" },   { 0x20, "strictatime" },
	{ 0x80, "nodiratime" }, { 0x100000, "idmap" }, { 0x200000, "nosymfollow" },
};

/* What any system call with AT_* flags takes, and OPEN_TREE_*. */
static const struct flag_word open_tree_words[] = {
	{ 0x1, "clone" },
	{ 0x2, "namespace" },
	{ AT_SYMLINK_NOFOLLOW, "nofollow" },
	{ AT_NO_AUTOMOUNT, "no-automount" },
	{ AT_EMPTY_PATH, "empty-path" },
	{ 0x8000, "recursive" },
	{ O_CLOEXEC, "cloexec" },
};

#define WORDS(array)                                      \
	{                                                 \
		array, sizeof(array) / sizeof((array)[0]) \
	}

static const struct {
	const struct flag_word *words;
	size_t count;
} tables[_MICA_MOUNT_FLAGS_MAX] = {
	[MICA_MOUNT_FLAGS_MS] = WORDS(mount_words),
	[MICA_MOUNT_FLAGS_UMOUNT] = WORDS(umount_words),
	[MICA_MOUNT_FLAGS_MOVE_MOUNT] = WORDS(move_mount_words),
	[MICA_MOUNT_FLAGS_FSOPEN] = WORDS(fsopen_words),
	[MICA_MOUNT_FLAGS_FSPICK] = WORDS(fspick_words),
	[MICA_MOUNT_FLAGS_FSMOUNT] = WORDS(fsmount_words),
	[MICA_MOUNT_FLAGS_OPEN_TREE] = WORDS(open_tree_words),
	[MICA_MOUNT_FLAGS_ATTR] = WORDS(attribute_words),
};

/* Two bits of this field have words: all of it together is what clears the setting (MOUNT_ATTR__ATIME). */
#define ATTR_ATIME UINT64_C(0x70)

const char *mica_mount_flag_next(enum mica_mount_flags kind, uint64_t *flags, char text[static MICA_MOUNT_FLAG_TEXT])
{
	if ((unsigned)kind >= _MICA_MOUNT_FLAGS_MAX)
		return NULL;
	if (kind == MICA_MOUNT_FLAGS_MS && (*flags & MAGIC_MASK) == MAGIC)
		*flags &= ~MAGIC_MASK;
	if (*flags == 0 || kind == MICA_MOUNT_FLAGS_AUX)
		return NULL;
	if (tables[kind].words == attribute_words && (*flags & ATTR_ATIME) == ATTR_ATIME) {
		*flags &= ~ATTR_ATIME;
		return "atime";
	}

	uint64_t bit = *flags & -*flags;
	*flags &= ~bit;
	for (size_t i = 0; i < tables[kind].count; i++)
		if (tables[kind].words[i].bit == bit)
			return tables[kind].words[i].word;
	(void)snprintf(text, MICA_MOUNT_FLAG_TEXT, "0x%" PRIx64, bit);
	return text;
}

struct mica_mount_words mica_mount_words(const struct mica_record *record)
{
	const uint64_t propagation = MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED;
	struct mica_mount_words words = {};

	if (record->flags & MICA_RECORD_MOUNT_ATTR) {
		words.flags[0] = (struct mica_mount_flags_of){ MICA_MOUNT_FLAGS_OPEN_TREE, record->mount_attr.flags };
		words.flags[1] = (struct mica_mount_flags_of){ MICA_MOUNT_FLAGS_ATTR, record->mount_attr.set };
		words.cleared = (struct mica_mount_flags_of){ MICA_MOUNT_FLAGS_ATTR, record->mount_attr.cleared };
		words.propagation = record->mount_attr.propagation;
		return words;
	}
	words.flags[0] = (struct mica_mount_flags_of){ record->mount.flags_kind, record->mount.flags };
	if (record->mount.flags_kind == MICA_MOUNT_FLAGS_FSMOUNT) {
		words.flags[0] =
			(struct mica_mount_flags_of){ MICA_MOUNT_FLAGS_ATTR, record->mount.flags & UINT32_MAX };
		words.flags[1] = (struct mica_mount_flags_of){ MICA_MOUNT_FLAGS_FSMOUNT, record->mount.flags >> 32 };
	}
	words.cleared = (struct mica_mount_flags_of){ MICA_MOUNT_FLAGS_MS, record->mount.cleared };
	if (record->type == MICA_EVENT_MOUNT_SETATTR)
		words.propagation = record->mount.flags & propagation;
	return words;
}

static const char *const commands[] = {
	"set-flag", "set-string", "set-binary",  "set-path",    "set-path-empty",
	"set-fd",   "create",     "reconfigure", "create-excl",
};

const char *mica_fsconfig_command(unsigned command, char text[static MICA_MOUNT_FLAG_TEXT])
{
	if (command < sizeof(commands) / sizeof(commands[0]))
		return commands[command];
	(void)snprintf(text, MICA_MOUNT_FLAG_TEXT, "0x%x", command);
	return text;
}
