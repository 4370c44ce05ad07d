// SPDX-License-Identifier: BSD-2-Clause
#include "policy/yaml.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

static struct mica_policy_place place_of(const yaml_mark_t *mark)
{
	return (struct mica_policy_place){ .line = (uint32_t)mark->line + 1, .column = (uint32_t)mark->column + 1 };
}

/** libyaml's own words, at the place that it names. */
static int syntax_error(struct mica_yaml *yaml)
{
	const yaml_parser_t *parser = &yaml->parser;
	struct mica_policy_place place = {};

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	/* The reader knows the byte only; the mark is where the scanner was, which is not far before it. */
	place = place_of(parser->error == YAML_READER_ERROR ? &parser->mark : &parser->problem_mark);
	mica_policy_message(yaml->messages, yaml->file, place, "not YAML: %s%s%s",
			    parser->problem ? parser->problem : "cannot be read", parser->context ? " " : "",
			    parser->context ? parser->context : "");
	return -EINVAL;
}

/** c-printable of YAML. libyaml refuses the others as well, but does not say where. */
static bool is_printable(uint32_t character)
{
	if (character < 0x20)
		return character == '\t' || character == '\n' || character == '\r';
	if (character >= 0x7f && character < 0xa0)
		return character == 0x85;
	return character != 0xfeff && character != 0xfffe && character != 0xffff;
}

/** What libyaml takes for the end of a line; a carriage return before a line feed is a part of it. */
static bool ends_line(uint32_t character, char next)
{
	return character == '\n' || (character == '\r' && next != '\n') || character == 0x85 || character == 0x2028 ||
	       character == 0x2029;
}

/** Refuses a file that is not UTF-8, or has characters that YAML has not, with the place of the first. */
static int check_encoding(struct mica_yaml *yaml, const char *text, size_t size)
{
	struct mica_policy_place place = { 1, 1 };
	uint32_t character = 0;

	for (size_t at = 0, length; at < size; at += length) {
		length = mica_utf8_decode(text + at, size - at, &character);
		if (!length) {
			mica_policy_message(yaml->messages, yaml->file, place, "not UTF-8");
			return -EINVAL;
		}
		if (character == 0) {
			mica_policy_message(yaml->messages, yaml->file, place,
					    "a NUL byte (UTF-8 is the only encoding)");
			return -EINVAL;
		}
		if (!is_printable(character)) {
			mica_policy_message(yaml->messages, yaml->file, place,
					    "not YAML: the character U+%04X; write it as an escape in double quotes",
					    character);
			return -EINVAL;
		}
		if (ends_line(character, at + length < size ? text[at + length] : '\0'))
			place = (struct mica_policy_place){ place.line + 1, 1 };
		else
			place.column++;
	}
	return 0;
}

int mica_yaml_open(struct mica_yaml *yaml, const char *file, const char *text, size_t size,
		   struct mica_policy_messages *messages)
{
	int r;

	yaml->file = file;
	yaml->messages = messages;
	/* libyaml takes the mark for a character once it was told the encoding. */
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		size -= 3;
	}
	r = check_encoding(yaml, text, size);
	if (r < 0)
		return r;
	if (!yaml_parser_initialize(&yaml->parser))
		return -ENOMEM;
	yaml->opened = true;
	yaml_parser_set_encoding(&yaml->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&yaml->parser, (const unsigned char *)text, size);
	return mica_yaml_next(yaml);
}

void mica_yaml_close(struct mica_yaml *yaml)
{
	if (!yaml->opened)
		return;
	yaml_event_delete(&yaml->event);
	yaml_parser_delete(&yaml->parser);
	yaml->opened = false;
}

struct mica_policy_place mica_yaml_place(const struct mica_yaml *yaml)
{
	return place_of(&yaml->event.start_mark);
}

struct mica_policy_place mica_yaml_place_in(const struct mica_yaml *yaml, size_t offset)
{
	const yaml_event_t *event = &yaml->event;
	struct mica_policy_place place = mica_yaml_place(yaml);
	size_t characters = mica_utf8_length(mica_yaml_text(yaml), mica_yaml_size(yaml));
	size_t quote = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;

	if (event->start_mark.line != event->end_mark.line ||
	    event->end_mark.column - event->start_mark.column != characters + 2 * quote)
		return place;
	place.column += (uint32_t)(quote + mica_utf8_length(mica_yaml_text(yaml), offset));
	return place;
}

static int refuse(struct mica_yaml *yaml, const char *what)
{
	mica_policy_message(yaml->messages, yaml->file, mica_yaml_place(yaml), "%s", what);
	return -EINVAL;
}

static int check_node(struct mica_yaml *yaml, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		return refuse(yaml, "anchors are not allowed in a policy");
	if (tag)
		return refuse(yaml, "tags are not allowed in a policy");
	return 0;
}

