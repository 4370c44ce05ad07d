/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking in what others packed: images and layers. Archives are hostile until proved otherwise: a path that leaves the
 * layer, a link through a symlink, a digest that does not fit, and the whole import is refused and leaves nothing.
 */
#ifndef MICA_STORE_IMPORT_H
#define MICA_STORE_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
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

enum mica_import_format {
	/** By what is in it: oci-layout with index.json, manifest.json, or neither. */
	MICA_IMPORT_ANY,
	/** `docker save`: manifest.json. */
	MICA_IMPORT_DOCKER,
	/** An OCI image layout, in a directory or an archive. */
	MICA_IMPORT_OCI,
	/** A tree of files: an image of one layer. */
	MICA_IMPORT_TREE,
};

/** An image that was imported. */
struct mica_imported {
	/** 64 digits. */
	const char *id;
	/** NULL: a scratch image without a layer. */
	const char *top;
	const char *const *names;
	size_t name_count;
	uint64_t layers;
	/** Of them, those that were there already. */
	uint64_t shared;
};

/**
 * Imports all images of an archive, or none, from a descriptor of a file, pipe, or directory (OCI layout). `name`: one
 * more name for its image; NULL: only its own. Calls `take` for each image when all are on the disk. -EBADMSG: it is
 * damaged, hostile, or not as its digests say; mica_store_reason says what.
 */
int mica_import(struct mica_store *store, int fd, enum mica_import_format format, const char *name,
		const struct mica_import_options *options, struct mica_import_counts *ret_counts,
		void (*take)(const struct mica_imported *image, void *userdata), void *userdata);

#endif
