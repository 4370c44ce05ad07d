/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/event.h"

#include <criterion/criterion.h>

Test(stream_event, every_type_has_a_name_and_back)
{
	for (int type = 1; type < _MICA_EVENT_MAX; type++) {
		const char *name = mica_event_type_name(type);
		if (type == MICA_RECORD_UNION_LAYER || type == MICA_RECORD_CGROUP) {
			cr_assert_null(name, "no event");
			continue;
		}
		cr_assert_not_null(name, "%d", type);
		cr_assert_eq(mica_event_type_from_name(name), (enum mica_event_type)type);
	}
	cr_assert_null(mica_event_type_name(MICA_EVENT_NONE));
	cr_assert_null(mica_event_type_name(_MICA_EVENT_MAX));
	cr_assert_null(mica_event_type_name(-1));
	cr_assert_eq(mica_event_type_from_name("copyup"), MICA_EVENT_NONE);
	cr_assert_eq(mica_event_type_from_name(""), MICA_EVENT_NONE);
}

Test(stream_event, every_reason_and_cause_has_a_name)
{
	for (int reason = 1; reason < _MICA_REASON_MAX; reason++)
		cr_assert_not_null(mica_reason_name(reason), "%d", reason);
	cr_assert_null(mica_reason_name(MICA_REASON_NONE));
	cr_assert_null(mica_reason_name(_MICA_REASON_MAX));
	for (int cause = 0; cause < _MICA_LOST_MAX; cause++)
		cr_assert_not_null(mica_lost_cause_name(cause), "%d", cause);
	cr_assert_null(mica_lost_cause_name(_MICA_LOST_MAX));
}
