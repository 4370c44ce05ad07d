// SPDX-License-Identifier: BSD-2-Clause
#include "policy/parse.h"

#include <errno.h>
#include <string.h>

#include "policy/parse_internal.h"

static int read_version(struct mica_parse *parse, void *target)
{
	static const char *const words[] = { "mica/v1", NULL };
	unsigned version = 0;

	(void)target;
	return mica_parse_word(parse, words, &version);
}

static int read_kind(struct mica_parse *parse, void *target)
{
	static const char *const words[] = { "Policy", NULL };
	unsigned kind = 0;

	(void)target;
	return mica_parse_word(parse, words, &kind);
}

static int read_name(struct mica_parse *parse, void *target)
{
	struct mica_policy *policy = target;

	return mica_parse_name(parse, &policy->name, &policy->name_place);
}

static int read_metadata(struct mica_parse *parse, void *target)
{
	static const struct mica_parse_key keys[] = { { "name", true, read_name }, {} };

	return mica_parse_mapping(parse, "'metadata'", keys, target, NULL);
}

static int read_mode(struct mica_parse *parse, void *target)
{
	static const char *const words[] = { [MICA_POLICY_ENFORCE] = "enforce", [MICA_POLICY_AUDIT] = "audit", NULL };
	struct mica_policy *policy = target;
	unsigned mode = policy->mode;
	int r = mica_parse_word(parse, words, &mode);

	policy->mode = mode;
	return r;
}

static const struct mica_parse_key policy_keys[] = {
	{ "apiVersion", true, read_version },
	{ "kind", true, read_kind },
	{ "metadata", true, read_metadata },
	{ "subjects", true, mica_parse_subjects },
	{ "mode", false, read_mode },
	{ "isolation", false, mica_parse_isolation },
	{ "rules", false, mica_parse_rules },
	{ "mounts", false, mica_parse_mounts },
	{ "volumes", false, mica_parse_volumes },
	{},
};

/** One document; at its first node. */
static int read_policy(struct mica_parse *parse, const char *file)
{
	struct mica_policy *policy;

	/* An empty document (a comment, or nothing between two "---") is no policy, and is told as one. */
	if (parse->set->count == MICA_POLICY_MAX_POLICIES) {
		mica_parse_message(parse, mica_yaml_place(&parse->yaml), "more than %d policies",
				   MICA_POLICY_MAX_POLICIES);
		return -EINVAL;
	}
	policy = mica_parse_append(&parse->set->policies, &parse->set->count, sizeof(*policy));
	if (!policy)
		return -ENOMEM;
	policy->place = mica_yaml_place(&parse->yaml);
	policy->file = file;
	parse->policy = policy;
	return mica_parse_mapping(parse, "a policy", policy_keys, policy, NULL);
}

static int read_stream(struct mica_parse *parse, const char *file)
{
	size_t before = parse->set->count;
	int r = mica_yaml_next(&parse->yaml); /* behind the start of the stream */

	while (r == 0 && parse->yaml.event.type != YAML_STREAM_END_EVENT) {
		r = mica_yaml_next(&parse->yaml); /* behind the start of the document */
		if (r == 0)
			r = read_policy(parse, file);
		if (r == 0)
			r = mica_yaml_next(&parse->yaml); /* behind its end */
	}
	if (r == 0 && parse->set->count == before)
		mica_parse_message(parse, (struct mica_policy_place){}, "holds no policy");
	return r;
}

int mica_policy_parse(struct mica_policy_set *set, const char *file, const char *text, size_t size,
		      struct mica_policy_messages *messages)
{
	struct mica_parse parse = { .set = set, .messages = messages };
	size_t before = messages->count;
	const char *name = mica_policy_set_string(set, file, strlen(file));
	int r;

	if (!name)
		return -ENOMEM;
	if (size > MICA_POLICY_MAX_FILE) {
		mica_policy_message(messages, name, (struct mica_policy_place){}, "more than %u MiB",
				    MICA_POLICY_MAX_FILE >> 20);
		return -EINVAL;
	}
	r = mica_yaml_open(&parse.yaml, name, text, size, messages);
	if (r == 0)
		r = read_stream(&parse, name);
	mica_yaml_close(&parse.yaml);
	if (r < 0)
		return r;
	return messages->count > before ? -EINVAL : 0;
}
