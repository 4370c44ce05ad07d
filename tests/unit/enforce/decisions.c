/* SPDX-License-Identifier: BSD-2-Clause */
#include "enforce/decisions.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream/sink.h"

static const char text[] = "apiVersion: mica/v1\n"
			   "kind: Policy\n"
			   "metadata: { name: web }\n"
			   "subjects: [{ default: true }]\n"
			   "isolation:\n"
			   "  unions: true\n"
			   "  layers: immutable\n"
			   "rules:\n"
			   "  - { name: a, on: write, union: \"/a\", verdict: deny }\n"
			   "  - { name: b, on: write, union: \"/usr/bin/**\", verdict: deny }\n"
			   "mounts: { otherwise: deny }\n"
			   "volumes:\n"
			   "  - { volume: db, access: ro }\n";

static struct mica_force *make(void)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	struct mica_policy_sources sources = {};
	struct mica_force *force = NULL;

	cr_assert_eq(mica_policy_sources_add(&sources, "web.yaml", text, strlen(text)), 0);
	cr_assert_eq(mica_force_make(&sources, false, &force, &messages), 0, "%s",
		     mica_policy_messages_text(&messages));
	return force;
}

static void expect(struct mica_decisions *decisions, uint32_t counter, const char *rule, const char *where)
{
	struct mica_event_decision decision;

	mica_decisions_get(decisions, counter, &decision);
	cr_assert_str_eq(decision.rule, rule);
	if (!where) {
		cr_assert_null(decision.where);
		return;
	}
	cr_assert_str_eq(decision.policy, "web");
	cr_assert_str_eq(decision.where, where);
}

Test(enforce_decisions, each_counter_has_words)
{
	_cleanup_force_ struct mica_force *force = make();
	_cleanup_(mica_decisions_free) struct mica_decisions decisions = { .force = force };
	const struct mica_policy_image_part *part = &force->image.parts[0];
	struct mica_event_decision decision;

	/* By precedence: the longer literal prefix first. */
	expect(&decisions, part->rules, "b", "web.yaml:10");
	expect(&decisions, part->rules + 1, "a", "web.yaml:9");
	expect(&decisions, part->isolation, "isolation/unions", "web.yaml:6");
	expect(&decisions, part->isolation + 2, "isolation/layers", "web.yaml:7");
	expect(&decisions, part->mounts, "mounts/otherwise", "web.yaml:11");
	expect(&decisions, part->volumes, "volumes/ro", "web.yaml:13");
	expect(&decisions, part->volumes + 1, "volumes/who", "web.yaml:13");
	expect(&decisions, MICA_ENFORCE_COUNT_GUARD_LAYERS, "isolation/layers", "web.yaml:7");
	expect(&decisions, MICA_ENFORCE_COUNT_GUARD_UPPERS, "isolation/unions", "web.yaml:6");
	expect(&decisions, MICA_ENFORCE_COUNT_NO_PATH, "no-path", NULL);
	mica_decisions_get(&decisions, force->image.counter_count, &decision);
	cr_assert_null(decision.rule);
}

struct record {
	struct mica_denial denial;
	char path[64];
};

static struct record sample(uint32_t counter, const char *path)
{
	struct record record = {
		.denial = { .abi = MICA_ENFORCE_ABI,
			    .time_ns = 5,
			    .generation = 3,
			    .counter = counter,
			    .subject = 77,
			    .mnt_ns_id = 77,
			    .mnt_ns = 4026532281u,
			    .pid = 4712,
			    .tgid = 4711,
			    .verdict = MICA_VERDICT_DENY,
			    .operation = MICA_OPERATION_WRITE,
			    .error = EROFS,
			    .kind = MICA_ENFORCE_UNION,
			    .inode = 99,
			    .path_bytes = (__u32)strlen(path),
			    .comm = "sed" },
	};

	memcpy(record.denial.path, path, strlen(path));
	record.denial.size = sizeof(record.denial) + record.denial.path_bytes;
	return record;
}

