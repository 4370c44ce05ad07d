// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sections `mounts` and `volumes`.
 */
#include <errno.h>

#include "policy/mount_words.h"
#include "policy/parse_internal.h"

static int read_type(struct mica_parse *parse, void *target)
{
	return mica_parse_glob(parse, MICA_GLOB_NAME, &((struct mica_policy_mount *)target)->type);
}

static int read_source(struct mica_parse *parse, void *target)
{
	return mica_parse_glob(parse, MICA_GLOB_NAME, &((struct mica_policy_mount *)target)->source);
}

static int read_at(struct mica_parse *parse, void *target)
{
	return mica_parse_glob(parse, MICA_GLOB_PATH, &((struct mica_policy_mount *)target)->at);
}

static int read_flag(struct mica_parse *parse, void *target)
{
	struct mica_policy_mount *mount = target;
	struct mica_policy_place place = mica_yaml_place(&parse->yaml);

	if (!mica_parse_expect(parse, MICA_YAML_STRING, "a list of words of mount(8)"))
		return mica_yaml_skip(&parse->yaml);
	const char *text = mica_yaml_text(&parse->yaml);
	const struct mica_mount_word *word = mica_mount_word_find(text);

	if (!word)
		mica_parse_message(parse, place, "there is no mount flag %s%s",
				   mica_policy_quote(text, mica_yaml_size(&parse->yaml)).text,
				   mica_policy_hint(mica_mount_word_suggest(text)).text);
	else if ((word->clear ? mount->flags_set : mount->flags_clear) & word->flag)
		mica_parse_message(parse, place, "'%s' contradicts a flag before it", word->word);
	else if (word->clear)
		mount->flags_clear |= word->flag;
	else
		mount->flags_set |= word->flag;
	return mica_yaml_next(&parse->yaml);
}

static int read_flags(struct mica_parse *parse, void *target)
{
	return mica_parse_list(parse, read_flag, target);
}

static int read_mount(struct mica_parse *parse, struct mica_policy_mounts *mounts, enum mica_verdict verdict)
{
	static const struct mica_parse_key keys[] = {
		{ "type", false, read_type },
		{ "source", false, read_source },
		{ "at", false, read_at },
		{ "flags", false, read_flags },
		{},
	};
	struct mica_policy_place place = mica_yaml_place(&parse->yaml);
	size_t before = parse->messages->count;
	struct mica_policy_mount *mount;
	int r;

	if (mounts->count == MICA_POLICY_MAX_ENTRIES) {
		mica_parse_message(parse, place, "'mounts' has more than %d entries", MICA_POLICY_MAX_ENTRIES);
		return -EINVAL;
	}
	mount = mica_parse_append(&mounts->items, &mounts->count, sizeof(*mount));
	if (!mount)
		return -ENOMEM;
	mount->place = place;
	mount->verdict = (uint8_t)verdict;
	r = mica_parse_mapping(parse, "a mount", keys, mount, NULL);
	if (r == 0 && parse->messages->count == before && !mount->type.text && !mount->source.text && !mount->at.text &&
	    !mount->flags_set && !mount->flags_clear)
		mica_parse_message(parse, place, "an entry for all mounts: say it by 'otherwise'");
	return r;
}

static int read_allowed(struct mica_parse *parse, void *target)
{
	return read_mount(parse, target, MICA_VERDICT_ALLOW);
}

static int read_denied(struct mica_parse *parse, void *target)
{
	return read_mount(parse, target, MICA_VERDICT_DENY);
}

static int read_allow(struct mica_parse *parse, void *target)
{
	return mica_parse_list(parse, read_allowed, target);
}

static int read_deny(struct mica_parse *parse, void *target)
{
	return mica_parse_list(parse, read_denied, target);
}

static int read_otherwise(struct mica_parse *parse, void *target)
{
	static const char *const words[] = { "allow", "deny", NULL };
	struct mica_policy_mounts *mounts = target;
	unsigned word = 0;
	int r;

	mounts->otherwise_place = mica_yaml_place(&parse->yaml);
	r = mica_parse_word(parse, words, &word);
	mounts->otherwise = word ? MICA_VERDICT_DENY : MICA_VERDICT_ALLOW;
	return r;
}

int mica_parse_mounts(struct mica_parse *parse, void *target)
{
	static const struct mica_parse_key keys[] = {
		{ "allow", false, read_allow },
		{ "deny", false, read_deny },
		{ "otherwise", true, read_otherwise },
		{},
	};
	struct mica_policy_mounts *mounts = &((struct mica_policy *)target)->mounts;

	mounts->place = mica_yaml_place(&parse->yaml);
	return mica_parse_mapping(parse, "'mounts'", keys, mounts, NULL);
}

static int read_volume_name(struct mica_parse *parse, void *target)
{
	return mica_parse_glob(parse, MICA_GLOB_NAME, &((struct mica_policy_volume *)target)->volume);
}

static int read_who(struct mica_parse *parse, void *target)
{
	struct mica_policy_volume *volume = target;
	struct mica_policy_place place = mica_yaml_place(&parse->yaml);
	bool list = parse->yaml.event.type == YAML_SEQUENCE_START_EVENT;
	int r = mica_parse_list(parse, mica_parse_who_entry, &volume->who);

	/* An empty list means every subject in the tree, and nobody to a reader. */
	if (r == 0 && list && volume->who.count == 0)
		mica_parse_message(parse, place, "'who' is empty: leave it out for every subject of the policy");
	return r;
}

static int read_access(struct mica_parse *parse, void *target)
{
	static const char *const words[] = { "rw", "ro", NULL };
	struct mica_policy_volume *volume = target;
	unsigned word = 0;
	int r = mica_parse_word(parse, words, &word);

	volume->read_only = word == 1;
	return r;
}

static int read_volume(struct mica_parse *parse, void *target)
{
	static const struct mica_parse_key keys[] = {
		{ "volume", true, read_volume_name },
		{ "who", false, read_who },
		{ "access", true, read_access },
		{},
	};
	struct mica_policy *policy = target;
	struct mica_policy_place place = mica_yaml_place(&parse->yaml);
	struct mica_policy_volume *volume;

	if (policy->volume_count == MICA_POLICY_MAX_ENTRIES) {
		mica_parse_message(parse, place, "'volumes' has more than %d entries", MICA_POLICY_MAX_ENTRIES);
		return -EINVAL;
	}
	volume = mica_parse_append(&policy->volumes, &policy->volume_count, sizeof(*volume));
	if (!volume)
		return -ENOMEM;
	volume->place = place;
	return mica_parse_mapping(parse, "a volume", keys, volume, NULL);
}

int mica_parse_volumes(struct mica_parse *parse, void *target)
{
	return mica_parse_list(parse, read_volume, target);
}
