/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verbs that work on the store share: --root, opening, and one way to say what failed.
 */
#ifndef MICA_CMD_STORE_H
#define MICA_CMD_STORE_H

#include <argp.h>

#include "store/store.h"

/** --root. As a child of a verb's argp; its input is a const char *, NULL when it was not given. */
extern const struct argp mica_cmd_store_argp;

/** The directory of the store: `root` (--root), else $MICA_ROOT, else the default. */
const char *mica_cmd_store_root(const char *root);

/** Opens the store of --root, or of $MICA_ROOT, or the default, and says what is in the way. Returns the exit status.
 */
int mica_cmd_store_open(const char *root, struct mica_store **ret);

/** Words of a verb whose only option is --root, and those of `table`. */
struct mica_cmd_words {
	const char *root;
	char **words;
	size_t count, least, most;
	/** What is asked for when too few are given: "which container?". */
	const char *question;
	/** Takes the options of `table`; may be NULL. */
	error_t (*take)(int key, char *argument, struct argp_state *state, void *userdata);
	void *userdata;
};
/** Parses it and opens the store. Returns the exit status. */
int mica_cmd_words_parse(const struct argp_option *table, const char *words_doc, const char *doc, int argc, char **argv,
			 struct mica_cmd_words *words, struct mica_store **ret);

/** Opens what is read: a file, a directory, or for "-" standard input. Says what is in the way. Returns the exit
 * status; caller closes. */
int mica_cmd_open_input(const char *path, int *ret);

/** Says why a call of the store failed: its own reason, else `tried`, with the errno. Returns the exit status. */
__attribute__((format(printf, 3, 4))) int mica_cmd_store_failed(const struct mica_store *store, int error,
								const char *tried, ...);

#endif