static void print(const struct mica_event *event, const char *expected)
{
	struct mica_sink_context context = {};
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	cr_assert_eq(mica_sink_json(out, event, &context), 0);
	(void)fclose(out);
	cr_assert_str_eq(line, expected);
	free(line);
}

Test(enforce_denial, of_enforcement_itself_is_in_no_policy)
{
	_cleanup_force_ struct mica_force *force = make();
	_cleanup_(mica_decisions_free) struct mica_decisions decisions = { .force = force };
	struct mica_numbered_objects objects = {};
	struct record record = sample(MICA_ENFORCE_COUNT_SELF, "");
	struct mica_event event;

	record.denial.operation = MICA_OPERATION_PTRACE;
	record.denial.kind = MICA_ENFORCE_NOWHERE;
	record.denial.error = EPERM;
	record.denial.inode = 0;
	cr_assert_eq(mica_denial_event(&record.denial, &decisions, &objects, 1000, &event), 0);
	print(&event, "{\"v\":1,\"time\":\"1970-01-01T00:00:00.000001005Z\",\"event\":\"deny\",\"mnt_ns\":4026532281,"
		      "\"mnt_ns_id\":77,\"process\":{\"pid\":4711,\"tid\":4712,\"comm\":\"sed\",\"uid\":0},"
		      "\"operation\":\"ptrace\",\"rule\":\"self-protection\",\"errno\":\"EPERM\"}\n");
	record.denial.operation = MICA_OPERATION_PTRACE + 1;
	cr_assert_eq(mica_denial_event(&record.denial, &decisions, &objects, 1000, &event), -EBADMSG);
}

Test(enforce_denial, is_an_event)
{
	_cleanup_force_ struct mica_force *force = make();
	_cleanup_(mica_decisions_free) struct mica_decisions decisions = { .force = force };
	_cleanup_(mica_objects_free) struct mica_numbered_objects objects = {};
	struct record record = sample(force->image.parts[0].rules, "/usr/bin/x");
	struct mica_numbered *object;
	struct mica_event event;

	cr_assert_eq(mica_denial_event(&record.denial, &decisions, &objects, 1000, &event), 0);
	print(&event,
	      "{\"v\":1,\"time\":\"1970-01-01T00:00:00.000001005Z\",\"event\":\"deny\",\"mnt_ns\":4026532281,"
	      "\"mnt_ns_id\":77,\"process\":{\"pid\":4711,\"tid\":4712,\"comm\":\"sed\",\"uid\":0},"
	      "\"object\":{\"kind\":\"union\"},\"path\":\"/usr/bin/x\",\"inode\":\"99\",\"operation\":\"write\","
	      "\"policy\":\"web\",\"rule\":\"b\",\"where\":\"web.yaml:10\",\"errno\":\"EROFS\"}\n");
	/* A volume that has a name, and others that were not reported. */
	cr_assert_eq(mica_objects_get(&objects, MICA_ENFORCE_VOLUME, "db", "/v/db", &object), 0);
	record = sample(force->image.parts[0].volumes, "/wal");
	record.denial.kind = MICA_ENFORCE_VOLUME;
	record.denial.number = object->number;
	record.denial.suppressed = 12;
	record.denial.verdict = MICA_VERDICT_AUDIT;
	cr_assert_eq(mica_denial_event(&record.denial, &decisions, &objects, 1000, &event), 0);
	print(&event, "{\"v\":1,\"time\":\"1970-01-01T00:00:00.000001005Z\",\"event\":\"audit\",\"mnt_ns\":4026532281,"
		      "\"mnt_ns_id\":77,\"process\":{\"pid\":4711,\"tid\":4712,\"comm\":\"sed\",\"uid\":0},"
		      "\"object\":{\"kind\":\"volume\",\"directory\":\"/v/db\",\"volume\":\"db\"},\"path\":\"/wal\","
		      "\"inode\":\"99\",\"operation\":\"write\",\"policy\":\"web\",\"rule\":\"volumes/ro\","
		      "\"where\":\"web.yaml:13\",\"suppressed\":12,\"errno\":\"EROFS\"}\n");
	/* A guard's denial of the host; the set is not known any more. */
	record = sample(0, "");
	record.denial.subject = 0;
	cr_assert_eq(mica_denial_event(&record.denial, NULL, &objects, 1000, &event), 0);
	cr_assert(event.record.flags & MICA_RECORD_HOST);
	cr_assert_null(event.decision.policy);
	cr_assert_eq(event.path.size, 0);
}

