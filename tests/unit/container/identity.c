/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/identity.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <unistd.h>

#include "fixture.h"

#define UNION 7
#define MS_BIND 4096 /* <sys/mount.h> has an open_tree of its own */

static struct mica_identity *identity;

static void open_tree(const char *root)
{
	const struct mica_identity_options options = { .root = root };

	mica_identity_free(&identity);
	cr_assert_eq(mica_identity_new(&options, &identity), 0);
}

static void teardown(void)
{
	mica_identity_free(&identity);
}

TestSuite(identity, .fini = teardown);

static void add_layer(uint64_t union_id, uint32_t device, unsigned layers, unsigned index, const char *path)
{
	const struct mica_record record = {
		.type = MICA_RECORD_UNION_LAYER,
		.union_id = union_id,
		.dev = device,
		.layers = (uint16_t)layers,
		.union_layer = { .dev = DISK, .inode = 100 + index, .index = index },
	};

	cr_assert_eq(mica_identity_add_layer(identity, &record, bytes(path)), 0);
}

static void add_web_union(void)
{
	add_layer(UNION, WEB_DEVICE, 2, 0, WEB_LAYER "/diff");
	add_layer(UNION, WEB_DEVICE, 2, 1, TOP_LAYER "/diff");
	add_layer(UNION, WEB_DEVICE, 2, 2, BASE_LAYER "/diff");
}

/** A record of a task in web's container about an object in its union. */
static struct mica_record web_record(enum mica_event_type type, unsigned layer)
{
	return (struct mica_record){
		.type = type,
		.layer = (uint16_t)layer,
		.layers = 2,
		.mnt_ns_id = 50,
		.mnt_ns = namespace_of(PODMAN4 "/proc/6308/ns/mnt"),
		.pid = WEB_PID,
		.root_union = UNION,
		.union_id = UNION,
		.dev = WEB_DEVICE,
		.fs_magic = OVERLAY_MAGIC,
	};
}

static struct mica_record disk_record(enum mica_event_type type)
{
	struct mica_record record = web_record(type, 0);

	record.union_id = 0;
	record.dev = DISK;
	record.fs_magic = EXT4_MAGIC;
	return record;
}

static struct mica_identified find(const struct mica_record *record, const char *path)
{
	struct mica_identified found = {};

	cr_assert_eq(mica_identity_find(identity, record, bytes(path), (struct mica_bytes){}, &found), 0);
	return found;
}

static void assert_path(struct mica_bytes path, const char *expected)
{
	cr_assert_eq(path.size, strlen(expected), "%.*s", (int)path.size, path.data);
	cr_assert_eq(memcmp(path.data, expected, path.size), 0, "%.*s", (int)path.size, path.data);
}

Test(identity, copy_up_names_container_layer_and_digest)
{
	struct mica_record record = web_record(MICA_EVENT_COPY_UP, 2);
	struct mica_identified found;

	open_tree(PODMAN4);
	add_web_union();
	found = find(&record, "/etc/passwd");
	cr_assert_str_eq(found.container->name, "web");
	cr_assert_str_eq(found.container->id, WEB_ID);
	cr_assert_str_eq(found.container->image, "localhost/bb2:1");
	cr_assert_str_eq(found.container->image_id, "b68af9b3f9ebfb9abd15a33606538b32f0da839e603b9957acc6b96a11a3584f");
	cr_assert_str_eq(found.container->engine, "podman");
	cr_assert_eq(found.mount_namespace->kind, MICA_NAMESPACE_CONTAINER);
	cr_assert_eq(found.mount_namespace->container, found.container);
	cr_assert_eq(found.object.kind, MICA_OBJECT_LAYER);
	cr_assert_eq(found.object.layer, 2);
	cr_assert_eq(found.object.layers, 2);
	cr_assert_str_eq(found.object.digest, BASE_DIGEST);
	cr_assert_str_eq(found.object.directory, BASE_LAYER "/diff");
	cr_assert_eq(found.union_container, found.container);
	cr_assert_str_eq(found.union_upper, WEB_LAYER "/diff");
	cr_assert_str_eq(found.host_path, WEB_LAYER "/merged/etc/passwd");
	cr_assert_null(found.container_path);
	assert_path(found.path, "/etc/passwd");
	record.layer = 1;
	cr_assert_str_eq(find(&record, "/etc/second").object.digest, TOP_DIGEST);
}

