/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is who: containers, mount namespaces, and the objects that their files live in.
 */
#ifndef MICA_CONTAINER_CONTAINER_H
#define MICA_CONTAINER_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>

/** A container as an engine knows it. Lives as long as the identity tables, also when the container is gone; so do the
 *  strings, also one that was replaced (`podman rename`). */
struct mica_container {
	/** Full id as the engine writes it. */
	const char *id;
	const char *name;
	/** NULL: not known (plain crun has none). */
	const char *image;
	/** Id of the image: hexadecimal digits, "sha256:" may stand before them. NULL: not known. */
	const char *image_id;
	/** "podman", "crun", … ; a static string. */
	const char *engine;
};

/** What mica knows of a mount namespace. */
enum mica_namespace_kind {
	/** Not looked at yet, or its processes were gone before it could be. */
	MICA_NAMESPACE_UNKNOWN = 0,
	MICA_NAMESPACE_HOST,
	/** Its root is a union, or an engine claims it. */
	MICA_NAMESPACE_CONTAINER,
	/** Something else: a systemd service with its own mounts, unshare(1), a runtime setting up. */
	MICA_NAMESPACE_OTHER,
};

/** Lives until some time after mica_identity_namespace_gone: hold its `id`, not the pointer, beyond that. */
struct mica_namespace {
	/** See mnt_ns_id in struct mica_record. */
	uint64_t id;
	/** Inode number of /proc/PID/ns/mnt. */
	uint32_t inode;
	enum mica_namespace_kind kind;
	/** NULL: none known. */
	const struct mica_container *container;
};

enum mica_object_kind {
	MICA_OBJECT_NONE = 0,
	MICA_OBJECT_LAYER,
	MICA_OBJECT_UPPER,
	MICA_OBJECT_VOLUME,
	MICA_OBJECT_TMPFS,
	MICA_OBJECT_HOST,
	/** Of a denial: the union as a whole, wherever in it the data lives. */
	MICA_OBJECT_UNION,
};

/** Where a file's data lives. Strings belong to the identity tables and live as long as those. */
struct mica_object {
	enum mica_object_kind kind;
	/** layer: 1 = topmost lower; 0: not known. */
	unsigned layer;
	/** layer, upper: number of lower layers of the union. */
	unsigned layers;
	/** layer: diff_id ("sha256:…") where the engine knows it, else NULL. */
	const char *digest;
	/** layer: "init" for Docker's init layer, else NULL. */
	const char *role;
	/** layer, upper, volume: the directory on the host, NULL: not known. */
	const char *directory;
	/** volume: its name (64 hexadecimal digits for an anonymous one); for a bind mount the host directory or file.
	 */
	const char *volume;
};

/** "layer", "upper", "volume", "tmpfs", "host", "union"; NULL for none. */
const char *mica_object_kind_name(enum mica_object_kind kind);

#endif
