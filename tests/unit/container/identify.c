/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/identify.h"

#include <criterion/criterion.h>

#include "fixture.h"

static const struct mica_container *container_of(struct mica_identity *identity, uint64_t cgroup)
{
	/* Nobody is there any more who could be asked. */
	struct mica_event event = {
		.record = { .type = MICA_EVENT_CREATE,
			    .mnt_ns_id = 1000 + cgroup,
			    .mnt_ns = 99,
			    .pid = 99999,
			    .cgroup_id = cgroup },
		.path = bytes("/x"),
	};

	cr_assert_eq(mica_identify(identity, &event), 0);
	return event.container;
}

Test(identify, by_a_cgroup_that_is_gone)
{
	const struct mica_identity_options options = { .root = PODMAN5 };
	struct mica_event made = {
		.record = { .type = MICA_RECORD_CGROUP, .cgroup = { .id = 41, .parent = 1 } },
		.source = bytes("/machine.slice/libpod-" WEB_ID ".scope/container"),
	};
	struct mica_identity *identity = NULL;

	cr_assert_eq(mica_identity_new(&options, &identity), 0);
	cr_assert_null(container_of(identity, 40));
	cr_assert_eq(mica_identify(identity, &made), 1, "no event");
	cr_assert_str_eq(container_of(identity, 41)->name, "web");
	cr_assert_str_eq(mica_identity_cgroup_path(identity, 41), made.source.data);
	/* A path that the kernel has cut says nothing: its end is what would. */
	made.record.cgroup.id = 42;
	made.record.flags = MICA_RECORD_SOURCE_TRUNCATED;
	cr_assert_eq(mica_identify(identity, &made), 1);
	cr_assert_null(container_of(identity, 42));
	cr_assert_eq(mica_identity_counts(identity).cgroups, 1);
	mica_identity_free(&identity);
}

Test(identify, a_stream)
{
	const struct mica_identity_options options = { .root = PODMAN4 };
	struct mica_identity *identity = NULL;
	struct mica_event event = {};

	cr_assert_eq(mica_identity_new(&options, &identity), 0);
	event.record = (struct mica_record){
		.type = MICA_RECORD_UNION_LAYER,
		.union_id = 7,
		.dev = WEB_DEVICE,
		.layers = 1,
		.union_layer = { .dev = DISK, .index = 0 },
	};
	event.path = bytes(WEB_LAYER "/diff");
	cr_assert_eq(mica_identify(identity, &event), 1);

	event.record.type = MICA_EVENT_CREATE;
	event.record.flags = MICA_RECORD_UPPER;
	event.path = bytes("/x");
	cr_assert_eq(mica_identify(identity, &event), 0);
	cr_assert_str_eq(event.container->name, "web");
	cr_assert_eq(event.object.kind, MICA_OBJECT_UPPER);
	cr_assert_str_eq(event.host_path, WEB_LAYER "/merged/x");
	mica_identify_done(identity, &event);
	cr_assert_eq(mica_identity_counts(identity).unions, 1);

	event.record.type = MICA_EVENT_UNION_DOWN;
	cr_assert_eq(mica_identify(identity, &event), 0);
	mica_identify_done(identity, &event);
	cr_assert_eq(mica_identity_counts(identity).unions, 0);

	event = (struct mica_event){ .record.type = MICA_EVENT_LOST, .lost_count = 3 };
	cr_assert_eq(mica_identify(identity, &event), 0);
	cr_assert_null(event.container);
	mica_identity_free(&identity);
}