Test(identity, upper)
{
	struct mica_record record = web_record(MICA_EVENT_CREATE, 0);
	struct mica_identified found;

	open_tree(PODMAN4);
	add_web_union();
	record.flags = MICA_RECORD_UPPER;
	found = find(&record, "/new");
	cr_assert_eq(found.object.kind, MICA_OBJECT_UPPER);
	cr_assert_str_eq(found.object.directory, WEB_LAYER "/diff");
	cr_assert_null(found.object.digest);
	cr_assert_eq(found.object.layers, 2);
	/* Copied up before: it has a layer that it came from, and lives in the upper. */
	record.layer = 2;
	cr_assert_eq(find(&record, "/etc/passwd").object.kind, MICA_OBJECT_UPPER);
	record.flags = 0;
	record.type = MICA_EVENT_DELETE;
	record.inode = 7;
	cr_assert_eq(find(&record, "/etc/passwd").object.kind, MICA_OBJECT_LAYER);
	record.type = MICA_EVENT_UNION_UP;
	found = find(&record, "");
	cr_assert_eq(found.object.kind, MICA_OBJECT_UPPER);
	cr_assert_str_eq(found.object.directory, WEB_LAYER "/diff");
}

Test(identity, whiteout_without_layer)
{
	struct mica_record record = web_record(MICA_EVENT_WHITEOUT, 0);
	struct mica_identified found;

	open_tree(PODMAN4);
	add_web_union();
	cr_assert_eq(find(&record, "/etc/second").object.layer, 1);
	found = find(&record, "/etc/passwd");
	cr_assert_eq(found.object.layer, 2);
	cr_assert_eq(found.object.kind, MICA_OBJECT_LAYER);
	cr_assert_str_eq(found.object.digest, BASE_DIGEST);
	cr_assert_eq(find(&record, "/etc/none").object.layer, 0);

	record.flags = MICA_RECORD_WHITEOUT_MOVED;
	cr_assert_eq(find(&record, "/etc/passwd").object.layer, 2);
	cr_assert_eq(mica_identity_find(identity, &record, bytes("/etc/none"), (struct mica_bytes){}, &found), 1);
	/* Where nobody can look, it is an event. */
	record.union_id = 12345;
	cr_assert_eq(mica_identity_find(identity, &record, bytes("/etc/none"), (struct mica_bytes){}, &found), 0);
}

Test(identity, volumes)
{
	struct mica_record record = disk_record(MICA_EVENT_CREATE);
	struct mica_identified found;

	open_tree(PODMAN4);
	add_web_union();
	found = find(&record, STORAGE "/volumes/db-data/_data/wal/1");
	cr_assert_eq(found.object.kind, MICA_OBJECT_VOLUME);
	cr_assert_str_eq(found.object.volume, "db-data");
	cr_assert_str_eq(found.object.directory, STORAGE "/volumes/db-data/_data");
	cr_assert_str_eq(found.host_path, STORAGE "/volumes/db-data/_data/wal/1");
	cr_assert_str_eq(found.container_path, "/data/wal/1");
	assert_path(found.path, "/wal/1");
	cr_assert_str_eq(found.container->name, "web");

	found = find(&record, STORAGE "/volumes/" ANONYMOUS_VOLUME "/_data");
	cr_assert_str_eq(found.object.volume, ANONYMOUS_VOLUME);
	cr_assert_str_eq(found.container_path, "/anon");
	assert_path(found.path, "/");

	found = find(&record, "/tmp/pm/hostdir/f");
	cr_assert_eq(found.object.kind, MICA_OBJECT_VOLUME);
	cr_assert_str_eq(found.object.volume, "/tmp/pm/hostdir");
	cr_assert_str_eq(found.container_path, "/mnt/f");
	cr_assert_eq(find(&record, "/tmp/pm/hostdirectory/f").object.kind, MICA_OBJECT_HOST);
}

