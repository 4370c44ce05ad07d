// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kinds of values that all sections have.
 */
#include <errno.h>
#include <string.h>

#include "base/suggest.h"
#include "policy/parse_internal.h"

bool mica_parse_expect(struct mica_parse *parse, enum mica_yaml_type type, const char *type_text)
{
	enum mica_yaml_type is = mica_yaml_type(&parse->yaml);
	/* Quotes help where any string is right, not where it is a word of a list. */
	bool quote = strcmp(type_text, "a string") == 0 && is < MICA_YAML_STRING && is != MICA_YAML_NULL;

	if (is == type)
		return true;
	mica_parse_message(parse, mica_yaml_place(&parse->yaml), "'%s' must be %s, not %s%s", parse->key, type_text,
			   mica_yaml_type_name(is), quote ? ": put it in quotes" : "");
	return false;
}

void *mica_parse_append(void *items, size_t *count, size_t item_size)
{
	void *grown, **array = items;

	/* Full at each power of two. */
	if ((*count & (*count - 1)) == 0) {
		grown = reallocarray(*array, *count ? *count * 2 : 1, item_size);
		if (!grown)
			return NULL;
		*array = grown;
	}
	void *item = (char *)*array + (*count)++ * item_size;
	memset(item, 0, item_size);
	return item;
}

/** The index of the current key in `keys`; -1: unknown or there twice, which a message says. */
static int find_key(struct mica_parse *parse, const char *what, const struct mica_parse_key *keys,
		    struct mica_parse_seen *seen)
{
	const char *words[MICA_PARSE_MAX_KEYS + 1] = {};
	struct mica_policy_place place = mica_yaml_place(&parse->yaml);
	const char *text = mica_yaml_text(&parse->yaml);
	size_t size = mica_yaml_size(&parse->yaml);

	for (int i = 0; keys[i].name; i++) {
		words[i] = keys[i].name;
		if (strlen(keys[i].name) != size || memcmp(keys[i].name, text, size) != 0)
			continue;
		if (!seen->keys[i].line) {
			seen->keys[i] = place;
			return i;
		}
		mica_parse_message(parse, place, "'%s' is there twice; first at line %u, column %u", keys[i].name,
				   seen->keys[i].line, seen->keys[i].column);
		return -1;
	}
	mica_parse_message(parse, place, "%s has no key %s%s", what, mica_policy_quote(text, size).text,
			   mica_policy_hint(mica_suggest(text, words)).text);
	return -1;
}

static int read_entry(struct mica_parse *parse, const char *what, const struct mica_parse_key *keys, void *target,
		      struct mica_parse_seen *seen)
{
	int key = -1, r;

	if (parse->yaml.event.type == YAML_SCALAR_EVENT)
		key = find_key(parse, what, keys, seen);
	else
		mica_parse_message(parse, mica_yaml_place(&parse->yaml), "a key must be a word, not %s",
				   mica_yaml_type_name(mica_yaml_type(&parse->yaml)));
	r = mica_yaml_skip(&parse->yaml);
	if (r < 0)
		return r;
	if (key < 0)
		return mica_yaml_skip(&parse->yaml);
	parse->key = keys[key].name;
	return keys[key].read(parse, target);
}

int mica_parse_mapping(struct mica_parse *parse, const char *what, const struct mica_parse_key *keys, void *target,
		       struct mica_parse_seen *ret_seen)
{
	struct mica_policy_place place = mica_yaml_place(&parse->yaml);
	struct mica_parse_seen own, *seen = ret_seen ? ret_seen : &own;
	int r;

	*seen = (struct mica_parse_seen){};
	if (parse->yaml.event.type != YAML_MAPPING_START_EVENT) {
		mica_parse_message(parse, place, "%s must be a mapping, not %s", what,
				   mica_yaml_type_name(mica_yaml_type(&parse->yaml)));
		return mica_yaml_skip(&parse->yaml);
	}
	r = mica_yaml_next(&parse->yaml);
	while (r == 0 && parse->yaml.event.type != YAML_MAPPING_END_EVENT)
		r = read_entry(parse, what, keys, target, seen);
	if (r < 0)
		return r;
	for (int i = 0; keys[i].name; i++)
		if (keys[i].required && !seen->keys[i].line)
			mica_parse_message(parse, place, "%s needs the key '%s'", what, keys[i].name);
	return mica_yaml_next(&parse->yaml);
}

int mica_parse_list(struct mica_parse *parse, int (*read)(struct mica_parse *parse, void *target), void *target)
{
	const char *key = parse->key;
	int r;

	if (!mica_parse_expect(parse, MICA_YAML_LIST, "a list"))
		return mica_yaml_skip(&parse->yaml);
	r = mica_yaml_next(&parse->yaml);
	while (r == 0 && parse->yaml.event.type != YAML_SEQUENCE_END_EVENT) {
		parse->key = key;
		r = read(parse, target);
	}
	return r < 0 ? r : mica_yaml_next(&parse->yaml);
}

