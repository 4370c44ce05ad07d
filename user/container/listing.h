/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names in directories of the engines' state, read again only when the directory changed: the engines are asked for
 * news many times a second, and mostly there are none.
 */
#ifndef MICA_CONTAINER_LISTING_H
#define MICA_CONTAINER_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "container/host.h"
#include "container/table.h"

/** One directory. */
struct mica_listing {
	/** Another whose path has the same hash. */
	struct mica_listing *next;
	struct mica_stamp stamp;
	/** To be read again, whatever the stamp says. */
	bool unsettled;
	/** Without those that begin with a dot. */
	char **names;
	size_t count;
	char path[];
};

/** By path. Initialise with {}. Few directories: none is forgotten. */
struct mica_listings {
	struct mica_table directories;
};

/** The names in a directory now; none when it is absent or cannot be read. `ret` is valid until the next call for this
 *  directory. 0 or -ENOMEM. */
int mica_listing_get(struct mica_listings *listings, const struct mica_host *host, const char *directory,
		     const struct mica_listing **ret);
void mica_listings_free(struct mica_listings *listings);

#endif
