/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What parsing makes of what is written, and the bounds.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/file.h"
#include "policy/check.h"
#include "policy/parse.h"

#define HEAD "apiVersion: mica/v1\nkind: Policy\nmetadata: { name: web }\nsubjects: [{ container: web }]\n"

static int parse(struct mica_policy_set *set, const char *text, size_t size)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	int r = mica_policy_parse(set, "p.yaml", text, size, &messages);

	if (r < 0)
		cr_log_info("%s", mica_policy_messages_text(&messages));
	cr_expect_eq(r<0, messages.count> 0);
	return r;
}

static int parse_text(struct mica_policy_set *set, const char *text)
{
	return parse(set, text, strlen(text));
}

static bool has_message(const char *text, size_t size, const char *part)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	_cleanup_policy_set_ struct mica_policy_set set = {};

	cr_expect_eq(mica_policy_parse(&set, "p.yaml", text, size, &messages), -EINVAL);
	const char *told = mica_policy_messages_text(&messages);
	bool has = strstr(told, part) != NULL;
	if (!has)
		cr_log_error("'%s' is not in: %s", part, told);
	return has;
}

Test(policy_parse, design_example)
{
	_cleanup_policy_set_ struct mica_policy_set set = {};

	cr_assert_eq(
		parse_text(
			&set,
			"apiVersion: mica/v1\n"
			"kind: Policy\n"
			"metadata: { name: web }\n"
			"subjects:\n"
			"  - { image: \"nginx:*\", engine: docker }\n"
			"  - default: true\n"
			"mode: audit\n"
			"isolation: { unions: true, volumes: false, layers: immutable }\n"
			"rules:\n"
			"  - { name: a, on: [copy-up, write], union: \"/usr/**\", verdict: deny, errno: EROFS }\n"
			"  - { name: b, on: change-lower, union: /x, verdict: audit }\n"
			"  - { name: c, on: delete, volume: \"db-*\", path: \"/wal/**\", verdict: deny }\n"
			"  - { name: d, on: read, layer: 2, verdict: allow }\n"
			"  - { name: e, on: read, layer: \"sha256:*\", verdict: allow }\n"
			"mounts: { allow: [{ type: tmpfs, at: \"/tmp/**\", flags: [nosuid, rw] }], otherwise: deny }\n"
			"volumes: [{ volume: db, who: [{ container: x }, { namespace: 4026531840 }], access: ro }]\n"),
		0);
	cr_assert_eq(set.count, 1);
	cr_assert_eq(set.rule_count, 5);
	const struct mica_policy *policy = &set.policies[0];
	const struct mica_policy_rule *rules = policy->rules;

	cr_expect_str_eq(policy->name, "web");
	cr_expect_str_eq(policy->file, "p.yaml");
	cr_expect_eq(policy->mode, MICA_POLICY_AUDIT);
	cr_expect_eq(policy->subjects.count, 2);
	cr_expect_str_eq(policy->subjects.items[0].image.text, "nginx:*");
	cr_expect_str_eq(policy->subjects.items[0].engine.text, "docker");
	cr_expect_null(policy->subjects.items[0].container.text);
	cr_expect(policy->subjects.items[1].is_default);
	cr_expect(policy->isolation.unions && !policy->isolation.volumes && policy->isolation.layers_immutable);
	cr_expect_eq(policy->isolation.layers_place.line, 8);
	cr_expect_eq(rules[0].operations,
		     MICA_OPERATION_BIT(MICA_OPERATION_COPY_UP) | MICA_OPERATION_BIT(MICA_OPERATION_WRITE));
	cr_expect_eq(rules[0].error, EROFS);
	cr_expect_eq(rules[0].place.line, 10);
	cr_expect_eq(rules[0].place.column, 5);
	cr_expect_str_eq(rules[0].path.text, "/usr/**");
	cr_expect_null(rules[0].object_name.text);
	cr_expect_eq(rules[1].operations, MICA_OPERATIONS_CHANGE_LOWER);
	cr_expect_eq(rules[1].verdict, MICA_VERDICT_AUDIT);
	cr_expect_eq(rules[2].object, MICA_POLICY_VOLUME);
	cr_expect_str_eq(rules[2].object_name.text, "db-*");
	cr_expect_str_eq(rules[2].path.text, "/wal/**");
	cr_expect_eq(rules[2].error, 0);
	cr_expect_eq(rules[3].layer, 2);
	cr_expect_str_eq(rules[3].path.text, "/**");
	cr_expect_eq(rules[4].layer, 0);
	cr_expect_str_eq(rules[4].object_name.text, "sha256:*");
	cr_expect_eq(policy->mounts.otherwise, MICA_VERDICT_DENY);
	cr_expect_eq(policy->mounts.items[0].flags_set, MS_NOSUID);
	cr_expect_eq(policy->mounts.items[0].flags_clear, MS_RDONLY);
	cr_expect(policy->volumes[0].read_only);
	cr_expect_eq(policy->volumes[0].who.count, 2);
	cr_expect_str_eq(policy->volumes[0].who.items[1].namespace.text, "4026531840");
}

