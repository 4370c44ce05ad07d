/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/classify.h"

#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "container/whiteout.h"
#include "mica/event.h"

#define REFRESH_NS 50000000ULL

/** Follows the host's mounts, at most every 50 ms: this is asked for each event. */
static void follow_mounts(struct mica_classifier *classifier)
{
	uint64_t now = mica_now_ns();

	if (now < classifier->next_refresh_ns)
		return;
	classifier->next_refresh_ns = now + REFRESH_NS;
	(void)mica_mountinfo_refresh(classifier->mounts);
}

static struct mica_bytes bytes_of(const char *string)
{
	return (struct mica_bytes){ .data = string, .size = strlen(string) };
}

/** Path of the object itself is "/", not "". */
static struct mica_bytes or_root(struct mica_bytes path)
{
	return path.size ? path : bytes_of("/");
}

/** Writes directory + rest; `rest` is empty or begins with '/'. NULL: too long. */
static const char *join(const char *directory, struct mica_bytes rest, char buffer[static MICA_HOST_PATH_BYTES])
{
	size_t length = strlen(directory);

	if (length == 1)
		length = 0;
	if (rest.size == 1)
		rest.size = 0;
	if (length + rest.size + 2 > MICA_HOST_PATH_BYTES)
		return NULL;
	memcpy(buffer, directory, length);
	memcpy(buffer + length, rest.data, rest.size);
	length += rest.size;
	if (length == 0)
		buffer[length++] = '/';
	buffer[length] = '\0';
	return buffer;
}

static const char *host_path(struct mica_classifier *classifier, uint32_t device, struct mica_bytes path,
			     char buffer[static MICA_HOST_PATH_BYTES])
{
	if (path.size == 0 ||
	    mica_mountinfo_host_path(classifier->mounts, device, path, buffer, MICA_HOST_PATH_BYTES) < 0)
		return NULL;
	return buffer;
}

/**
 * Rest of a path below the container's root directory on the host: what a task sees whose root is not yet that
 * directory, a runtime that sets the container up. data == NULL: not there.
 */
static struct mica_bytes below_root(const struct mica_classifier *classifier,
				    const struct mica_known_container *container, struct mica_bytes path)
{
	const char *directory = container->detailed ? container->details->root_directory : NULL;
	_cleanup_free_ char *real = NULL;
	struct mica_bytes rest = {};

	if (!directory)
		return rest;
	rest = mica_path_below(path, directory);
	/* The kernel's paths have no symlinks. */
	if (!rest.data && mica_host_resolve(classifier->host, directory, &real) == 0)
		rest = mica_path_below(path, real);
	return rest;
}

static bool in_lower(const struct mica_record *record, unsigned layer)
{
	if (layer == 0)
		return false;
	return record->type == MICA_EVENT_COPY_UP || record->type == MICA_EVENT_WHITEOUT ||
	       !(record->flags & MICA_RECORD_UPPER);
}

static void set_branch(struct mica_identified *identified, const struct mica_branch *branch)
{
	if (!branch)
		return;
	identified->object.directory = branch->directory;
	identified->object.digest = branch->digest;
	identified->object.role = branch->role;
}

static void set_union_object(const struct mica_union *u, const struct mica_record *record, unsigned layer,
			     struct mica_identified *identified)
{
	/* What was removed was not seen (lost, cause detail): nobody knows where it was. */
	if (record->type == MICA_EVENT_DELETE && record->inode == 0)
		return;
	identified->object = (struct mica_object){
		.kind = in_lower(record, layer) ? MICA_OBJECT_LAYER : MICA_OBJECT_UPPER,
		.layers = !record->layers && u ? (unsigned)u->branch_count - 1 : record->layers,
	};
	/* A whiteout is about what it hides, also when nobody can tell which layer that is in. */
	if (record->type == MICA_EVENT_WHITEOUT)
		identified->object.kind = MICA_OBJECT_LAYER;
	if (identified->object.kind == MICA_OBJECT_LAYER) {
		identified->object.layer = layer;
		if (u && layer)
			set_branch(identified, mica_union_branch(u, layer));
	} else if (u) {
		set_branch(identified, mica_union_branch(u, 0));
	}
}

