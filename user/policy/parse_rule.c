// SPDX-License-Identifier: BSD-2-Clause
/*
 * Section `rules`.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/suggest.h"
#include "policy/parse_internal.h"

/** A rule while it is read. */
struct reading {
	struct mica_policy_rule *rule;
	struct mica_policy_glob objects[_MICA_POLICY_OBJECT_MAX];
	struct mica_policy_place name_place;
};

static int read_name(struct mica_parse *parse, void *target)
{
	struct reading *reading = target;

	return mica_parse_name(parse, &reading->rule->name, &reading->name_place);
}

static int read_operation(struct mica_parse *parse, void *target)
{
	struct mica_policy_rule *rule = target;

	if (mica_parse_expect(parse, MICA_YAML_STRING, "an operation, or a list of them")) {
		const char *text = mica_yaml_text(&parse->yaml);
		uint32_t operations = mica_operation_find(text);
		if (!operations)
			mica_parse_message(parse, mica_yaml_place(&parse->yaml), "there is no operation %s%s",
					   mica_policy_quote(text, mica_yaml_size(&parse->yaml)).text,
					   mica_policy_hint(mica_operation_suggest(text)).text);
		rule->operations |= operations;
	}
	return mica_yaml_skip(&parse->yaml);
}

static int read_on(struct mica_parse *parse, void *target)
{
	struct reading *reading = target;
	struct mica_policy_rule *rule = reading->rule;
	size_t before = parse->messages->count;
	int r;

	rule->on_place = mica_yaml_place(&parse->yaml);
	if (parse->yaml.event.type == YAML_SEQUENCE_START_EVENT)
		r = mica_parse_list(parse, read_operation, rule);
	else
		r = read_operation(parse, rule);
	if (r == 0 && !rule->operations && parse->messages->count == before)
		mica_parse_message(parse, rule->on_place, "'on' is empty: the rule would be about nothing");
	return r;
}

static int read_union(struct mica_parse *parse, void *target)
{
	struct reading *reading = target;

	return mica_parse_glob(parse, MICA_GLOB_PATH, &reading->objects[MICA_POLICY_UNION]);
}

static int read_volume(struct mica_parse *parse, void *target)
{
	struct reading *reading = target;

	return mica_parse_glob(parse, MICA_GLOB_NAME, &reading->objects[MICA_POLICY_VOLUME]);
}

/** 1 to MICA_POLICY_MAX_LAYER in plain decimal (no sign, no leading zero, which others take for octal); 0: not that. */
static unsigned layer_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long number = *text == '0' || digits > 4 || text[digits] ? 0 : strtoul(text, NULL, 10);

	return number <= MICA_POLICY_MAX_LAYER ? (unsigned)number : 0;
}

static int read_layer(struct mica_parse *parse, void *target)
{
	struct reading *reading = target;
	enum mica_yaml_type type = mica_yaml_type(&parse->yaml);
	struct mica_policy_place place = mica_yaml_place(&parse->yaml);
	const char *text;

	if (type != MICA_YAML_INTEGER && type != MICA_YAML_FLOAT && type != MICA_YAML_STRING) {
		(void)mica_parse_expect(parse, MICA_YAML_STRING, "a digest, or a number");
		return mica_yaml_skip(&parse->yaml);
	}
	text = mica_yaml_text(&parse->yaml);
	if (type == MICA_YAML_STRING && layer_number(text))
		mica_parse_message(parse, place, "in quotes it is a digest; the number of a layer is without");
	else if (type == MICA_YAML_STRING)
		return mica_parse_glob(parse, MICA_GLOB_NAME, &reading->objects[MICA_POLICY_LAYER]);
	reading->rule->layer = type == MICA_YAML_INTEGER ? (uint16_t)layer_number(text) : 0;
	if (type != MICA_YAML_STRING && !reading->rule->layer)
		mica_parse_message(parse, place, "the number of a layer is 1 (the topmost) to %d, or write its digest",
				   MICA_POLICY_MAX_LAYER);
	return mica_yaml_next(&parse->yaml);
}

static int read_path(struct mica_parse *parse, void *target)
{
	struct reading *reading = target;

	return mica_parse_glob(parse, MICA_GLOB_PATH, &reading->rule->path);
}

static int read_verdict(struct mica_parse *parse, void *target)
{
	static const char *const words[] = {
		[MICA_VERDICT_ALLOW] = "allow", [MICA_VERDICT_AUDIT] = "audit", [MICA_VERDICT_DENY] = "deny", NULL
	};
	struct reading *reading = target;
	unsigned verdict = 0;
	int r = mica_parse_word(parse, words, &verdict);

	reading->rule->verdict = (uint8_t)verdict;
	return r;
}

