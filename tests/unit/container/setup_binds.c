/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Volumes that only the runtime's mounts told of: the container's state said nothing.
 */
#include "container/setup_binds.h"

#include <criterion/criterion.h>

#include "container/identity.h"
#include "fixture.h"

#define BUNDLE "/srv/bundle/rootfs"
#define MS_BIND 4096 /* <sys/mount.h> and <linux/mount.h> do not go together */

static struct mica_identity *identity;

static void setup(void)
{
	const struct mica_identity_options options = { .root = PODMAN4 };

	cr_assert_eq(mica_identity_new(&options, &identity), 0);
}

static void teardown(void)
{
	mica_identity_free(&identity);
}

TestSuite(container_setup_binds, .init = setup, .fini = teardown);

static struct mica_record record_of(enum mica_event_type type)
{
	return (struct mica_record){
		.type = type,
		.mnt_ns_id = 50,
		.mnt_ns = namespace_of(PODMAN4 "/proc/6308/ns/mnt"),
		.pid = WEB_PID,
		.dev = DISK,
		.fs_magic = EXT4_MAGIC,
	};
}

static struct mica_identified find(const struct mica_record *record, const char *path, const char *source)
{
	struct mica_identified identified = {};

	cr_assert_eq(mica_identity_find(identity, record, bytes(path), bytes(source), &identified), 0);
	return identified;
}

static struct mica_record bind_record(void)
{
	struct mica_record record = record_of(MICA_EVENT_MOUNT);

	record.mount.flags_kind = MICA_MOUNT_FLAGS_MS;
	record.mount.flags = MS_BIND;
	return record;
}

static struct mica_identified create(const char *path)
{
	const struct mica_record record = record_of(MICA_EVENT_CREATE);

	return find(&record, path, "");
}

static void bind(const char *source, const char *target)
{
	const struct mica_record record = bind_record();

	(void)find(&record, target, source);
}

static void change_root(void)
{
	const struct mica_record record = record_of(MICA_EVENT_PIVOT_ROOT);

	(void)find(&record, "/", BUNDLE);
}

Test(container_setup_binds, make_volumes)
{
	struct mica_identified identified;

	bind("/srv/data", BUNDLE "/data");
	bind("/srv/data/inner", BUNDLE "/inner");
	change_root();
	identified = create("/srv/data/a/b");
	cr_assert_eq(identified.object.kind, MICA_OBJECT_VOLUME);
	cr_expect_str_eq(identified.object.volume, "/srv/data");
	cr_expect_str_eq(identified.object.directory, "/srv/data");
	cr_expect_str_eq(identified.container_path, "/data/a/b");
	cr_expect_str_eq(identified.host_path, "/srv/data/a/b");
	cr_expect_eq(identified.path.size, strlen("/a/b"));
	identified = create("/srv/data/inner/c");
	cr_expect_str_eq(identified.container_path, "/inner/c", "the longer source has it");
}

Test(container_setup_binds, have_the_engines_name)
{
	bind(STORAGE "/volumes/cache/_data", BUNDLE "/cache");
	change_root();
	cr_expect_str_eq(create(STORAGE "/volumes/cache/_data/x").object.volume, "cache");
}

Test(container_setup_binds, outside_of_the_new_root_are_none)
{
	bind("/srv/data", "/mnt/elsewhere");
	bind(BUNDLE, BUNDLE);
	change_root();
	cr_expect_eq(create("/srv/data/x").object.kind, MICA_OBJECT_HOST);
	cr_expect_eq(create(BUNDLE "/x").object.kind, MICA_OBJECT_HOST);
}

Test(container_setup_binds, later_ones_are_the_containers_own)
{
	change_root();
	bind("/srv/data", BUNDLE "/data");
	cr_expect_eq(create("/srv/data/x").object.kind, MICA_OBJECT_HOST);
}

Test(container_setup_binds, refused_ones_and_the_hosts_are_none)
{
	struct mica_record record = bind_record();

	record.error = -1;
	(void)find(&record, BUNDLE "/data", "/srv/data");
	record = bind_record();
	record.flags |= MICA_RECORD_SOURCE_TRUNCATED;
	(void)find(&record, BUNDLE "/data", "/srv/data");
	bind("srv/data", BUNDLE "/data");
	bind("/proc/self/fd/0", BUNDLE "/data");
	change_root();
	cr_expect_eq(create("/srv/data/x").object.kind, MICA_OBJECT_HOST);
}

Test(container_setup_binds, are_limited)
{
	char source[64], target[64];

	for (unsigned i = 0; i < 65; i++) {
		(void)snprintf(source, sizeof(source), "/srv/%u", i);
		(void)snprintf(target, sizeof(target), BUNDLE "/%u", i);
		bind(source, target);
	}
	change_root();
	cr_expect_eq(create("/srv/63/x").object.kind, MICA_OBJECT_VOLUME);
	cr_expect_eq(create("/srv/64/x").object.kind, MICA_OBJECT_HOST);
}
