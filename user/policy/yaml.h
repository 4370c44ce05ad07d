/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A YAML stream as libyaml reads it, one event at a time, less what a policy has no use for: aliases, anchors, tags,
 * encodings but UTF-8, deep nesting. So what is read is never larger than what is written.
 *
 * Functions return 0, or a negative errno when reading cannot go on: -EINVAL (a message says why) or -ENOMEM.
 */
#ifndef MICA_POLICY_YAML_H
#define MICA_POLICY_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

#include "policy/message.h"

/** Lists and mappings within each other; a policy needs 5. */
#define MICA_YAML_MAX_DEPTH 16

/** Initialise with {}, then mica_yaml_open. */
struct mica_yaml {
	yaml_parser_t parser;
	/** The current one; its strings live until the next call of mica_yaml_next. */
	yaml_event_t event;
	bool opened;
	unsigned depth;
	const char *file;
	struct mica_policy_messages *messages;
};

#define _cleanup_yaml_ _cleanup_(mica_yaml_close)

/** The current event is then the start of the stream. All pointers are borrowed until mica_yaml_close. */
int mica_yaml_open(struct mica_yaml *yaml, const char *file, const char *text, size_t size,
		   struct mica_policy_messages *messages);
void mica_yaml_close(struct mica_yaml *yaml);

/** Goes to the next event. */
int mica_yaml_next(struct mica_yaml *yaml);

/** Goes behind the node (scalar, list, mapping) that begins with the current event. */
int mica_yaml_skip(struct mica_yaml *yaml);

/** Where the current event begins. */
struct mica_policy_place mica_yaml_place(const struct mica_yaml *yaml);

/** Where byte `offset` of the current event, a scalar, stands; where the scalar begins if escapes or several lines
 * hide that. */
struct mica_policy_place mica_yaml_place_in(const struct mica_yaml *yaml, size_t offset);

/** What the current event's node is by YAML 1.2's core schema. */
enum mica_yaml_type {
	MICA_YAML_NULL,
	MICA_YAML_BOOLEAN,
	/** Decimal, octal or hexadecimal. */
	MICA_YAML_INTEGER,
	MICA_YAML_FLOAT,
	MICA_YAML_STRING,
	MICA_YAML_LIST,
	MICA_YAML_MAPPING,
	_MICA_YAML_TYPE_MAX,
};
enum mica_yaml_type mica_yaml_type(const struct mica_yaml *yaml);

/** "nothing", "a boolean", "a list", … */
const char *mica_yaml_type_name(enum mica_yaml_type type);

/** Text of the current event, a scalar; with a NUL behind. */
static inline const char *mica_yaml_text(const struct mica_yaml *yaml)
{
	return (const char *)yaml->event.data.scalar.value;
}

static inline size_t mica_yaml_size(const struct mica_yaml *yaml)
{
	return yaml->event.data.scalar.length;
}

#endif