int mica_classify_union(struct mica_classifier *classifier, const struct mica_union *u,
			const struct mica_record *record, struct mica_identified *identified)
{
	bool whole = !(record->flags & MICA_RECORD_PATH_TRUNCATED);
	unsigned layer = record->layer;

	/* Of a file in the upper overlayfs may have found the origin by its file handle, and then in the first layer of
	 * that file system, which need not be the one that has it (ovl_check_origin_fh). */
	if (record->type == MICA_EVENT_WHITEOUT && (record->flags & MICA_RECORD_UPPER) &&
	    !(record->flags & MICA_RECORD_DIRECTORY) && u && whole)
		layer = 0;
	if (record->type == MICA_EVENT_WHITEOUT && layer == 0) {
		if (u && whole)
			layer = mica_whiteout_layer(classifier->host, u, identified->path);
		/* Below a renamed directory the path tells nothing. */
		if (layer == 0)
			layer = record->layer;
		/* Where we cannot look (no layer known, half a path), the event stays: better one too many. */
		if (layer == 0 && u && whole && (record->flags & MICA_RECORD_WHITEOUT_MOVED))
			return 1;
	}
	set_union_object(u, record, layer, identified);
	if (whole) {
		follow_mounts(classifier);
		identified->host_path = host_path(classifier, record->dev, identified->path, classifier->buffers.host);
	}
	return 0;
}

void mica_classify_union_itself(const struct mica_union *u, struct mica_identified *identified)
{
	const struct mica_branch *upper = u ? mica_union_branch(u, 0) : NULL;

	if (!upper)
		return;
	identified->object = (struct mica_object){ .kind = MICA_OBJECT_UPPER, .layers = (unsigned)u->branch_count - 1 };
	set_branch(identified, upper);
}

void mica_classify_tmpfs(struct mica_classifier *classifier, const struct mica_known_container *container,
			 struct mica_mountinfo *mounts, const struct mica_record *record,
			 struct mica_identified *identified)
{
	char *buffer = classifier->buffers.container;
	struct mica_bytes rest;

	if ((record->flags & MICA_RECORD_PATH_TRUNCATED) || identified->path.size == 0 ||
	    mica_mountinfo_host_path(mounts, record->dev, identified->path, buffer, MICA_HOST_PATH_BYTES) < 0)
		return;
	rest = below_root(classifier, container, bytes_of(buffer));
	identified->container_path = rest.data ? rest.data : buffer;
}

/** Rebases the second path of a rename or link: it lies in the same file system. */
static void rebase_source(struct mica_classifier *classifier, const struct mica_record *record,
			  const struct mica_known_volume *volume, struct mica_identified *identified)
{
	struct mica_bytes rest = {};
	const char *path;

	if (!(record->flags & MICA_RECORD_SOURCE_IS_PATH) || (record->flags & MICA_RECORD_SOURCE_TRUNCATED) ||
	    identified->source.size == 0)
		return;
	if (volume)
		rest = mica_path_below(identified->source, volume->location.path);
	if (rest.data) {
		identified->source = or_root(rest);
		return;
	}
	if (identified->object.kind == MICA_OBJECT_TMPFS)
		return;
	/* From outside of the volume: its host path says more than half a path. */
	path = host_path(classifier, record->dev, identified->source, classifier->buffers.source);
	if (path)
		identified->source = bytes_of(path);
}

static void set_volume(struct mica_classifier *classifier, const struct mica_record *record,
		       const struct mica_known_volume *volume, struct mica_bytes rest,
		       struct mica_identified *identified)
{
	identified->object = (struct mica_object){
		.kind = MICA_OBJECT_VOLUME,
		.volume = volume->name,
		.directory = volume->source,
	};
	identified->host_path = join(volume->source, rest, classifier->buffers.host);
	identified->container_path = join(volume->destination, rest, classifier->buffers.container);
	rebase_source(classifier, record, volume, identified);
	identified->path = or_root(rest);
}

