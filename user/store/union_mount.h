/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mounting a union: overlayfs by the kernel's new mount API, any directory names, as many layers as the kernel takes.
 */
#ifndef MICA_STORE_UNION_MOUNT_H
#define MICA_STORE_UNION_MOUNT_H

#include <stdbool.h>
#include <stddef.h>

/** The kernel's own limit of lower layers (OVL_MAX_STACK). */
#define MICA_UNION_LOWERS_MAX 500

/** Room for the words of a failure. */
struct mica_union_reason {
	char text[512];
};

struct mica_union_specification {
	/** Topmost first; absolute. */
	const char *const *lowers;
	size_t lower_count;
	/** NULL: the union is read-only. With it goes a work directory in the same file system. */
	const char *upper;
	const char *work;
	/** Further options of overlayfs, KEY or KEY=VALUE; NULL-terminated, or NULL. */
	const char *const *options;
	/** Also with an upper. */
	bool readonly;
	/**
	 * NULL, or asked when the union is made and mounted nowhere yet, so that nobody can reach it; a negative errno,
	 * with the reason's text, leaves it so. On kernels before 6.8 the names of all directories then go into one
	 * string of 255 bytes, as numbers: some eighty branches.
	 */
	int (*before_attach)(int union_fd, void *userdata, struct mica_union_reason *reason);
	void *userdata;
};

/**
 * Mounts the union at `target` (absolute), in the place of nothing else: all layers, or none. -E2BIG: more layers than
 * the kernel takes; else a negative errno. `ret_reason` tells what was tried, with the kernel's own words where it has
 * some. The working directory may have changed when it fails.
 */
int mica_union_mount(const struct mica_union_specification *specification, const char *target,
		     struct mica_union_reason *ret_reason);

#endif