Test(identity, rename_in_a_volume)
{
	struct mica_record record = disk_record(MICA_EVENT_RENAME);
	struct mica_identified found = {};

	open_tree(PODMAN4);
	add_web_union();
	record.flags = MICA_RECORD_SOURCE_IS_PATH;
	cr_assert_eq(mica_identity_find(identity, &record, bytes("/tmp/pm/hostdir/new"), bytes("/tmp/pm/hostdir/d/old"),
					&found),
		     0);
	assert_path(found.path, "/new");
	assert_path(found.source, "/d/old");
	record.flags = 0;
	cr_assert_eq(mica_identity_find(identity, &record, bytes("/tmp/pm/hostdir/new"), bytes("some words"), &found),
		     0);
	assert_path(found.source, "some words");
	/* The host does it, in a named volume. */
	record = disk_record(MICA_EVENT_RENAME);
	record.flags = MICA_RECORD_SOURCE_IS_PATH | MICA_RECORD_HOST;
	record.mnt_ns_id = 1;
	record.root_union = 0;
	cr_assert_eq(mica_identity_find(identity, &record, bytes(STORAGE "/volumes/db-data/_data/b"),
					bytes(STORAGE "/volumes/db-data/_data/a"), &found),
		     0);
	cr_assert_str_eq(found.object.volume, "db-data");
	cr_assert_null(found.container);
	assert_path(found.path, "/b");
	assert_path(found.source, "/a");
}

Test(identity, tmpfs_and_host)
{
	struct mica_record record = disk_record(MICA_EVENT_CREATE);
	struct mica_identified found;

	open_tree(PODMAN4);
	add_web_union();
	found = find(&record, "/etc/fstab");
	cr_assert_eq(found.object.kind, MICA_OBJECT_HOST);
	cr_assert_str_eq(found.host_path, "/etc/fstab");
	record.fs_magic = TMPFS_MAGIC;
	record.dev = DEVICE(0, 45);
	found = find(&record, "/x");
	cr_assert_eq(found.object.kind, MICA_OBJECT_TMPFS);
	cr_assert_null(found.host_path);
	assert_path(found.path, "/x");
	cr_assert_str_eq(found.container_path, "/tmp/x");
	/* Podman's shm is no volume. */
	record.dev = DEVICE(0, 38);
	found = find(&record, "/sem");
	cr_assert_eq(found.object.kind, MICA_OBJECT_TMPFS);
	cr_assert_str_eq(found.container_path, "/dev/shm/sem");
	/* Half a path is not a path. */
	record = disk_record(MICA_EVENT_CREATE);
	record.flags = MICA_RECORD_PATH_TRUNCATED;
	found = find(&record, "/etc/fstab");
	cr_assert_null(found.host_path);
}

Test(identity, mount_events_keep_their_path)
{
	struct mica_record record = disk_record(MICA_EVENT_MOUNT);
	struct mica_identified found;

	open_tree(PODMAN4);
	add_web_union();
	found = find(&record, "/tmp/pm/hostdir");
	cr_assert_eq(found.object.kind, MICA_OBJECT_NONE);
	cr_assert_null(found.host_path);
	assert_path(found.path, "/tmp/pm/hostdir");
	record.flags = MICA_RECORD_HOST;
	record.mnt_ns_id = 1;
	record.root_union = 0;
	found = find(&record, "/mnt");
	cr_assert_str_eq(found.host_path, "/mnt");
	cr_assert_eq(found.mount_namespace->kind, MICA_NAMESPACE_HOST);
	cr_assert_null(found.container);
}

/** What is an event of the host's. */
static bool is_event(const struct mica_record *record, const char *path, const char *source)
{
	struct mica_identified found;
	int r = mica_identity_find(identity, record, bytes(path), bytes(source), &found);

	cr_assert_geq(r, 0);
	return r == 0;
}