/** A host path in an engine's volume directory, whoever wrote there. True: it is one. */
static bool set_engine_volume(struct mica_classifier *classifier, const struct mica_record *record,
			      struct mica_identified *identified)
{
	const char *name, *directory;
	struct mica_bytes path;

	if (!identified->host_path ||
	    !mica_container_table_volume_of_path(classifier->containers, identified->host_path, &name, &directory))
		return false;
	identified->object = (struct mica_object){ .kind = MICA_OBJECT_VOLUME, .volume = name, .directory = directory };
	rebase_source(classifier, record, NULL, identified);
	path = mica_path_below(identified->source, directory);
	if ((record->flags & MICA_RECORD_SOURCE_IS_PATH) && path.data)
		identified->source = or_root(path);
	identified->path = or_root(mica_path_below(bytes_of(identified->host_path), directory));
	return true;
}

void mica_classify_other(struct mica_classifier *classifier, struct mica_known_container *container,
			 struct mica_setup_binds *binds, const struct mica_record *record,
			 struct mica_identified *identified)
{
	const struct mica_known_volume *volume = NULL;
	struct mica_bytes rest;

	identified->object.kind = record->fs_magic == TMPFS_MAGIC ? MICA_OBJECT_TMPFS : MICA_OBJECT_HOST;
	if (record->flags & MICA_RECORD_PATH_TRUNCATED)
		return;
	if (container)
		volume = mica_container_volume(classifier->containers, container, record->dev, identified->path, &rest);
	if (!volume && container && binds)
		volume = mica_setup_binds_find(binds, classifier->containers, record->dev, identified->path, &rest);
	if (volume) {
		set_volume(classifier, record, volume, rest, identified);
		return;
	}
	follow_mounts(classifier);
	identified->host_path = host_path(classifier, record->dev, identified->path, classifier->buffers.host);
	if (set_engine_volume(classifier, record, identified))
		return;
	rebase_source(classifier, record, NULL, identified);
	if (identified->object.kind != MICA_OBJECT_HOST || !identified->host_path)
		return;
	identified->path = bytes_of(identified->host_path);
	/* A container whose root is a plain directory. */
	if (container)
		rest = below_root(classifier, container, identified->path);
	if (container && rest.size)
		identified->container_path = rest.data;
}

