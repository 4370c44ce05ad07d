/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_POLICY_MOUNT_WORDS_H
#define MICA_POLICY_MOUNT_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/** A word that mount(8) has for one MS_* flag. */
struct mica_mount_word {
	const char *word;
	uint64_t flag;
	/** The word says that the flag is not set ("rw", "exec"). */
	bool clear;
};

/** In the order of the manual page; ends with a NULL word. */
extern const struct mica_mount_word mica_mount_words_of_policy[];

/** NULL: no such word. Pure. */
const struct mica_mount_word *mica_mount_word_find(const char *word);

/** The word that was probably meant; NULL: none is near. Pure. */
const char *mica_mount_word_suggest(const char *word);

#endif
