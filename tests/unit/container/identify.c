/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/identify.h"

#include <criterion/criterion.h>

#include "fixture.h"

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
