/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parts of policy/parse.c. What reads a value is called at its first event, and leaves at the one behind it. It
 * returns 0 also after it has added messages about the value, so that one run finds several errors; negative: reading
 * cannot go on (see policy/yaml.h).
 */
#ifndef MICA_POLICY_PARSE_INTERNAL_H
#define MICA_POLICY_PARSE_INTERNAL_H

#include "policy/glob.h"
#include "policy/parse.h"
#include "policy/yaml.h"

/** Keys of one mapping, at most: a bit for each. */
#define MICA_PARSE_MAX_KEYS 16

struct mica_parse {
	struct mica_yaml yaml;
	struct mica_policy_set *set;
	struct mica_policy_messages *messages;
	/** Name of the key whose value is read, for messages. */
	const char *key;
	/** The policy that is read. */
	struct mica_policy *policy;
};

struct mica_parse_key {
	const char *name;
	bool required;
	/** Reads the value into `target`, which the caller of mica_parse_mapping gave. */
	int (*read)(struct mica_parse *parse, void *target);
};

/** Where the keys of a mapping were, by their index in the table; line 0: not there. */
struct mica_parse_seen {
	struct mica_policy_place keys[MICA_PARSE_MAX_KEYS];
};

/**
 * Reads a mapping with the given keys (ends with a NULL name). `what` names it: "a rule". Unknown keys, keys that are
 * there twice and required ones that are not are told. ret_seen may be NULL.
 */
int mica_parse_mapping(struct mica_parse *parse, const char *what, const struct mica_parse_key *keys, void *target,
		       struct mica_parse_seen *ret_seen);

/** Reads a list, each entry by `read`. */
int mica_parse_list(struct mica_parse *parse, int (*read)(struct mica_parse *parse, void *target), void *target);

/** Reads a scalar that must be one of `words` (NULL-terminated); *ret is its index, untouched if it is none of them. */
int mica_parse_word(struct mica_parse *parse, const char *const *words, unsigned *ret);

/** Readers of struct mica_parse_key for targets of the given types. */
int mica_parse_boolean(struct mica_parse *parse, bool *ret);
/** A copy in the set; NULL is left if it is wrong. */
int mica_parse_name(struct mica_parse *parse, const char **ret, struct mica_policy_place *ret_place);
int mica_parse_glob(struct mica_parse *parse, enum mica_glob_kind kind, struct mica_policy_glob *ret);

/** True if the value is of this type; else a message says so ("'on' must be a string, not a list"). */
bool mica_parse_expect(struct mica_parse *parse, enum mica_yaml_type type, const char *type_text);

/** A zeroed item at the end of an array, which grows. `items` is the address of the pointer. NULL: -ENOMEM. */
void *mica_parse_append(void *items, size_t *count, size_t item_size);

/** Adds a message at a place of the file. */
#define mica_parse_message(parse, place, ...) \
	mica_policy_message((parse)->messages, (parse)->yaml.file, (place), __VA_ARGS__)

/* Sections of a policy; targets are struct mica_policy. */
int mica_parse_subjects(struct mica_parse *parse, void *policy);
int mica_parse_isolation(struct mica_parse *parse, void *policy);
int mica_parse_rules(struct mica_parse *parse, void *policy);
int mica_parse_mounts(struct mica_parse *parse, void *policy);
int mica_parse_volumes(struct mica_parse *parse, void *policy);

/** One subject of `who`, where `default` is no key; target is struct mica_policy_subjects. */
int mica_parse_who_entry(struct mica_parse *parse, void *subjects);

#endif
