/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STREAM_MOUNT_FLAGS_H
#define MICA_STREAM_MOUNT_FLAGS_H

#include <stdint.h>

#include "mica/event.h"

/** Room for "0x8000000000000000" and its NUL. */
#define MICA_MOUNT_FLAG_TEXT 19

/**
 * Takes the lowest flag off *flags and returns its word as mount(8) has it ("ro", "bind"; of umount2(2) for
 * MICA_EVENT_UMOUNT: "detach"), or its bit in hexadecimal, which is written to `text`. NULL: none is left.
 */
const char *mica_mount_flag_next(enum mica_event_type type, uint64_t *flags, char text[static MICA_MOUNT_FLAG_TEXT]);

#endif