Test(policy_parse, documents_and_files_add_up)
{
	_cleanup_policy_set_ struct mica_policy_set set = {};

	cr_assert_eq(parse_text(&set, HEAD "---\n" HEAD), 0);
	cr_assert_eq(parse_text(&set, HEAD), 0);
	cr_expect_eq(set.count, 3);
	cr_expect_eq(set.policies[1].place.line, 6);
}

Test(policy_parse, cut_anywhere_never_crashes)
{
	_cleanup_free_ char *text = NULL;
	size_t size;

	cr_assert_eq(mica_file_read(MICA_SOURCE_DIR "/policies/mount-lockdown.yaml", 1 << 20, &text, &size), 0);
	for (size_t cut = 0; cut <= size; cut++) {
		_cleanup_policy_set_ struct mica_policy_set set = {};
		_cleanup_policy_messages_ struct mica_policy_messages messages = {};
		/* Of its own, so that the sanitizer sees a byte too many. */
		_cleanup_free_ char *part = malloc(cut ? cut : 1);
		memcpy(part, text, cut);
		int r = mica_policy_parse(&set, "p.yaml", part, cut, &messages);
		cr_expect(r == 0 || r == -EINVAL);
	}
}

Test(policy_parse, bounds)
{
	_cleanup_buffer_ struct mica_buffer text = {};

	(void)mica_buffer_append_string(&text, HEAD);
	for (int i = 0; i < MICA_POLICY_MAX_POLICIES; i++)
		(void)mica_buffer_append_string(&text, "---\n" HEAD);
	cr_expect(has_message(text.data, text.size, "more than 256 policies"));

	mica_buffer_reset(&text);
	(void)mica_buffer_append_string(&text, HEAD "rules:\n");
	for (int i = 0; i <= MICA_POLICY_MAX_RULES; i++)
		(void)mica_buffer_appendf(&text, "- { name: r%d, on: write, union: /%d, verdict: deny }\n", i, i);
	cr_expect(has_message(text.data, text.size, "p.yaml:100006:3: more than 100000 rules"));

	mica_buffer_reset(&text);
	(void)mica_buffer_append_string(&text, HEAD "rules:\n- { name: r, on: write, verdict: deny, union: /");
	for (int i = 0; i < MICA_POLICY_MAX_GLOB; i++)
		(void)mica_buffer_append_byte(&text, 'a');
	(void)mica_buffer_append_string(&text, " }\n");
	cr_expect(has_message(text.data, text.size, "p.yaml:6:47: a glob has at most 4096 bytes, this one 4097"));

	mica_buffer_reset(&text);
	for (size_t i = 0; i <= MICA_POLICY_MAX_FILE; i++)
		(void)mica_buffer_append_byte(&text, '#');
	cr_expect(has_message(text.data, text.size, "p.yaml: more than 32 MiB"));
}

/* The most rules there can be pass the check, which has to be no slower than n log n. */
Test(policy_parse, most_rules)
{
	_cleanup_policy_set_ struct mica_policy_set set = {};
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	_cleanup_buffer_ struct mica_buffer text = {};

	(void)mica_buffer_append_string(&text, HEAD "rules:\n");
	for (int i = 0; i < MICA_POLICY_MAX_RULES; i++)
		(void)mica_buffer_appendf(&text, "- { name: r%d, on: write, union: /%d, verdict: deny }\n", i, i);
	cr_assert_eq(parse(&set, text.data, text.size), 0);
	cr_expect_eq(set.rule_count, MICA_POLICY_MAX_RULES);
	cr_expect_eq(mica_policy_check(&set, &messages), 0);
}

/* libyaml alone would be asked for much: deep flow, many documents, long keys, long comments. */
Test(policy_parse, hostile)
{
	static const char *const repeated[] = {
		"[",      "{",    "? ",      "- ",          "[{",     "---\n", "a: &a ", "'",        "\"\\u0001",
		"# ",     "!!x ", "a: {a: ", "%TAG ! x:\n", "&a &b ", "\t",    "|\n",    ">-\n ",    "\xef\xbb\xbf",
		"a: b\n", "?\n",  "\n",      ": ",          "*a ",    "- - ",  "\r",     "\xc2\x85", "...\n"
	};

	for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++) {
		_cleanup_buffer_ struct mica_buffer text = {};
		_cleanup_policy_set_ struct mica_policy_set set = {};
		while (text.size < 1 << 18)
			(void)mica_buffer_append_string(&text, repeated[i]);
		cr_expect_eq(parse(&set, text.data, text.size), -EINVAL, "%s", repeated[i]);
	}
}
