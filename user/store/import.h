/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking in what others packed: images and layers. Archives are hostile until proved otherwise: a path that leaves the
 * layer, a link through a symlink, a digest that does not fit, and the whole import is refused and leaves nothing.
 */
#ifndef MICA_STORE_IMPORT_H
#define MICA_STORE_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct mica_import_options {
	/** Makes device nodes; else they are left out and counted. */
	bool devices;
	/** Refuses an import whose files are larger in all; 0: no limit. */
	uint64_t max_bytes;
	/** Told of bytes that were read, and of how many there are (0: not known); may be NULL. */
	void (*progress)(uint64_t done, uint64_t total, void *userdata);
	void *userdata;
};

/** What was unpacked, and what was not. */
struct mica_import_counts {
	uint64_t entries, bytes;
	/** Left out: device nodes, extended attributes of overlayfs, names of AUFS' own (.wh..wh.…), sockets and other
	 *  types that a layer cannot have, ACLs in a form of their own. */
	uint64_t devices, overlay_xattrs, aufs, others, acls;
	/** Extended attributes that this file system does not take. */
	uint64_t xattrs;
};

#endif
