/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an archive of images says it holds: parsed from its JSON, checked, and nothing touched yet. Pure. Fuzzed.
 */
#ifndef MICA_STORE_IMPORT_PLAN_H
#define MICA_STORE_IMPORT_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "store/digest.h"

/** A blob of an archive. */
struct mica_import_blob {
	/** Name in the archive: "blobs/sha256/…", "layer.tar". */
	char *name;
	/** "sha256:…" of its bytes, to be verified; NULL: not told. */
	char *digest;
	/** Of its bytes; -1: not told. */
	int64_t size;
};

struct mica_import_image {
	struct mica_import_blob config;
	/** Lowest first. */
	struct mica_import_blob *layers;
	size_t layer_count;
	struct mica_strings names;
};

struct mica_import_plan {
	struct mica_import_image *images;
	size_t count;
};

#define _cleanup_import_plan_ _cleanup_(mica_import_plan_free)
void mica_import_plan_free(struct mica_import_plan *plan);

/** A docker-archive's manifest.json. All of these: 0, -EBADMSG, or -ENOMEM; `ret` untouched on failure. */
int mica_import_parse_docker(const char *json, size_t size, struct mica_import_plan *ret);

/** One manifest that an OCI index lists. */
struct mica_import_descriptor {
	struct mica_import_blob blob;
	/** It is an index itself. */
	bool index;
	/** For another platform than this machine's. */
	bool foreign;
	/** NULL: none. */
	char *name;
};
struct mica_import_descriptors {
	struct mica_import_descriptor *items;
	size_t count;
};
#define _cleanup_import_descriptors_ _cleanup_(mica_import_descriptors_free)
void mica_import_descriptors_free(struct mica_import_descriptors *descriptors);

/** An OCI index (index.json, or one that it lists). */
int mica_import_parse_index(const char *json, size_t size, struct mica_import_descriptors *ret);
/** An OCI image manifest. `name` may be NULL; it is copied. Adds an image to the plan. */
int mica_import_parse_manifest(const char *json, size_t size, const char *name, struct mica_import_plan *plan);

/** The layers' digests in an image's configuration, lowest first; caller frees. */
int mica_import_parse_diff_ids(const char *json, size_t size, struct mica_strings *ret);

#endif
