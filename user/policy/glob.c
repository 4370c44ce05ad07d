// SPDX-License-Identifier: BSD-2-Clause
#include "policy/glob.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/** A glob under check. */
struct check {
	const char *text;
	size_t size;
	size_t offset;
	const char *why;
};

static int wrong(struct check *check, size_t offset, const char *why)
{
	check->offset = offset;
	check->why = why;
	return -EINVAL;
}

static void set_add(uint64_t set[static 4], uint8_t byte)
{
	set[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

/** A byte of a class, which a backslash may stand before. False: the class does not end. */
static bool class_byte(const char *text, size_t size, size_t *offset, uint8_t *ret)
{
	if (*offset < size && text[*offset] == '\\')
		++*offset;
	if (*offset >= size)
		return false;
	*ret = (uint8_t)text[(*offset)++];
	return true;
}

/**
 * Reads the class whose '[' is at *offset, and moves *offset behind its ']'. NULL, or what is wrong with it. A ']' that
 * comes first, and a '-' that comes first or last, stand for themselves.
 */
static const char *read_class(const char *text, size_t size, size_t *offset, uint64_t ret_set[static 4])
{
	size_t at = *offset + 1;
	bool negated = at < size && text[at] == '!';

	if (at < size && text[at] == '^')
		return "'[^' is not negation: write '[!', or '\\^' for the byte";
	at += negated;
	memset(ret_set, 0, 4 * sizeof(ret_set[0]));
	for (bool first = true; at < size && (text[at] != ']' || first); first = false) {
		uint8_t low, high;

		if (!class_byte(text, size, &at, &low))
			return "'[' without ']'";
		high = low;
		if (at + 1 < size && text[at] == '-' && text[at + 1] != ']') {
			at++;
			if (!class_byte(text, size, &at, &high))
				return "'[' without ']'";
		}
		if (high < low)
			return "a range of bytes that ends before it begins";
		if (low == '/' && high == '/' && !negated)
			return "a class never matches '/'";
		for (unsigned byte = low; byte <= high; byte++)
			set_add(ret_set, (uint8_t)byte);
	}
	if (at >= size)
		return "'[' without ']'";
	for (unsigned word = 0; negated && word < 4; word++)
		ret_set[word] = ~ret_set[word];
	ret_set['/' >> 6] &= ~(UINT64_C(1) << ('/' & 63));
	*offset = at + 1;
	return NULL;
}

/** Behind the byte, the escaped byte or the class at `offset`. For a glob that passed the check. */
static size_t skip(const char *text, size_t size, size_t offset)
{
	uint64_t set[4];

	if (text[offset] == '\\')
		return offset + 2;
	if (text[offset] != '[' || read_class(text, size, &offset, set) != NULL)
		return offset + 1;
	return offset;
}

/** The characters, without what the globs that braces stand for must fulfil. */
static int check_text(struct check *check)
{
	size_t braces[MICA_GLOB_MAX_NESTING], depth = 0, at = 0;
	const char *why, *text = check->text;
	uint64_t set[4];

	while (at < check->size) {
		switch (text[at]) {
		case '\\':
			if (at + 1 >= check->size)
				return wrong(check, at, "'\\' at the end");
			at += 2;
			continue;
		case '[':
			why = read_class(text, check->size, &at, set);
			if (why)
				return wrong(check, at, why);
			continue;
		case '{':
			if (depth == MICA_GLOB_MAX_NESTING)
				return wrong(check, at, "braces nested more than 8 deep");
			if (text[at + 1] == '}')
				return wrong(check, at, "empty braces");
			braces[depth++] = at;
			break;
		case '}':
			if (!depth--)
				return wrong(check, at, "'}' without '{'");
			break;
		case '*':
			if (strncmp(text + at, "***", 3) == 0)
				return wrong(check, at, "more than two stars");
			break;
		default:
			break;
		}
		at++;
	}
	return depth ? wrong(check, braces[depth - 1], "'{' without '}'") : 0;
}

static int check_alternative(const char *text, size_t size, void *userdata)
{
	struct check *check = userdata;

	(void)text;
	if (!size)
		return wrong(check, 0, "an alternative that is empty");
	if (size > MICA_GLOB_MAX_BYTES)
		return wrong(check, 0, "longer than 4096 bytes when its braces are expanded");
	return 0;
}

static int check_path_alternative(const char *text, size_t size, void *userdata)
{
	int r = check_alternative(text, size, userdata);

	if (r == 0 && text[0] != '/' && strncmp(text, "**", 2) != 0)
		return wrong(userdata, 0, "a path begins with '/' or '**'");
	return r;
}

int mica_glob_check(const char *text, enum mica_glob_kind kind, size_t *ret_offset, const char **ret_why)
{
	struct check check = { .text = text, .size = strlen(text) };
	int r;

	if (!check.size)
		r = wrong(&check, 0, "an empty glob");
	else if (check.size > MICA_GLOB_MAX_BYTES)
		r = wrong(&check, MICA_GLOB_MAX_BYTES, "longer than 4096 bytes");
	else
		r = check_text(&check);
	if (r == 0)
		r = mica_glob_expand(text, kind == MICA_GLOB_PATH ? check_path_alternative : check_alternative, &check);
	if (r == -E2BIG)
		r = wrong(&check, strcspn(text, "{"), "braces that stand for more than 256 globs");
	if (r == -EINVAL) {
		*ret_offset = check.offset;
		*ret_why = check.why;
	}
	return r;
}

size_t mica_glob_literal_prefix(const char *text, bool *ret_exact)
{
	size_t bytes = 0;

	while (*text && !strchr("*?[{", *text)) {
		if (*text == '\\')
			text++;
		text++;
		bytes++;
	}
	*ret_exact = !*text;
	return bytes;
}

bool mica_glob_next(const char *text, size_t size, size_t *offset, struct mica_glob_token *ret)
{
	size_t at = *offset;
	struct mica_glob_token token = { .kind = MICA_GLOB_BYTE };

	if (at >= size)
		return false;
	if (text[at] == '*') {
		while (*offset < size && text[*offset] == '*')
			++*offset;
		token.kind = *offset - at > 1 ? MICA_GLOB_ALL : MICA_GLOB_COMPONENT;
	} else if (text[at] == '?' || text[at] == '[') {
		token.kind = MICA_GLOB_ONE_OF;
		memset(token.set, 0xff, sizeof(token.set));
		token.set['/' >> 6] &= ~(UINT64_C(1) << ('/' & 63));
		if (text[at] == '?' || read_class(text, size, offset, token.set) != NULL)
			++*offset;
	} else if (text[at] == '/' && at + 2 < size && text[at + 1] == '*' && text[at + 2] == '*' &&
		   (at + 3 == size || text[at + 3] == '/')) {
		token.kind = MICA_GLOB_BELOW;
		*offset = at + 3;
	} else {
		if (text[at] == '\\' && at + 1 < size)
			at++;
		token.byte = (uint8_t)text[at];
		*offset = at + 1;
	}
	*ret = token;
	return true;
}

/** An expansion under way. */
struct expansion {
	mica_glob_take take;
	void *userdata;
	unsigned count;
};

/** Where the braces that open at `open` close; or the comma that ends the alternative which begins at `open` + 1. */
static size_t alternative_end(const char *text, size_t size, size_t open)
{
	unsigned depth = 0;

	for (size_t at = open + 1; at < size; at = skip(text, size, at)) {
		if (!depth && (text[at] == ',' || text[at] == '}'))
			return at;
		depth += text[at] == '{';
		depth -= text[at] == '}';
	}
	return size;
}

/* As deep as the glob has braces, at most half of its bytes. NOLINTNEXTLINE(misc-no-recursion) */
static int expand(struct expansion *expansion, const char *text, size_t size)
{
	_cleanup_free_ char *glob = NULL;
	size_t open = 0, close, end;
	int r = 0;

	while (open < size && text[open] != '{')
		open = skip(text, size, open);
	if (open >= size) {
		if (expansion->count++ == MICA_GLOB_MAX_ALTERNATIVES)
			return -E2BIG;
		return expansion->take(text, size, expansion->userdata);
	}
	close = open;
	do
		close = alternative_end(text, size, close);
	while (close < size && text[close] == ',');
	if (close >= size)
		return -EINVAL;
	glob = malloc(size + 1);
	if (!glob)
		return -ENOMEM;
	memcpy(glob, text, open);
	for (size_t begin = open; r == 0 && begin < close; begin = end) {
		size_t length;

		end = alternative_end(text, size, begin);
		length = end - begin - 1;
		memcpy(glob + open, text + begin + 1, length);
		memcpy(glob + open + length, text + close + 1, size - close - 1);
		length += open + size - close - 1;
		glob[length] = 0;
		r = expand(expansion, glob, length);
	}
	return r;
}

int mica_glob_expand(const char *text, mica_glob_take take, void *userdata)
{
	struct expansion expansion = { .take = take, .userdata = userdata };

	return expand(&expansion, text, strlen(text));
}
