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

/** Opens the store of --root, or of $MICA_ROOT, or the default, and says what is in the way. Returns the exit status.
 */
int mica_cmd_store_open(const char *root, struct mica_store **ret);

/** Says why a call of the store failed: its own reason, else `tried`, with the errno. Returns the exit status. */
__attribute__((format(printf, 3, 4))) int mica_cmd_store_failed(const struct mica_store *store, int error,
								const char *tried, ...);

#endif
