/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Follows the state of engines that keep one directory a container with one file in it: DIRECTORY/ID/FILE. What did not
 * change is not parsed again, so that a host with many containers costs one stat(2) each.
 */
#ifndef MICA_CONTAINER_STATE_FILES_H
#define MICA_CONTAINER_STATE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "container/engine.h"
#include "container/listing.h"
#include "container/table.h"

struct mica_state_files {
	const struct mica_host *host;
	/** Makes a container of the content of DIRECTORY/ID/FILE; `directory` is DIRECTORY/ID. 0, -EBADMSG: not such a
	 *  file, -ENOMEM. */
	int (*parse)(const char *id, const char *directory, const char *data, size_t size,
		     struct mica_engine_container **ret);
	/** A directory without the file is a container that is being made, or unmade, and its id is its name. */
	bool named_by_directory;
	/** By the hash of DIRECTORY/ID. */
	struct mica_table files;
	/** Of the directories that were looked at. */
	struct mica_listings listings;
	unsigned round;
	bool changed;
	/** Files that could not be read or made no sense. */
	size_t errors;
};

/** Begins a round. */
void mica_state_files_begin(struct mica_state_files *files);
/** Looks at all files of a directory, which may be absent. What came and went since the last round counts as there, if
 *  the host is watched. 0 or -ENOMEM. */
int mica_state_files_look(struct mica_state_files *files, const char *directory, const char *file);
/** Ends the round: what was not seen in it is forgotten. 1: there are news; 0: none. */
int mica_state_files_end(struct mica_state_files *files);

/** As each_container of struct mica_engine_ops. */
int mica_state_files_each(const struct mica_state_files *files,
			  int (*take)(struct mica_engine_container *container, void *userdata), void *userdata);
/** The digest of the layer with this id that a container told of, until the next refresh; NULL: none did. */
const char *mica_state_files_digest(const struct mica_state_files *files, const char *layer);
/** True when DIRECTORY/ID holds a container. */
bool mica_state_files_has(const struct mica_state_files *files, const char *directory, const char *id);
/** The container of this id in any directory; NULL: none. */
const struct mica_engine_container *mica_state_files_find(const struct mica_state_files *files, const char *id);
void mica_state_files_free(struct mica_state_files *files);

#endif
