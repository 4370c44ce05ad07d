/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/mount_flags.h"

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

const char *mica_mount_flag_next(enum mica_event_type type, uint64_t *flags, char text[static MICA_MOUNT_FLAG_TEXT])
{
	const struct flag_word *words = mount_words;
	size_t count = sizeof(mount_words) / sizeof(mount_words[0]);

	if (type == MICA_EVENT_UMOUNT) {
		words = umount_words;
		count = sizeof(umount_words) / sizeof(umount_words[0]);
	} else if ((*flags & MAGIC_MASK) == MAGIC) {
		*flags &= ~MAGIC_MASK;
	}
	if (*flags == 0)
		return NULL;

	uint64_t bit = *flags & -*flags;
	*flags &= ~bit;
	for (size_t i = 0; i < count; i++)
		if (words[i].bit == bit)
			return words[i].word;
	(void)snprintf(text, MICA_MOUNT_FLAG_TEXT, "0x%" PRIx64, bit);
	return text;
}