Test(enforce_denial, what_contradicts_itself_is_refused)
{
	const struct mica_numbered_objects objects = {};
	struct record record = sample(0, "/a");
	struct mica_event event;

	record.denial.abi++;
	cr_assert_eq(mica_denial_event(&record.denial, NULL, &objects, 0, &event), -EPROTO);
	record = sample(0, "/a");
	record.denial.path_bytes++;
	cr_assert_eq(mica_denial_event(&record.denial, NULL, &objects, 0, &event), -EBADMSG);
	record = sample(0, "/a");
	record.denial.operation = _MICA_OPERATION_MAX;
	cr_assert_eq(mica_denial_event(&record.denial, NULL, &objects, 0, &event), -EBADMSG);
	record = sample(0, "/a");
	record.denial.verdict = MICA_VERDICT_ALLOW;
	cr_assert_eq(mica_denial_event(&record.denial, NULL, &objects, 0, &event), -EBADMSG);
	record = sample(0, "/a");
	record.denial.kind = _MICA_ENFORCE_KIND_MAX;
	cr_assert_eq(mica_denial_event(&record.denial, NULL, &objects, 0, &event), -EBADMSG);
	record = sample(0, "/a");
	record.denial.size = sizeof(record.denial) - 1;
	cr_assert_eq(mica_denial_event(&record.denial, NULL, &objects, 0, &event), -EBADMSG);
}

static void expect_totals(const struct mica_totals_options *options, const char *expected)
{
	_cleanup_force_ struct mica_force *force = make();
	_cleanup_(mica_decisions_free) struct mica_decisions decisions = { .force = force };
	struct mica_enforce_counter counters[64] = {};
	char *out = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&out, &size);

	counters[force->image.parts[0].rules].denied = 12;
	counters[force->image.parts[0].rules].suppressed = 2;
	counters[MICA_ENFORCE_COUNT_NO_PATH].denied = 1;
	cr_assert_eq(mica_totals_print(file, &decisions, counters, options), 0);
	(void)fclose(file);
	cr_assert_str_eq(out, expected);
	free(out);
}

Test(enforce_totals, as_people_and_programs_read_them)
{
	expect_totals(&(struct mica_totals_options){}, "    DENIED    AUDITED  NOT SHOWN  RULE  WHERE\n"
						       "         1          0          0  no-path\n"
						       "        12          0          2  web/b  web.yaml:10\n");
	expect_totals(&(struct mica_totals_options){ .all = true },
		      "    DENIED    AUDITED  NOT SHOWN  RULE  WHERE\n"
		      "         1          0          0  no-path\n"
		      "        12          0          2  web/b  web.yaml:10\n"
		      "         0          0          0  web/a  web.yaml:9\n"
		      "         0          0          0  web/isolation/unions  web.yaml:6\n"
		      "         0          0          0  web/isolation/layers  web.yaml:7\n"
		      "         0          0          0  web/mounts/otherwise  web.yaml:11\n"
		      "         0          0          0  web/volumes/ro  web.yaml:13\n"
		      "         0          0          0  web/volumes/who  web.yaml:13\n");
	expect_totals(&(struct mica_totals_options){ .json = true },
		      "{\"v\":1,\"time\":\"1970-01-01T00:00:00.000000000Z\",\"event\":\"totals\",\"rule\":\"no-path\","
		      "\"denied\":1,\"audited\":0,\"suppressed\":0}\n"
		      "{\"v\":1,\"time\":\"1970-01-01T00:00:00.000000000Z\",\"event\":\"totals\",\"policy\":\"web\","
		      "\"rule\":\"b\",\"where\":\"web.yaml:10\",\"denied\":12,\"audited\":0,\"suppressed\":2}\n");
}
