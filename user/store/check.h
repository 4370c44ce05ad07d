/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking through a store: is what the database says there, and is nothing else?
 */
#ifndef MICA_STORE_CHECK_H
#define MICA_STORE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

struct mica_check_result {
	/** What is wrong, and how much of it was repaired. */
	size_t problems, repaired;
};

/**
 * Looks through the whole store and tells each thing that is wrong in a sentence; `repair`: puts right what can be. No
 * file of a user is ever deleted: a directory that no row knows is moved to lost+found/, a mount that nobody holds is
 * unmounted, directories that are empty by nature are made again. 0 (whatever it found) or a negative errno.
 */
int mica_store_check(struct mica_store *store, bool repair,
		     void (*tell)(const char *sentence, bool repaired, void *userdata), void *userdata,
		     struct mica_check_result *ret);

#endif
