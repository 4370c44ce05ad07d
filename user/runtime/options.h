/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a user asks of a new container, and what becomes of it: its settings, one JSON object, which the store keeps.
 *
 *   Args [s]  Env ["K=V"]  User s  WorkingDir s  Hostname s  StopSignal s  Image s (as it was given)  Network s
 *   Tty b  OpenStdin b  ReadOnly b  AutoRemove b  Entrypoint [s]  Cmd [s]
 *   Mounts [{Type "volume"|"bind"|"tmpfs", Name s, Source s, Destination s, ReadOnly b, Anonymous b, Options [s]}]
 */
#ifndef MICA_RUNTIME_OPTIONS_H
#define MICA_RUNTIME_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

/** NULL-terminated; grows by mica_words_add. */
struct mica_words {
	const char **items;
	size_t count;
};
void mica_words_free(struct mica_words *words);
/** The string is not copied. 0 or -ENOMEM. */
int mica_words_add(struct mica_words *words, const char *word);

struct mica_container_options {
	const char *image;
	/** What stands behind the image. */
	char *const *arguments;
	size_t argument_count;
	/** NULL: as the image says, or made up. */
	const char *name, *user, *directory, *hostname, *entrypoint, *network;
	/** -e, -v, --volumes-from, --tmpfs, as given. */
	struct mica_words environment, volumes, volumes_from, tmpfs;
	bool interactive, terminal, read_only, auto_remove;
};

/** What -v says. */
struct mica_volume_flag {
	/** A volume's name, or a directory or file of the host, or neither (anonymous). */
	char *name, *source;
	char *target;
	bool read_only, no_copy;
	/** "rslave", "rprivate", or NULL. */
	const char *propagation;
};
#define _cleanup_volume_flag_ _cleanup_(mica_volume_flag_free)
void mica_volume_flag_free(struct mica_volume_flag *flag);

/** Parses "[SOURCE:]TARGET[:OPTION,…]". 0; -EINVAL with words in `reason`; -ENOMEM. Pure but for the working directory,
 *  which a source that begins with "./" or "../" is relative to. */
int mica_volume_flag_parse(const char *text, struct mica_volume_flag *ret, char *reason, size_t reason_size);

/** Cleans an absolute path of "//", "/./" and "/../"; caller frees. NULL: not absolute, or no memory. Pure. */
char *mica_path_clean(const char *path);

/**
 * Makes a container. *ret_id (MICA_CONTAINER_ID_SIZE) is its id; *ret_lock_fd (may be NULL): it is locked for the
 * caller. Nothing is left of a failure. -EINVAL: the options make no sense; -ENOENT: no such image or container.
 */
int mica_container_make(struct mica_store *store, const struct mica_container_options *options, char *ret_id,
			int *ret_lock_fd);

/** The settings of a container. Caller decrefs. */
int mica_container_settings(struct mica_store *store, const char *id, json_t **ret);

#endif