/** File systems whose server may be dead: looking at a path of theirs may take for ever. */
static bool may_block(const char *type)
{
	static const char *const types[] = { "nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "autofs" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return strncmp(type, "fuse", strlen("fuse")) == 0;
}

static bool is_known_place(const struct mica_classifier *classifier, const char *path)
{
	for (size_t i = 0; i < MICA_CLASSIFIER_PLACES; i++)
		if (classifier->places[i] && mica_path_below(bytes_of(path), classifier->places[i]).data)
			return true;
	return false;
}

static bool lies_in_union(struct mica_classifier *classifier, const char *path)
{
	const char *type = mica_mountinfo_type(classifier->mounts, path);

	return type && strcmp(type, "overlay") == 0;
}

/** The same with symlinks followed, as they are now. */
static bool resolves_to_union(struct mica_classifier *classifier, const char *path)
{
	const char *type = mica_mountinfo_type(classifier->mounts, path);
	_cleanup_free_ char *real = NULL;

	if (!type || may_block(type) || mica_host_resolve(classifier->host, path, &real) < 0)
		return false;
	return lies_in_union(classifier, real);
}

static bool leads_to_union(struct mica_classifier *classifier, struct mica_bytes path)
{
	_cleanup_free_ char *written = NULL;
	bool before;
	char *name;

	if (path.size == 0)
		return false;
	if (path.data[0] != '/')
		return true;
	written = strndup(path.data, path.size);
	if (!written)
		return false;
	before = lies_in_union(classifier, written);
	(void)mica_mountinfo_refresh(classifier->mounts);
	if (before || is_known_place(classifier, written) || lies_in_union(classifier, written) ||
	    resolves_to_union(classifier, written))
		return true;
	/* What is not there would be in this directory. */
	name = strrchr(written, '/');
	*name = '\0';
	return name != written && resolves_to_union(classifier, written);
}

/** Not that of a new mount: a device, or any string. */
static bool source_is_path(const struct mica_record *record)
{
	if (record->flags & (MICA_RECORD_SOURCE_IS_PATH | MICA_RECORD_SOURCE_AS_WRITTEN))
		return true;
	return !(record->flags & MICA_RECORD_MOUNT_ATTR) && record->mount.flags_kind == MICA_MOUNT_FLAGS_MS &&
	       record->mount.flags & (MS_BIND | MS_MOVE);
}

bool mica_concerns_union(struct mica_classifier *classifier, const struct mica_record *record,
			 const struct mica_identified *identified)
{
	return leads_to_union(classifier, identified->path) ||
	       (source_is_path(record) && leads_to_union(classifier, identified->source));
}

void mica_note_place(struct mica_classifier *classifier, struct mica_bytes path)
{
	char **place = &classifier->places[classifier->next_place++ % MICA_CLASSIFIER_PLACES];

	free(*place);
	*place = path.size ? strndup(path.data, path.size) : NULL;
}

void mica_forget_place(struct mica_classifier *classifier, struct mica_bytes path)
{
	for (size_t i = 0; i < MICA_CLASSIFIER_PLACES; i++) {
		char *place = classifier->places[i];

		if (!place || strlen(place) != path.size || memcmp(place, path.data, path.size) != 0)
			continue;
		free(place);
		classifier->places[i] = NULL;
	}
	(void)mica_mountinfo_refresh(classifier->mounts);
}

void mica_classifier_free(struct mica_classifier *classifier)
{
	for (size_t i = 0; i < MICA_CLASSIFIER_PLACES; i++)
		free(classifier->places[i]);
	memset(classifier->places, 0, sizeof(classifier->places));
}

static const char *copy_path(struct mica_bytes path, char buffer[static MICA_HOST_PATH_BYTES])
{
	if (path.size >= MICA_HOST_PATH_BYTES)
		return NULL;
	memcpy(buffer, path.data, path.size);
	buffer[path.size] = '\0';
	return buffer;
}

void mica_classify_mount(struct mica_classifier *classifier, struct mica_known_container *container,
			 const struct mica_record *record, struct mica_identified *identified)
{
	const struct mica_known_volume *volume;
	struct mica_bytes rest = {};

	/* A context has no object before it is mounted; what is attached nowhere, or was not found, is no place. */
	if (identified->path.size == 0)
		return;
	if (!(record->flags & MICA_RECORD_MOUNT_ATTR) && strncmp(record->mount.fstype, "tmpfs", sizeof("tmpfs")) == 0)
		identified->object.kind = MICA_OBJECT_TMPFS;
	if (record->flags & (MICA_RECORD_PATH_TRUNCATED | MICA_RECORD_DETACHED))
		return;
	if (record->flags & MICA_RECORD_HOST) {
		identified->host_path = copy_path(identified->path, classifier->buffers.host);
		return;
	}
	if (!container || !container->detailed)
		return;
	if (!record->root_union)
		rest = below_root(classifier, container, identified->path);
	if (rest.data) {
		identified->host_path = copy_path(identified->path, classifier->buffers.host);
		identified->path = or_root(rest);
	}
	/* What a container itself mounts over a volume is another thing. */
	if (identified->object.kind || (!rest.data && record->type == MICA_EVENT_MOUNT))
		return;
	volume = mica_container_volume_at(classifier->containers, container, identified->path);
	if (volume)
		identified->object = (struct mica_object){
			.kind = MICA_OBJECT_VOLUME,
			.volume = volume->name,
			.directory = volume->source,
		};
}