/** Tells that the current value is not one of the words. */
static void tell_words(struct mica_parse *parse, const char *const *words)
{
	_cleanup_buffer_ struct mica_buffer list = {};

	for (size_t i = 0; words[i]; i++)
		(void)mica_buffer_appendf(&list, "%s'%s'", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
	const char *string = mica_buffer_string(&list);
	if (mica_yaml_type(&parse->yaml) != MICA_YAML_STRING) {
		(void)mica_parse_expect(parse, MICA_YAML_STRING, string ? string : "");
		return;
	}
	const char *text = mica_yaml_text(&parse->yaml);
	mica_parse_message(parse, mica_yaml_place(&parse->yaml), "'%s' must be %s, not %s%s", parse->key,
			   string ? string : "", mica_policy_quote(text, mica_yaml_size(&parse->yaml)).text,
			   mica_policy_hint(mica_suggest(text, words)).text);
}

int mica_parse_word(struct mica_parse *parse, const char *const *words, unsigned *ret)
{
	for (unsigned i = 0; mica_yaml_type(&parse->yaml) == MICA_YAML_STRING && words[i]; i++) {
		if (strcmp(words[i], mica_yaml_text(&parse->yaml)) == 0) {
			*ret = i;
			return mica_yaml_next(&parse->yaml);
		}
	}
	tell_words(parse, words);
	return mica_yaml_skip(&parse->yaml);
}

int mica_parse_boolean(struct mica_parse *parse, bool *ret)
{
	if (mica_parse_expect(parse, MICA_YAML_BOOLEAN, "true or false"))
		*ret = mica_yaml_text(&parse->yaml)[0] == 't' || mica_yaml_text(&parse->yaml)[0] == 'T';
	return mica_yaml_skip(&parse->yaml);
}

int mica_parse_name(struct mica_parse *parse, const char **ret, struct mica_policy_place *ret_place)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	*ret_place = mica_yaml_place(&parse->yaml);
	if (!mica_parse_expect(parse, MICA_YAML_STRING, "a string"))
		return mica_yaml_skip(&parse->yaml);
	const char *text = mica_yaml_text(&parse->yaml);
	size_t size = mica_yaml_size(&parse->yaml), good = strspn(text, letters);

	if (size == 0)
		mica_parse_message(parse, *ret_place, "'%s' is empty", parse->key);
	else if (good < size)
		mica_parse_message(parse, mica_yaml_place_in(&parse->yaml, good),
				   "a name has letters, digits, '.', '_' and '-' only, unlike %s",
				   mica_policy_quote(text, size).text);
	else if (size > MICA_POLICY_MAX_NAME)
		mica_parse_message(parse, *ret_place, "a name has at most %d bytes, this one %zu", MICA_POLICY_MAX_NAME,
				   size);
	else
		*ret = mica_policy_set_string(parse->set, text, size);
	if (size && good == size && size <= MICA_POLICY_MAX_NAME && !*ret)
		return -ENOMEM;
	return mica_yaml_next(&parse->yaml);
}

/** 0: it is a glob; 1: it is not, as a message says. */
static int check_glob(struct mica_parse *parse, enum mica_glob_kind kind)
{
	const char *text = mica_yaml_text(&parse->yaml), *why;
	size_t size = mica_yaml_size(&parse->yaml), offset;

	if (size > MICA_POLICY_MAX_GLOB) {
		mica_parse_message(parse, mica_yaml_place(&parse->yaml), "a glob has at most %d bytes, this one %zu",
				   MICA_POLICY_MAX_GLOB, size);
		return 1;
	}
	if (mica_glob_check(text, kind, &offset, &why) < 0) {
		mica_parse_message(parse, mica_yaml_place_in(&parse->yaml, offset), "'%s' %s: %s", parse->key,
				   mica_policy_quote(text, size).text, why);
		return 1;
	}
	return 0;
}

int mica_parse_glob(struct mica_parse *parse, enum mica_glob_kind kind, struct mica_policy_glob *ret)
{
	struct mica_policy_place place = mica_yaml_place(&parse->yaml);

	if (!mica_parse_expect(parse, MICA_YAML_STRING, "a string") || check_glob(parse, kind) != 0)
		return mica_yaml_skip(&parse->yaml);
	ret->text = mica_policy_set_string(parse->set, mica_yaml_text(&parse->yaml), mica_yaml_size(&parse->yaml));
	if (!ret->text)
		return -ENOMEM;
	ret->place = place;
	return mica_yaml_next(&parse->yaml);
}
