/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/hold.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../container/fixture.h"
#include "container/host.h"
#include "stream/identify.h"

/* A tree of its own, in which crun makes a container known. */
static char root[64];
static struct mica_identity *identity;
static struct mica_hold hold;

/** What came out: "NAME EVENT PATH" each. */
static char passed[16][64];
static unsigned passed_count;

static void shell(const char *command)
{
	char line[1024];

	(void)snprintf(line, sizeof(line), "set -e; cd %s; %s", root, command);
	cr_assert_eq(system(line), 0);
}

static int pass(const struct mica_event *event, void *userdata)
{
	(void)userdata;
	cr_assert_lt(passed_count, sizeof(passed) / sizeof(passed[0]));
	(void)snprintf(passed[passed_count++], sizeof(passed[0]), "%s %s %.*s",
		       event->container ? event->container->name : "-", mica_event_type_name(event->record.type),
		       (int)event->path.size, event->path.data ? event->path.data : "");
	cr_assert_eq(event->wait_until_ns, 0);
	return 0;
}

static void setup(void)
{
	const struct mica_identity_options options = { .root = root };

	(void)snprintf(root, sizeof(root), "/tmp/mica-hold-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	shell("mkdir run; cp -a " PODMAN4 "/proc .");
	cr_assert_eq(mica_identity_new(&options, &identity), 0);
	hold = (struct mica_hold){ .limit = 1 << 20, .pass = pass, .identity = identity };
	passed_count = 0;
}

static void teardown(void)
{
	mica_hold_free(&hold);
	mica_identity_free(&identity);
	shell("rm -rf \"$PWD\"");
}

TestSuite(hold, .init = setup, .fini = teardown);

static void add(enum mica_event_type type, uint64_t mnt_ns_id, const char *path, bool waits)
{
	struct mica_event event = { .record = { .type = type, .mnt_ns_id = mnt_ns_id, .pid = PLAIN_PID },
				    .path = bytes(path) };
	char file[128];

	(void)snprintf(file, sizeof(file), "%s/proc/6524/ns/mnt", root);
	event.record.mnt_ns = namespace_of(file);
	if (type == MICA_EVENT_NAMESPACE_CREATED)
		event.record.flags = MICA_RECORD_HOST;
	cr_assert_eq(mica_identify(identity, &event), 0);
	cr_assert_eq(event.wait_until_ns != 0, waits, "%s", path);
	cr_assert_eq(mica_hold_add(&hold, &event, bytes(path), bytes("")), 0);
	mica_identify_done(identity, &event);
}

static int ignore(const struct mica_namespace *found, void *userdata)
{
	(void)found;
	(void)userdata;
	return 0;
}

static void make_known(void)
{
	shell("mkdir -p run/crun; cp -a " PODMAN4 "/run/crun/plain run/crun");
	cr_assert_eq(mica_identity_settle(identity, ignore, NULL), 0);
}

static void assert_passed(unsigned index, const char *expected)
{
	cr_assert_lt(index, passed_count);
	cr_assert_str_eq(passed[index], expected);
}

Test(hold, until_the_name_is_known)
{
	uint64_t now = mica_now_ns();

	cr_assert(!mica_hold_waits(&hold));
	add(MICA_EVENT_NAMESPACE_CREATED, 5, "", true);
	add(MICA_EVENT_MOUNT, 5, "/proc", true);
	/* A namespace that was there before is nothing to wait for, but it stays behind. */
	add(MICA_EVENT_CREATE, 6, "/file", false);
	cr_assert(mica_hold_waits(&hold));
	cr_assert_eq(mica_hold_release(&hold, now, false), 0);
	cr_assert_eq(passed_count, 0);
	make_known();
	cr_assert_eq(mica_hold_release(&hold, now, false), 0);
	cr_assert_eq(passed_count, 3);
	assert_passed(0, "plain namespace-created ");
	assert_passed(1, "plain mount /proc");
	cr_assert(!mica_hold_waits(&hold));
	cr_assert_eq(hold.bytes, 0);
	cr_assert_eq(hold.hurried, 0);
}

Test(hold, for_a_moment)
{
	add(MICA_EVENT_NAMESPACE_CREATED, 5, "", true);
	add(MICA_EVENT_MOUNT, 5, "/proc", true);
	cr_assert_eq(mica_hold_release(&hold, mica_now_ns() + MICA_NAME_WAIT_NS, false), 0);
	cr_assert_eq(passed_count, 2);
	assert_passed(0, "- namespace-created ");
	assert_passed(1, "- mount /proc");
	cr_assert_eq(hold.hurried, 0);
}

Test(hold, longer_while_nothing_is_done_in_a_namespace)
{
	const uint64_t late = mica_now_ns() + MICA_SILENT_WAIT_NS - MICA_NAME_WAIT_NS / 2;

	add(MICA_EVENT_NAMESPACE_CREATED, 5, "", true);
	cr_assert_eq(mica_hold_release(&hold, late, false), 0);
	cr_assert_eq(passed_count, 0);
	cr_assert_eq(mica_hold_release(&hold, mica_now_ns() + MICA_SILENT_WAIT_NS, false), 0);
	assert_passed(0, "- namespace-created ");
}

Test(hold, not_at_the_end)
{
	add(MICA_EVENT_NAMESPACE_CREATED, 5, "", true);
	cr_assert_eq(mica_hold_release(&hold, mica_now_ns(), true), 0);
	cr_assert_eq(passed_count, 1);
}

Test(hold, a_namespace_that_is_gone)
{
	add(MICA_EVENT_NAMESPACE_CREATED, 5, "", true);
	add(MICA_EVENT_NAMESPACE_GONE, 5, "", true);
	/* And long forgotten: its events go on as they were. */
	for (uint64_t id = 10; id < 1000; id++) {
		const struct mica_record record = { .type = MICA_EVENT_MOUNT, .mnt_ns_id = id };
		struct mica_identified found;

		cr_assert_eq(mica_identity_find(identity, &record, bytes("/"), bytes(""), &found), 0);
		mica_identity_namespace_gone(identity, id);
	}
	make_known();
	cr_assert_eq(mica_hold_release(&hold, mica_now_ns() + MICA_NAME_WAIT_NS, false), 0);
	assert_passed(0, "- namespace-created ");
	assert_passed(1, "- namespace-gone ");
	cr_assert_eq(mica_identity_counts(identity).namespaces, 0);
}

Test(hold, too_many)
{
	hold.limit = 2048;
	for (int i = 0; i < 10; i++)
		add(i ? MICA_EVENT_MOUNT : MICA_EVENT_NAMESPACE_CREATED, 5, "/proc", true);
	cr_assert_gt(passed_count, 0);
	cr_assert_lt(passed_count, 10);
	cr_assert_eq(hold.hurried, passed_count);
	cr_assert_leq(hold.bytes, hold.limit);
}
