/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/mount_flags.h"

#include <criterion/criterion.h>
#include <sys/mount.h>

#include "base/buffer.h"

static void assert_words(enum mica_mount_flags kind, uint64_t flags, const char *expected)
{
	_cleanup_buffer_ struct mica_buffer words = {};
	char text[MICA_MOUNT_FLAG_TEXT];

	for (const char *word; (word = mica_mount_flag_next(kind, &flags, text));)
		(void)mica_buffer_appendf(&words, "%s%s", words.size ? " " : "", word);
	cr_assert_str_eq(mica_buffer_string(&words), expected);
	cr_assert_eq(flags, 0u);
}

Test(stream_mount_flags, words)
{
	assert_words(MICA_MOUNT_FLAGS_MS, 0, "");
	assert_words(MICA_MOUNT_FLAGS_MS, MS_BIND | MS_REC | MS_RDONLY, "ro bind rec");
	assert_words(MICA_MOUNT_FLAGS_MS, MS_REC | MS_PRIVATE, "rec private");
	assert_words(MICA_MOUNT_FLAGS_UMOUNT, MNT_DETACH | UMOUNT_NOFOLLOW, "detach nofollow");
	assert_words(MICA_MOUNT_FLAGS_MS, 0x1fff & ~0x200,
		     "ro nosuid nodev noexec sync remount mand dirsync nosymfollow noatime nodiratime bind");
	assert_words(MICA_MOUNT_FLAGS_MS, 0x3bfe000,
		     "move rec silent posixacl unbindable private slave shared relatime iversion strictatime lazytime");
}

Test(stream_mount_flags, unknown_bits_in_hexadecimal)
{
	assert_words(MICA_MOUNT_FLAGS_MS, UINT64_C(1) << 63 | 1, "ro 0x8000000000000000");
	assert_words(MICA_MOUNT_FLAGS_UMOUNT, 16, "0x10");
	assert_words(MICA_MOUNT_FLAGS_MS, UINT64_C(0x80000200), "0x200 0x80000000");
}

Test(stream_mount_flags, old_magic_is_stripped)
{
	assert_words(MICA_MOUNT_FLAGS_MS, 0xc0ed0000 | MS_NOSUID, "nosuid");
	assert_words(MICA_MOUNT_FLAGS_MS, 0xc0ed0000, "");
}

Test(stream_mount_flags, words_of_the_mount_api)
{
	assert_words(MICA_MOUNT_FLAGS_FSOPEN, 3, "cloexec 0x2");
	assert_words(MICA_MOUNT_FLAGS_FSPICK, 0xf, "cloexec nofollow no-automount empty-path");
	assert_words(MICA_MOUNT_FLAGS_FSMOUNT, 0x13, "cloexec namespace 0x10");
	assert_words(MICA_MOUNT_FLAGS_ATTR, 0x2000bf,
		     "ro nosuid nodev noexec noatime strictatime nodiratime nosymfollow");
	assert_words(MICA_MOUNT_FLAGS_ATTR, 0x10007f, "atime ro nosuid nodev noexec idmap");
	assert_words(MICA_MOUNT_FLAGS_ATTR, 0x50, "noatime 0x40");
	assert_words(MICA_MOUNT_FLAGS_OPEN_TREE, 0x89903,
		     "clone namespace nofollow no-automount empty-path recursive cloexec");
	assert_words(
		MICA_MOUNT_FLAGS_MOVE_MOUNT, 0x377,
		"from-follow from-automount from-empty-path to-follow to-automount to-empty-path set-group beneath");
	assert_words(MICA_MOUNT_FLAGS_MOVE_MOUNT, 0xc0ed0000,
		     "0x10000 0x40000 0x80000 0x200000 0x400000 0x800000 0x40000000 0x80000000");
}

Test(stream_mount_flags, an_argument_is_no_flag)
{
	uint64_t flags = 7;
	char text[MICA_MOUNT_FLAG_TEXT];

	cr_assert_null(mica_mount_flag_next(MICA_MOUNT_FLAGS_AUX, &flags, text));
	cr_assert_null(mica_mount_flag_next(_MICA_MOUNT_FLAGS_MAX, &flags, text));
}

Test(stream_mount_flags, where_the_flags_of_a_record_are)
{
	struct mica_record record = { .type = MICA_EVENT_MOUNT_SETATTR };
	struct mica_mount_words words;

	record.mount = (struct mica_mount){ .flags = MS_REC | MS_SLAVE, .cleared = MS_RDONLY };
	words = mica_mount_words(&record);
	cr_assert_eq(words.flags[0].kind, MICA_MOUNT_FLAGS_MS);
	cr_assert_eq(words.flags[0].flags, (uint64_t)(MS_REC | MS_SLAVE));
	cr_assert_eq(words.flags[1].flags, 0u);
	cr_assert_eq(words.cleared.flags, (uint64_t)MS_RDONLY);
	cr_assert_eq(words.propagation, (uint64_t)MS_SLAVE);

	record.mount = (struct mica_mount){ .flags = UINT64_C(3) << 32 | 5, .flags_kind = MICA_MOUNT_FLAGS_FSMOUNT };
	words = mica_mount_words(&record);
	cr_assert_eq(words.flags[0].kind, MICA_MOUNT_FLAGS_ATTR);
	cr_assert_eq(words.flags[0].flags, 5u);
	cr_assert_eq(words.flags[1].kind, MICA_MOUNT_FLAGS_FSMOUNT);
	cr_assert_eq(words.flags[1].flags, 3u);

	record.flags = MICA_RECORD_MOUNT_ATTR;
	record.mount_attr =
		(struct mica_mount_attr){ .set = 1, .cleared = 2, .propagation = MS_PRIVATE, .flags = 0x8000 };
	words = mica_mount_words(&record);
	cr_assert_eq(words.flags[0].kind, MICA_MOUNT_FLAGS_OPEN_TREE);
	cr_assert_eq(words.flags[0].flags, 0x8000u);
	cr_assert_eq(words.flags[1].kind, MICA_MOUNT_FLAGS_ATTR);
	cr_assert_eq(words.flags[1].flags, 1u);
	cr_assert_eq(words.cleared.kind, MICA_MOUNT_FLAGS_ATTR);
	cr_assert_eq(words.cleared.flags, 2u);
	cr_assert_eq(words.propagation, (uint64_t)MS_PRIVATE);
}

Test(stream_mount_flags, commands)
{
	char text[MICA_MOUNT_FLAG_TEXT];

	cr_assert_str_eq(mica_fsconfig_command(0, text), "set-flag");
	cr_assert_str_eq(mica_fsconfig_command(MICA_FSCONFIG_SET_BINARY, text), "set-binary");
	cr_assert_str_eq(mica_fsconfig_command(MICA_FSCONFIG_SET_FD, text), "set-fd");
	cr_assert_str_eq(mica_fsconfig_command(8, text), "create-excl");
	cr_assert_str_eq(mica_fsconfig_command(9, text), "0x9");
}
