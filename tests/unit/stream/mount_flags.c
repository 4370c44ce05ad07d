/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/mount_flags.h"

#include <criterion/criterion.h>
#include <sys/mount.h>

#include "base/buffer.h"

static void assert_words(enum mica_event_type type, uint64_t flags, const char *expected)
{
	_cleanup_buffer_ struct mica_buffer words = {};
	char text[MICA_MOUNT_FLAG_TEXT];

	for (const char *word; (word = mica_mount_flag_next(type, &flags, text));)
		(void)mica_buffer_appendf(&words, "%s%s", words.size ? " " : "", word);
	cr_assert_str_eq(mica_buffer_string(&words), expected);
	cr_assert_eq(flags, 0u);
}

Test(stream_mount_flags, words)
{
	assert_words(MICA_EVENT_MOUNT, 0, "");
	assert_words(MICA_EVENT_MOUNT, MS_BIND | MS_REC | MS_RDONLY, "ro bind rec");
	assert_words(MICA_EVENT_MOUNT, MS_REC | MS_PRIVATE, "rec private");
	assert_words(MICA_EVENT_UMOUNT, MNT_DETACH | UMOUNT_NOFOLLOW, "detach nofollow");
	assert_words(MICA_EVENT_MOUNT, 0x1fff & ~0x200,
		     "ro nosuid nodev noexec sync remount mand dirsync nosymfollow noatime nodiratime bind");
	assert_words(MICA_EVENT_MOUNT, 0x3bfe000,
		     "move rec silent posixacl unbindable private slave shared relatime iversion strictatime lazytime");
}

Test(stream_mount_flags, unknown_bits_in_hexadecimal)
{
	assert_words(MICA_EVENT_MOUNT, UINT64_C(1) << 63 | 1, "ro 0x8000000000000000");
	assert_words(MICA_EVENT_UMOUNT, 16, "0x10");
	assert_words(MICA_EVENT_MOUNT, UINT64_C(0x80000200), "0x200 0x80000000");
}

Test(stream_mount_flags, old_magic_is_stripped)
{
	assert_words(MICA_EVENT_MOUNT, 0xc0ed0000 | MS_NOSUID, "nosuid");
	assert_words(MICA_EVENT_MOUNT, 0xc0ed0000, "");
}