Test(identity, the_hosts_mounts_that_only_paths_tell_about)
{
	struct mica_record record = disk_record(MICA_EVENT_MOUNT);

	open_tree(PODMAN4);
	record.root_union = 0;
	record.mnt_ns_id = 1;
	record.flags = MICA_RECORD_HOST | MICA_RECORD_UNDECIDED;
	record.error = -ENOENT;
	record.mount.flags = MS_BIND;
	cr_assert(is_event(&record, "/mnt", WEB_LAYER "/merged/none"));
	cr_assert(is_event(&record, WEB_LAYER "/merged/none", "/mnt"));
	cr_assert_not(is_event(&record, WEB_LAYER "/mergedx", "/mnt"));
	cr_assert(is_event(&record, "/mnt", "some/directory"), "relative to nobody knows what");
	/* A device's name is no path. */
	record.mount.flags = 0;
	cr_assert_not(is_event(&record, "/mnt", "none"));
	record.type = MICA_EVENT_MOUNT_SETATTR;
	record.flags |= MICA_RECORD_MOUNT_ATTR;
	record.mount_attr = (struct mica_mount_attr){ .set = MS_BIND };
	cr_assert_not(is_event(&record, "/mnt", ""));
	cr_assert(is_event(&record, WEB_LAYER "/merged", ""));
	/* Where a union was mounted a moment ago. */
	record = disk_record(MICA_EVENT_MOVE_MOUNT);
	record.root_union = 0;
	record.mnt_ns_id = 1;
	record.flags = MICA_RECORD_HOST;
	record.error = -16;
	cr_assert(is_event(&record, "/mnt/failed", "/from"));
	record.error = 0;
	cr_assert(is_event(&record, "/mnt/moved", "/from"));
	record.type = MICA_EVENT_FSPICK;
	record.flags |= MICA_RECORD_UNDECIDED;
	cr_assert_not(is_event(&record, "/mnt/failed", ""));
	cr_assert_not(is_event(&record, "/mnt/movedx", ""));
	cr_assert(is_event(&record, "/mnt/moved", ""));
	cr_assert(is_event(&record, "/mnt/moved/none", ""));
	/* Decided already. */
	record.flags &= ~(__u32)MICA_RECORD_UNDECIDED;
	cr_assert(is_event(&record, "/mnt", ""));
}

Test(identity, places_that_are_no_paths_of_a_container)
{
	struct mica_record record = disk_record(MICA_EVENT_FSCONFIG);
	struct mica_identified found;

	open_tree(PODMAN4);
	add_web_union();
	memcpy(record.mount.fstype, "tmpfs", sizeof("tmpfs"));
	found = find(&record, "");
	cr_assert_eq(found.object.kind, MICA_OBJECT_NONE);
	cr_assert_str_eq(found.container->name, "web");
	record = disk_record(MICA_EVENT_MOUNT_SETATTR);
	record.flags = MICA_RECORD_DETACHED;
	found = find(&record, "/data");
	cr_assert_eq(found.object.kind, MICA_OBJECT_NONE);
	cr_assert_null(found.host_path);
}

Test(identity, mounts_of_a_container_that_is_set_up)
{
	struct mica_record record = disk_record(MICA_EVENT_MOUNT);
	struct mica_identified found;

	open_tree(PODMAN4);
	add_web_union();
	(void)find(&record, "/known");
	record.root_union = 0;
	found = find(&record, WEB_LAYER "/merged/data");
	cr_assert_str_eq(found.container->name, "web");
	cr_assert_eq(found.object.kind, MICA_OBJECT_VOLUME);
	cr_assert_str_eq(found.object.volume, "db-data");
	cr_assert_str_eq(found.object.directory, STORAGE "/volumes/db-data/_data");
	assert_path(found.path, "/data");
	cr_assert_str_eq(found.host_path, WEB_LAYER "/merged/data");
	found = find(&record, WEB_LAYER "/merged");
	cr_assert_eq(found.object.kind, MICA_OBJECT_NONE);
	assert_path(found.path, "/");
	/* Not below the root: the runtime's own business. */
	found = find(&record, WEB_LAYER "/mergedx/data");
	cr_assert_eq(found.object.kind, MICA_OBJECT_NONE);
	cr_assert_null(found.host_path);
	assert_path(found.path, WEB_LAYER "/mergedx/data");
	memcpy(record.mount.fstype, "tmpfs", sizeof("tmpfs"));
	found = find(&record, WEB_LAYER "/merged/data");
	cr_assert_eq(found.object.kind, MICA_OBJECT_TMPFS);
	assert_path(found.path, "/data");
}

