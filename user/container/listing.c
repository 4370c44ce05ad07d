/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static void drop_names(struct mica_listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i]);
	free(listing->names);
	listing->names = NULL;
	listing->count = 0;
}

static void free_chain(void *value)
{
	struct mica_listing *next;

	for (struct mica_listing *listing = value; listing; listing = next) {
		next = listing->next;
		drop_names(listing);
		free(listing);
	}
}

void mica_listings_free(struct mica_listings *listings)
{
	mica_table_free(&listings->directories, free_chain);
}

static int get_or_add(struct mica_listings *listings, const char *directory, struct mica_listing **ret)
{
	size_t length = strlen(directory);
	uint64_t key = mica_hash_bytes(directory, length);
	struct mica_listing *first = mica_table_get(&listings->directories, key), *listing = first;

	while (listing && strcmp(listing->path, directory) != 0)
		listing = listing->next;
	if (!listing) {
		listing = calloc(1, sizeof(*listing) + length + 1);
		if (!listing)
			return -ENOMEM;
		memcpy(listing->path, directory, length + 1);
		listing->next = first;
		if (mica_table_put(&listings->directories, key, listing) < 0) {
			free(listing);
			return -ENOMEM;
		}
	}
	*ret = listing;
	return 0;
}

static int add_name(struct mica_listing *listing, const char *name)
{
	char **larger;

	/* Grows in steps of 64: reallocarray of the same size is free. */
	larger = reallocarray(listing->names, (listing->count / 64 + 1) * 64, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	listing->names = larger;
	larger[listing->count] = strdup(name);
	if (!larger[listing->count])
		return -ENOMEM;
	listing->count++;
	return 0;
}

static int read_names(struct mica_listing *listing, const struct mica_host *host)
{
	_cleanup_free_ char *path = mica_host_path(host, listing->path);
	_cleanup_closedir_ DIR *stream = path ? opendir(path) : NULL;
	const struct dirent *entry;
	int r = path ? 0 : -ENOMEM;

	drop_names(listing);
	while (stream && r == 0 && (entry = readdir(stream)))
		if (entry->d_name[0] != '.')
			r = add_name(listing, entry->d_name);
	return r;
}

int mica_listing_get(struct mica_listings *listings, const struct mica_host *host, const char *directory,
		     const struct mica_listing **ret)
{
	struct mica_listing *listing;
	int r = get_or_add(listings, directory, &listing);

	if (r < 0)
		return r;
	if (mica_host_stamp(host, directory, &listing->stamp) || listing->unsettled) {
		/* The stamp is from before the names are read: what comes in between is seen next time. */
		listing->unsettled = true;
		r = read_names(listing, host);
		if (r < 0)
			return r;
		listing->unsettled = mica_stamp_is_fresh(&listing->stamp);
	}
	*ret = listing;
	return 0;
}