/* Which errno the kernel delivers is asked by the check; here only what is an errno at all. */
static int read_errno(struct mica_parse *parse, void *target)
{
	const char *names[134] = {};
	struct reading *reading = target;
	size_t count = 0;

	reading->rule->errno_place = mica_yaml_place(&parse->yaml);
	if (!mica_parse_expect(parse, MICA_YAML_STRING, "the name of an errno, as 'EROFS'"))
		return mica_yaml_skip(&parse->yaml);
	for (int error = 1; error <= 133; error++) {
		const char *name = mica_errno_name(error);
		if (name && strcmp(name, mica_yaml_text(&parse->yaml)) == 0)
			reading->rule->error = (uint8_t)error;
		if (name)
			names[count++] = name;
	}
	if (!reading->rule->error)
		mica_parse_message(parse, reading->rule->errno_place, "there is no errno %s%s",
				   mica_policy_quote(mica_yaml_text(&parse->yaml), mica_yaml_size(&parse->yaml)).text,
				   mica_policy_hint(mica_suggest(mica_yaml_text(&parse->yaml), names)).text);
	return mica_yaml_next(&parse->yaml);
}

enum { KEY_NAME, KEY_ON, KEY_UNION, KEY_VOLUME, KEY_LAYER, KEY_PATH, KEY_VERDICT, KEY_ERRNO };

static const struct mica_parse_key rule_keys[] = {
	[KEY_NAME] = { "name", true, read_name },
	[KEY_ON] = { "on", true, read_on },
	[KEY_UNION] = { "union", false, read_union },
	[KEY_VOLUME] = { "volume", false, read_volume },
	[KEY_LAYER] = { "layer", false, read_layer },
	[KEY_PATH] = { "path", false, read_path },
	[KEY_VERDICT] = { "verdict", true, read_verdict },
	[KEY_ERRNO] = { "errno", false, read_errno },
	{},
};

/** What the keys of a rule must be together. */
static void finish(struct mica_parse *parse, struct reading *reading, const struct mica_parse_seen *seen)
{
	struct mica_policy_rule *rule = reading->rule;
	unsigned objects = 0;

	for (unsigned i = 0; i < _MICA_POLICY_OBJECT_MAX; i++) {
		const struct mica_policy_place *key = &seen->keys[KEY_UNION + i];
		if (!key->line)
			continue;
		if (objects++)
			mica_parse_message(parse, *key, "a rule is about one object: '%s' is there, and '%s'",
					   mica_policy_object_name(rule->object), rule_keys[KEY_UNION + i].name);
		else
			rule->object = (uint8_t)i;
	}
	if (!objects)
		mica_parse_message(parse, rule->place, "a rule needs one of the keys 'union', 'volume' and 'layer'");
	if (objects == 1 && rule->object == MICA_POLICY_UNION && seen->keys[KEY_PATH].line)
		mica_parse_message(parse, seen->keys[KEY_PATH],
				   "'path' goes with 'volume' and 'layer'; the path in the union is what 'union' says");
	if (seen->keys[KEY_ERRNO].line && seen->keys[KEY_VERDICT].line && rule->verdict != MICA_VERDICT_DENY)
		mica_parse_message(parse, seen->keys[KEY_ERRNO], "'errno' goes with 'verdict: deny' only");
	if (rule->object == MICA_POLICY_UNION) {
		rule->path = reading->objects[MICA_POLICY_UNION];
		return;
	}
	rule->object_name = reading->objects[rule->object];
	if (!seen->keys[KEY_PATH].line)
		rule->path = (struct mica_policy_glob){ "/**", seen->keys[KEY_UNION + rule->object] };
}

static int read_rule(struct mica_parse *parse, void *target)
{
	struct mica_policy *policy = target;
	struct reading reading = {};
	struct mica_parse_seen seen;
	int r;

	if (parse->set->rule_count == MICA_POLICY_MAX_RULES) {
		mica_parse_message(parse, mica_yaml_place(&parse->yaml), "more than %d rules", MICA_POLICY_MAX_RULES);
		return -EINVAL;
	}
	reading.rule = mica_parse_append(&policy->rules, &policy->rule_count, sizeof(*reading.rule));
	if (!reading.rule)
		return -ENOMEM;
	parse->set->rule_count++;
	reading.rule->place = mica_yaml_place(&parse->yaml);
	bool mapping = parse->yaml.event.type == YAML_MAPPING_START_EVENT;
	r = mica_parse_mapping(parse, "a rule", rule_keys, &reading, &seen);
	if (r == 0 && mapping)
		finish(parse, &reading, &seen);
	return r;
}

int mica_parse_rules(struct mica_parse *parse, void *target)
{
	return mica_parse_list(parse, read_rule, target);
}
