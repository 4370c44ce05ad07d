/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/listing.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char root[64];
static struct mica_host host;
static struct mica_listings listings;

static void setup(void)
{
	(void)snprintf(root, sizeof(root), "/tmp/mica-listing-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	cr_assert_eq(mica_host_init(&host, root), 0);
}

static void shell(const char *command)
{
	char line[512];

	(void)snprintf(line, sizeof(line), "set -e; cd %s; %s", root, command);
	cr_assert_eq(system(line), 0);
}

static void teardown(void)
{
	mica_listings_free(&listings);
	mica_host_free(&host);
	shell("rm -rf \"$PWD\"");
}

TestSuite(listing, .init = setup, .fini = teardown);

static const struct mica_listing *get(const char *directory)
{
	const struct mica_listing *listing = NULL;

	cr_assert_eq(mica_listing_get(&listings, &host, directory, &listing), 0);
	cr_assert_not_null(listing);
	return listing;
}

static bool has(const struct mica_listing *listing, const char *name)
{
	for (size_t i = 0; i < listing->count; i++)
		if (strcmp(listing->names[i], name) == 0)
			return true;
	return false;
}

/** Sets when a directory changed, as if it were long ago. */
static void set_time(const char *directory, time_t seconds)
{
	struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };
	char path[128];

	(void)snprintf(path, sizeof(path), "%s%s", root, directory);
	cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

Test(listing, follows_what_comes_and_goes)
{
	cr_assert_eq(get("/a")->count, 0u, "absent");
	shell("mkdir -p a/x a/y a/.hidden");
	cr_assert_eq(get("/a")->count, 2u);
	cr_assert(has(get("/a"), "x"));
	shell("rmdir a/x; mkdir a/z b");
	cr_assert_eq(get("/a")->count, 2u);
	cr_assert(has(get("/a"), "z"));
	cr_assert_not(has(get("/a"), "x"));
	cr_assert_eq(get("/b")->count, 0u);
	shell("rm -r a");
	cr_assert_eq(get("/a")->count, 0u);
}

/* The time of a directory may stay the same when it changes again within one tick of the clock. */
Test(listing, what_changed_just_now_is_read_again)
{
	struct timespec now;

	shell("mkdir a");
	cr_assert_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
	set_time("/a", now.tv_sec);
	cr_assert_eq(get("/a")->count, 0u);
	shell("mkdir a/x");
	set_time("/a", now.tv_sec);
	cr_assert_eq(get("/a")->count, 1u);
}

Test(listing, what_did_not_change_is_not_read_again)
{
	shell("mkdir -p a/x");
	set_time("/a", 1000);
	cr_assert_eq(get("/a")->count, 1u);
	shell("rmdir a/x");
	set_time("/a", 1000);
	cr_assert_eq(get("/a")->count, 1u);
	set_time("/a", 2000);
	cr_assert_eq(get("/a")->count, 0u);
}
