// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sections `subjects` and `isolation`.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "policy/parse_internal.h"

static int read_glob(struct mica_parse *parse, struct mica_policy_glob *ret)
{
	return mica_parse_glob(parse, MICA_GLOB_NAME, ret);
}

static int read_container(struct mica_parse *parse, void *target)
{
	return read_glob(parse, &((struct mica_policy_subject *)target)->container);
}

static int read_image(struct mica_parse *parse, void *target)
{
	return read_glob(parse, &((struct mica_policy_subject *)target)->image);
}

static int read_cgroup(struct mica_parse *parse, void *target)
{
	return read_glob(parse, &((struct mica_policy_subject *)target)->cgroup);
}

static int read_engine(struct mica_parse *parse, void *target)
{
	return read_glob(parse, &((struct mica_policy_subject *)target)->engine);
}

/** A number as it is, or a glob over its digits. */
static int read_namespace(struct mica_parse *parse, void *target)
{
	struct mica_policy_subject *subject = target;

	if (mica_yaml_type(&parse->yaml) != MICA_YAML_INTEGER)
		return read_glob(parse, &subject->namespace);
	subject->namespace.place = mica_yaml_place(&parse->yaml);
	/* It is compared as text. */
	if (mica_yaml_text(&parse->yaml)[0] == '0' ||
	    strspn(mica_yaml_text(&parse->yaml), "0123456789") != mica_yaml_size(&parse->yaml)) {
		mica_parse_message(parse, subject->namespace.place,
				   "the number of a namespace is in decimal, and not 0");
		return mica_yaml_next(&parse->yaml);
	}
	subject->namespace.text =
		mica_policy_set_string(parse->set, mica_yaml_text(&parse->yaml), mica_yaml_size(&parse->yaml));
	return subject->namespace.text ? mica_yaml_next(&parse->yaml) : -ENOMEM;
}

static int read_default(struct mica_parse *parse, void *target)
{
	struct mica_policy_subject *subject = target;
	struct mica_policy_place place = mica_yaml_place(&parse->yaml);
	size_t before = parse->messages->count;
	int r = mica_parse_boolean(parse, &subject->is_default);

	if (r == 0 && !subject->is_default && parse->messages->count == before)
		mica_parse_message(parse, place, "'default' can only be true; leave it out instead");
	return r;
}

#define GLOB_KEYS                                                                                                 \
	{ "container", false, read_container }, { "image", false, read_image }, { "cgroup", false, read_cgroup }, \
		{ "namespace", false, read_namespace },                                                           \
	{                                                                                                         \
		"engine", false, read_engine                                                                      \
	}

static const struct mica_parse_key who_keys[] = { GLOB_KEYS, {} };
static const struct mica_parse_key subject_keys[] = { GLOB_KEYS, { "default", false, read_default }, {} };

static int read_entry(struct mica_parse *parse, struct mica_policy_subjects *subjects,
		      const struct mica_parse_key *keys)
{
	struct mica_policy_place place = mica_yaml_place(&parse->yaml);
	size_t before = parse->messages->count;
	struct mica_policy_subject *subject;
	struct mica_parse_seen seen;
	unsigned globs = 0;
	int r;

	if (subjects->count == MICA_POLICY_MAX_ENTRIES) {
		mica_parse_message(parse, place, "'%s' has more than %d entries", parse->key, MICA_POLICY_MAX_ENTRIES);
		return -EINVAL;
	}
	subject = mica_parse_append(&subjects->items, &subjects->count, sizeof(*subject));
	if (!subject)
		return -ENOMEM;
	subject->place = place;
	r = mica_parse_mapping(parse, "a subject", keys, subject, &seen);
	if (r < 0 || parse->messages->count > before)
		return r;
	for (unsigned i = 0; i < 5; i++)
		globs += seen.keys[i].line != 0;
	if (!globs && !subject->is_default)
		mica_parse_message(parse, place, "a subject needs a key that chooses containers%s",
				   keys == subject_keys ? ", or 'default: true'" : "");
	if (globs && subject->is_default)
		mica_parse_message(parse, seen.keys[5], "'default' stands alone: what is chosen by name is no default");
	return 0;
}

static int read_subject(struct mica_parse *parse, void *target)
{
	return read_entry(parse, target, subject_keys);
}

int mica_parse_who_entry(struct mica_parse *parse, void *subjects)
{
	return read_entry(parse, subjects, who_keys);
}

int mica_parse_subjects(struct mica_parse *parse, void *target)
{
	struct mica_policy *policy = target;
	struct mica_policy_place place = mica_yaml_place(&parse->yaml);
	bool list = parse->yaml.event.type == YAML_SEQUENCE_START_EVENT;
	int r = mica_parse_list(parse, read_subject, &policy->subjects);

	if (r == 0 && list && policy->subjects.count == 0)
		mica_parse_message(parse, place, "'subjects' is empty: the policy would be for nobody");
	return r;
}

static int read_unions(struct mica_parse *parse, void *target)
{
	return mica_parse_boolean(parse, &((struct mica_policy_isolation *)target)->unions);
}

static int read_volumes(struct mica_parse *parse, void *target)
{
	return mica_parse_boolean(parse, &((struct mica_policy_isolation *)target)->volumes);
}

static int read_layers(struct mica_parse *parse, void *target)
{
	static const char *const words[] = { "immutable", NULL };
	struct mica_policy_isolation *isolation = target;
	unsigned word = 1;
	int r = mica_parse_word(parse, words, &word);

	isolation->layers_immutable = word == 0;
	return r;
}

int mica_parse_isolation(struct mica_parse *parse, void *target)
{
	static const struct mica_parse_key keys[] = {
		{ "unions", false, read_unions },
		{ "volumes", false, read_volumes },
		{ "layers", false, read_layers },
		{},
	};
	struct mica_policy_isolation *isolation = &((struct mica_policy *)target)->isolation;
	struct mica_parse_seen seen;
	int r;

	isolation->place = mica_yaml_place(&parse->yaml);
	r = mica_parse_mapping(parse, "'isolation'", keys, isolation, &seen);
	isolation->unions_place = seen.keys[0];
	isolation->volumes_place = seen.keys[1];
	isolation->layers_place = seen.keys[2];
	return r;
}
