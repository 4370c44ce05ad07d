/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directories that a union's mount options name, as the kernel shows them in mountinfo.
 */
#ifndef MICA_CONTAINER_OVERLAY_OPTIONS_H
#define MICA_CONTAINER_OVERLAY_OPTIONS_H

#include <stddef.h>

enum mica_overlay_part {
	MICA_OVERLAY_UPPER,
	MICA_OVERLAY_WORK,
	MICA_OVERLAY_LOWER,
};

/** One directory. */
struct mica_overlay_directory {
	enum mica_overlay_part part;
	/** Lower: 1 is the topmost. */
	unsigned layer;
	/** As it was given to mount(2): perhaps relative to a directory that is not known. */
	char *path;
	/** What it is when its backslashes are no escapes (of a mount by fsconfig(2)); NULL: it has none. */
	char *other;
};

struct mica_overlay_directories {
	struct mica_overlay_directory *items;
	size_t count;
};

#define _cleanup_overlay_directories_ _cleanup_(mica_overlay_directories_free)

/**
 * Reads the file system's options (mica_mount_entry). The kernel's octal escapes are undone already, so that a comma
 * in a path (\054) looks like any other: a value ends only where a comma and the name of an overlay option follow.
 * 0 or -ENOMEM, then `ret` is untouched. Any text is allowed. Pure.
 */
int mica_overlay_options_parse(const char *options, struct mica_overlay_directories *ret);
void mica_overlay_directories_free(struct mica_overlay_directories *directories);

#endif
