/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/magic.h>
#include <unistd.h>

#include "container/identity.h"
#include "fixture.h"

static struct mica_identity *identity;

static void open_tree(const char *root)
{
	const struct mica_identity_options options = { .root = root };

	cr_assert_eq(mica_identity_new(&options, &identity), 0);
}

static void teardown(void)
{
	mica_identity_free(&identity);
}

TestSuite(namespace_table, .fini = teardown);

static struct mica_record record_of(uint64_t id, const char *namespace_path, int pid)
{
	return (struct mica_record){
		.type = MICA_EVENT_CREATE,
		.mnt_ns_id = id,
		.mnt_ns = namespace_path ? namespace_of(namespace_path) : 3,
		.pid = (uint32_t)pid,
		.dev = DISK,
		.fs_magic = EXT4_MAGIC,
	};
}

static struct mica_identified find(const struct mica_record *record)
{
	struct mica_identified found = {};

	cr_assert_eq(mica_identity_find(identity, record, bytes("/x"), (struct mica_bytes){}, &found), 0);
	return found;
}

Test(namespace_table, by_cgroup_version_1)
{
	struct mica_record record = record_of(5, PODMAN4 "/proc/6344/ns/mnt", EPH_PID);

	open_tree(PODMAN4);
	cr_assert_str_eq(find(&record).container->name, "eph");
	record = record_of(6, PODMAN4 "/proc/6524/ns/mnt", PLAIN_PID);
	cr_assert_str_eq(find(&record).container->name, "plain");
}

Test(namespace_table, by_cgroup_version_2)
{
	struct mica_record record = record_of(5, PODMAN5 "/proc/6344/ns/mnt", EPH_PID);

	open_tree(PODMAN5);
	cr_assert_str_eq(find(&record).container->name, "eph");
}

Test(namespace_table, by_init_when_the_process_is_gone)
{
	struct mica_record record = record_of(5, PODMAN5 "/proc/6308/ns/mnt", 99999);

	open_tree(PODMAN5);
	cr_assert_str_eq(find(&record).container->name, "web");
	cr_assert_eq(find(&record).mount_namespace->kind, MICA_NAMESPACE_CONTAINER);
}

Test(namespace_table, others)
{
	struct mica_record record = record_of(5, PODMAN4 "/proc/77/ns/mnt", OTHER_PID);

	open_tree(PODMAN4);
	cr_assert_eq(find(&record).mount_namespace->kind, MICA_NAMESPACE_OTHER);
	cr_assert_null(find(&record).container);
	/* Gone before it could be looked at. */
	record = record_of(6, NULL, 99999);
	cr_assert_eq(find(&record).mount_namespace->kind, MICA_NAMESPACE_UNKNOWN);
	record = record_of(0, NULL, 99999);
	cr_assert_null(find(&record).mount_namespace);
	record = record_of(7, PODMAN4 "/proc/1/ns/mnt", 1);
	record.flags = MICA_RECORD_HOST;
	cr_assert_eq(find(&record).mount_namespace->kind, MICA_NAMESPACE_HOST);
}

static void add_web_union(void)
{
	const struct mica_record layer = {
		.type = MICA_RECORD_UNION_LAYER,
		.union_id = 7,
		.dev = WEB_DEVICE,
		.layers = 2,
		.union_layer = { .dev = DISK, .inode = 1, .index = 0 },
	};

	cr_assert_eq(mica_identity_add_layer(identity, &layer, bytes(WEB_LAYER "/diff")), 0);
}

Test(namespace_table, set_up_by_a_runtime_and_then_pivoted)
{
	struct mica_record record = record_of(5, PODMAN4 "/proc/77/ns/mnt", OTHER_PID);

	open_tree(PODMAN4);
	add_web_union();
	/* The runtime on the host makes the namespace… */
	record.type = MICA_EVENT_NAMESPACE_CREATED;
	record.flags = MICA_RECORD_HOST;
	cr_assert_eq(find(&record).mount_namespace->kind, MICA_NAMESPACE_UNKNOWN);
	/* … works in it … */
	record.type = MICA_EVENT_CREATE;
	record.flags = 0;
	cr_assert_eq(find(&record).mount_namespace->kind, MICA_NAMESPACE_OTHER);
	/* … and changes its root: no waiting for the next try. */
	record.root_union = 7;
	cr_assert_str_eq(find(&record).container->name, "web");
	/* A namespace made inside. */
	record.mnt_ns_id = 6;
	record.type = MICA_EVENT_NAMESPACE_CREATED;
	cr_assert_str_eq(find(&record).container->name, "web");
	/* A root that no engine knows is a container without a name. */
	record.mnt_ns_id = 8;
	record.root_union = 888;
	cr_assert_eq(find(&record).mount_namespace->kind, MICA_NAMESPACE_CONTAINER);
	cr_assert_null(find(&record).container);
}

Test(namespace_table, tried_again)
{
	struct mica_record record = record_of(5, NULL, 99999);

	open_tree(PODMAN4);
	cr_assert_eq(find(&record).mount_namespace->kind, MICA_NAMESPACE_UNKNOWN);
	/* Now a process of it can be looked at. */
	record.pid = OTHER_PID;
	record.mnt_ns = namespace_of(PODMAN4 "/proc/77/ns/mnt");
	usleep(60000);
	cr_assert_eq(find(&record).mount_namespace->kind, MICA_NAMESPACE_OTHER);
}

Test(namespace_table, coming_and_going)
{
	struct mica_record record = record_of(1, PODMAN4 "/proc/6344/ns/mnt", EPH_PID), gone;
	const struct mica_container *eph;

	open_tree(PODMAN4);
	eph = find(&record).container;
	for (uint64_t i = 2; i <= 2000; i++) {
		record.mnt_ns_id = i;
		cr_assert_eq(find(&record).container, eph);
		gone = record;
		gone.type = MICA_EVENT_NAMESPACE_GONE;
		cr_assert_eq(find(&gone).container, eph);
		mica_identity_namespace_gone(identity, i);
		/* Late, out of order. */
		cr_assert_eq(find(&record).container, eph);
	}
	cr_assert_eq(mica_identity_counts(identity).namespaces, 1);
	cr_assert_eq(mica_identity_counts(identity).containers, 3);
	mica_identity_namespace_gone(identity, 1);
	mica_identity_namespace_gone(identity, 1);
	gone.mnt_ns_id = 424242;
	cr_assert_null(find(&gone).mount_namespace);
	cr_assert_eq(mica_identity_counts(identity).namespaces, 0);
}

/** The path in the container of a file on one of its tmpfs, right after an unmount; NULL: it is not known. */
static const char *find_after_unmount(struct mica_record *record)
{
	record->type = MICA_EVENT_UMOUNT;
	(void)find(record);
	record->type = MICA_EVENT_CREATE;
	return find(record).container_path;
}

Test(namespace_table, mounts_after_unmounts)
{
	struct mica_record record = record_of(5, PODMAN4 "/proc/6308/ns/mnt", WEB_PID);
	int unmounts = 0;

	open_tree(PODMAN4);
	record.fs_magic = TMPFS_MAGIC;
	record.dev = DEVICE(0, 45);
	cr_assert_str_eq(find(&record).container_path, "/tmp/x");
	/* The device may be another's now, so the mounts are read again: several times at once, lest what comes next is
	 * taken for the host's, but not without end. */
	while (unmounts < 1000000 && find_after_unmount(&record))
		unmounts++;
	cr_assert(unmounts >= 4 && unmounts < 1000000, "%d", unmounts);
	while (!find(&record).container_path)
		usleep(10000);
}