Test(identity, mounts_by_a_container_itself)
{
	struct mica_record record = disk_record(MICA_EVENT_MOUNT);
	struct mica_identified found;

	open_tree(PODMAN4);
	add_web_union();
	/* Over the volume, so not the volume. */
	found = find(&record, "/data");
	cr_assert_eq(found.object.kind, MICA_OBJECT_NONE);
	assert_path(found.path, "/data");
	record.type = MICA_EVENT_REMOUNT;
	found = find(&record, "/data");
	cr_assert_eq(found.object.kind, MICA_OBJECT_VOLUME);
	cr_assert_str_eq(found.object.volume, "db-data");
	cr_assert_null(found.host_path);
	/* A path that only looks like the container's root. */
	found = find(&record, WEB_LAYER "/merged/data");
	cr_assert_eq(found.object.kind, MICA_OBJECT_NONE);
	assert_path(found.path, WEB_LAYER "/merged/data");
}

Test(identity, plain_crun_by_its_root)
{
	struct mica_record record = web_record(MICA_EVENT_CREATE, 0);
	struct mica_identified found;

	open_tree(PODMAN4);
	add_layer(9, PLAIN_DEVICE, 1, 0, "/tmp/pm/up");
	add_layer(9, PLAIN_DEVICE, 1, 1, "/tmp/pm/low");
	record.union_id = record.root_union = 9;
	record.dev = PLAIN_DEVICE;
	record.flags = MICA_RECORD_UPPER;
	found = find(&record, "/new");
	cr_assert_str_eq(found.container->name, "plain");
	cr_assert_str_eq(found.container->engine, "crun");
	cr_assert_null(found.container->image);
	cr_assert_str_eq(found.object.directory, "/tmp/pm/up");
	cr_assert_str_eq(found.host_path, "/tmp/pm/b/rootfs/new");
	record = disk_record(MICA_EVENT_CREATE);
	record.root_union = 9;
	found = find(&record, "/tmp/pm/b/shared/x");
	cr_assert_str_eq(found.container_path, "/srv/x");
}

Test(identity, host_task_in_a_containers_union)
{
	struct mica_record record = web_record(MICA_EVENT_CREATE, 0);
	struct mica_identified found;

	open_tree(PODMAN4);
	add_web_union();
	record.flags = MICA_RECORD_HOST;
	record.root_union = 0;
	found = find(&record, "/new");
	cr_assert_str_eq(found.container->name, "web");
	cr_assert_str_eq(found.union_container->name, "web");
	cr_assert_eq(found.mount_namespace->kind, MICA_NAMESPACE_HOST);
	cr_assert_null(found.mount_namespace->container);
}

static int count(const struct mica_container *container, void *userdata)
{
	(void)container;
	++*(int *)userdata;
	return 0;
}

Test(identity, each_container_once)
{
	int containers = 0;

	open_tree(PODMAN4);
	cr_assert_eq(mica_identity_each_container(identity, count, &containers), 0);
	cr_assert_eq(containers, 3);
	cr_assert_eq(mica_identity_each_container(identity, count, &containers), 0);
	cr_assert_eq(containers, 6);
	containers = 0;
	open_tree(PODMAN5);
	cr_assert_eq(mica_identity_each_container(identity, count, &containers), 0);
	cr_assert_eq(containers, 2);
	cr_assert_eq(mica_identity_counts(identity).engine_errors, 0);
}

Test(identity, union_gone)
{
	struct mica_record record = web_record(MICA_EVENT_COPY_UP, 2);
	const struct mica_container *container;
	const char *digest;

	open_tree(PODMAN4);
	add_web_union();
	container = find(&record, "/etc/passwd").container;
	digest = find(&record, "/etc/passwd").object.digest;
	mica_identity_union_gone(identity, UNION);
	mica_identity_union_gone(identity, UNION);
	mica_identity_union_gone(identity, 4711);
	cr_assert_eq(mica_identity_counts(identity).unions, 0);
	/* A record of another CPU, late. */
	cr_assert_eq(find(&record, "/etc/passwd").container, container);
	for (uint64_t i = 1000; i < 11000; i++) {
		add_layer(i, DEVICE(0, 99), 1, 0, "/some/upper");
		mica_identity_union_gone(identity, i);
	}
	cr_assert_eq(mica_identity_counts(identity).unions, 0);
	cr_assert_str_eq(container->name, "web");
	cr_assert_str_eq(digest, BASE_DIGEST);
}

Test(identity, absent_tree)
{
	const struct mica_identity_options options = { .root = "/nonexistent" };

	cr_assert_eq(mica_identity_new(&options, &identity), -ENOENT);
	cr_assert_null(identity);
}
