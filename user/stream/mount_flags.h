/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flags of mount calls in words.
 */
#ifndef MICA_STREAM_MOUNT_FLAGS_H
#define MICA_STREAM_MOUNT_FLAGS_H

#include <stdint.h>

#include "mica/event.h"

/** Room for "0x8000000000000000" and its NUL. */
#define MICA_MOUNT_FLAG_TEXT 19

/**
 * Takes the lowest flag off *flags and returns its word as mount(8) has it where it has one ("ro", "bind"; of
 * umount2(2): "detach"), or its bit in hexadecimal, which is written to `text`. NULL: none is left.
 */
const char *mica_mount_flag_next(enum mica_mount_flags kind, uint64_t *flags, char text[static MICA_MOUNT_FLAG_TEXT]);

struct mica_mount_flags_of {
	enum mica_mount_flags kind;
	uint64_t flags;
};

/** All flags of a record that has mica_mount or mica_mount_attr as its body. */
struct mica_mount_words {
	/** What the call was asked to do or set: its own flags and the mount's attributes. */
	struct mica_mount_flags_of flags[2];
	struct mica_mount_flags_of cleared;
	/** MS_* of propagation; also in `flags` where mount(2) did it. */
	uint64_t propagation;
};
struct mica_mount_words mica_mount_words(const struct mica_record *record);

/** enum fsconfig_command (include/uapi/linux/mount.h), those that have an `aux`. */
#define MICA_FSCONFIG_SET_BINARY 2
#define MICA_FSCONFIG_SET_FD 5

/** "set-flag", "create", …; an unknown one in hexadecimal, which is written to `text`. */
const char *mica_fsconfig_command(unsigned command, char text[static MICA_MOUNT_FLAG_TEXT]);

#endif