static int enter(struct mica_yaml *yaml)
{
	if (++yaml->depth <= MICA_YAML_MAX_DEPTH)
		return 0;
	mica_policy_message(yaml->messages, yaml->file, mica_yaml_place(yaml),
			    "lists and mappings within each other more than %d deep", MICA_YAML_MAX_DEPTH);
	return -EINVAL;
}

int mica_yaml_next(struct mica_yaml *yaml)
{
	yaml_event_t *event = &yaml->event;
	int r = 0;

	yaml_event_delete(event);
	if (!yaml_parser_parse(&yaml->parser, event))
		return syntax_error(yaml);
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return refuse(yaml, "aliases are not allowed in a policy");
	case YAML_SCALAR_EVENT:
		if (memchr(event->data.scalar.value, '\0', event->data.scalar.length))
			return refuse(yaml, "a NUL byte in a string");
		return check_node(yaml, event->data.scalar.anchor, event->data.scalar.tag);
	case YAML_SEQUENCE_START_EVENT:
		r = check_node(yaml, event->data.sequence_start.anchor, event->data.sequence_start.tag);
		return r < 0 ? r : enter(yaml);
	case YAML_MAPPING_START_EVENT:
		r = check_node(yaml, event->data.mapping_start.anchor, event->data.mapping_start.tag);
		return r < 0 ? r : enter(yaml);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		yaml->depth--;
		return 0;
	case YAML_DOCUMENT_START_EVENT:
		if (event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
			return refuse(yaml, "tags are not allowed in a policy");
		return 0;
	default:
		return 0;
	}
}

int mica_yaml_skip(struct mica_yaml *yaml)
{
	unsigned outside = yaml->depth;

	if (yaml->event.type == YAML_SEQUENCE_START_EVENT || yaml->event.type == YAML_MAPPING_START_EVENT) {
		outside--;
		while (yaml->depth > outside) {
			int r = mica_yaml_next(yaml);
			if (r < 0)
				return r;
		}
	}
	return mica_yaml_next(yaml);
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static bool all_of(const char *text, const char *set)
{
	return *text && text[strspn(text, set)] == '\0';
}

static enum mica_yaml_type number_type(const char *text)
{
	static const char *const specials[] = { ".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", NULL };
	const char *rest = text + (*text == '-' || *text == '+');

	if (all_of(rest, "0123456789"))
		return MICA_YAML_INTEGER;
	if (strncmp(text, "0x", 2) == 0 && all_of(text + 2, "0123456789abcdefABCDEF"))
		return MICA_YAML_INTEGER;
	if (strncmp(text, "0o", 2) == 0 && all_of(text + 2, "01234567"))
		return MICA_YAML_INTEGER;
	if (is_one_of(rest, specials))
		return MICA_YAML_FLOAT;
	/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
	size_t whole = strspn(rest, "0123456789"), fraction = 0;
	rest += whole;
	if (*rest == '.') {
		fraction = strspn(rest + 1, "0123456789");
		rest += 1 + fraction;
	}
	if (whole + fraction == 0)
		return MICA_YAML_STRING;
	if (*rest == 'e' || *rest == 'E') {
		rest += 1 + (rest[1] == '-' || rest[1] == '+');
		return all_of(rest, "0123456789") ? MICA_YAML_FLOAT : MICA_YAML_STRING;
	}
	return *rest == '\0' ? MICA_YAML_FLOAT : MICA_YAML_STRING;
}

enum mica_yaml_type mica_yaml_type(const struct mica_yaml *yaml)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const booleans[] = { "true", "True", "TRUE", "false", "False", "FALSE", NULL };
	const char *text;

	if (yaml->event.type == YAML_SEQUENCE_START_EVENT)
		return MICA_YAML_LIST;
	if (yaml->event.type == YAML_MAPPING_START_EVENT)
		return MICA_YAML_MAPPING;
	if (yaml->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return MICA_YAML_STRING;
	text = mica_yaml_text(yaml);
	if (is_one_of(text, nulls))
		return MICA_YAML_NULL;
	if (is_one_of(text, booleans))
		return MICA_YAML_BOOLEAN;
	return number_type(text);
}

const char *mica_yaml_type_name(enum mica_yaml_type type)
{
	static const char *const names[_MICA_YAML_TYPE_MAX] = {
		[MICA_YAML_NULL] = "nothing",      [MICA_YAML_BOOLEAN] = "a boolean", [MICA_YAML_INTEGER] = "a number",
		[MICA_YAML_FLOAT] = "a number",    [MICA_YAML_STRING] = "a string",   [MICA_YAML_LIST] = "a list",
		[MICA_YAML_MAPPING] = "a mapping",
	};
	return names[type];
}
