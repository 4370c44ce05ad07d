/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The globs of a policy, over bytes. mica-policy(5) has the grammar:
 *
 *   *       any bytes but '/', also none          [a-z] [!a-z]   one byte but '/', of the class or not of it
 *   **      any bytes, also none                  {a,b}          stands for several globs, one for each alternative
 *   ?       one byte but '/'                      \              takes the next byte literally
 *
 * "/" "**" before a '/' or at the end matches as a whole, or nothing: "/a/" "**" matches /a and all below it, "/" "**"
 * "/x" matches /x at any depth. Braces are expanded first, as in a shell; the rest is read from the globs that they
 * stand for.
 *
 * Pure; nothing here but mica_glob_expand and mica_glob_match allocates.
 */
#ifndef MICA_POLICY_GLOB_H
#define MICA_POLICY_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of a glob: a path is no longer. */
#define MICA_GLOB_MAX_BYTES 4096
/** Braces within braces. */
#define MICA_GLOB_MAX_NESTING 8
/** Globs that one glob with braces stands for. */
#define MICA_GLOB_MAX_ALTERNATIVES 256

enum mica_glob_kind {
	/** Of an object's name or of a subject: any text. */
	MICA_GLOB_NAME,
	/** Of a path: begins with '/' or with two stars. */
	MICA_GLOB_PATH,
};

/** Checks a glob. 0; -EINVAL: *ret_why (a static phrase, "'[' without ']'") is wrong at byte *ret_offset. */
int mica_glob_check(const char *text, enum mica_glob_kind kind, size_t *ret_offset, const char **ret_why);

/**
 * Bytes that everything that matches begins with, as the glob spells them: up to its first metacharacter, a backslash
 * not counted. *ret_exact: there is none, so it matches only itself. For a glob that passed the check.
 */
size_t mica_glob_literal_prefix(const char *text, bool *ret_exact);

enum mica_glob_token_kind {
	/** Exactly one byte, `byte`. */
	MICA_GLOB_BYTE,
	/** One byte of `set`: '?' and classes. */
	MICA_GLOB_ONE_OF,
	/** '*' */
	MICA_GLOB_COMPONENT,
	/** Two stars. */
	MICA_GLOB_ALL,
	/** A slash and two stars, before a slash or at the end: '/' and any bytes, or nothing. */
	MICA_GLOB_BELOW,
};

struct mica_glob_token {
	enum mica_glob_token_kind kind;
	uint8_t byte;
	/** Bit n of word n / 64: byte n. */
	uint64_t set[4];
};

/**
 * Reads the token at `*offset` of a glob without braces (see mica_glob_expand) and moves *offset behind it. False: the
 * end. For a glob that passed the check.
 */
bool mica_glob_next(const char *text, size_t size, size_t *offset, struct mica_glob_token *ret);

/** Takes one of the globs that a glob stands for: no braces but escaped ones. Not 0: stop, and return that. */
typedef int (*mica_glob_take)(const char *text, size_t size, void *userdata);

/**
 * Gives each of the globs that `text` stands for, in its order; `text` itself if it has no braces. What `take`
 * returned, -ENOMEM, or -E2BIG: more than MICA_GLOB_MAX_ALTERNATIVES. For a glob that passed the check.
 */
int mica_glob_expand(const char *text, mica_glob_take take, void *userdata);

/** Whether a glob that passed the check matches a whole string: 1, 0, or -ENOMEM. For names; paths go by tables. */
int mica_glob_match(const char *glob, const char *text);

static inline bool mica_glob_set_has(const uint64_t set[4], uint8_t byte)
{
	return set[byte >> 6] >> (byte & 63) & 1;
}

#endif
